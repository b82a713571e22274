#include "command_line.hpp"
#include "commands.hpp"
#include "isolation.hpp"
#include "signals.hpp"
#include "style.hpp"

#include <clprobe/error.hpp>
#include <clprobe/runner.hpp>

#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <string>
#include <unistd.h>

namespace clprobe {
namespace {

/// A standard stream that is closed would lend its number to the next file that is opened, and what
/// is printed would go there. It is kept taken by a file on which reading, or writing, fails.
void hold_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
        if (::fcntl(stream, F_GETFD) < 0)
            ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// A folder of kernels that is not there would leave the built-in ones in use, unnoticed.
void check_kernel_folder() {
    const char *folder = std::getenv("CLPROBE_KERNEL_DIR");
    if (folder != nullptr && *folder != '\0' && !std::filesystem::is_directory(folder))
        throw InputError("CLPROBE_KERNEL_DIR names no folder: '" + std::string(folder) + "'");
}

int guarded(int argc, char **argv, const Registry &registry) {
    try {
        check_kernel_folder();
        return runner::run_command_line(argc, argv, registry);
    } catch (const InputError &error) {
        runner::say(error.what());
        return runner::exit_usage;
    } catch (const Cancelled &) {
        return runner::exit_interrupted();
    } catch (const std::exception &error) {
        runner::say(error.what());
        return runner::exit_failed;
    }
}

} // namespace

int run_main(int argc, char **argv, const Registry &registry) {
    hold_standard_streams();
    // PoCL's workers are not pinned otherwise, and the system then stacks them on one core for many
    // launches in a row: half the speed. Drivers read it with the first question to a platform.
    ::setenv("POCL_AFFINITY", "1", 0);
    if (argc > 1 && runner::is_child_command(argv[1]))
        return runner::run_as_child(argv[1], registry);
    const int status = guarded(argc, argv, registry);
    if (!std::cout.flush() && status == runner::exit_done) {
        runner::say("cannot write to standard output");
        return runner::exit_failed;
    }
    return status;
}

} // namespace clprobe
