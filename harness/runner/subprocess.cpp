#include "console.hpp"
#include "isolation.hpp"
#include "measure/clock.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace clprobe::runner {
namespace {

constexpr int tick = 100; ///< ms
/// In seconds. A launch ends well within it, so a child that goes on longer after being asked to
/// stop hangs.
constexpr double grace = 5;
constexpr std::size_t most_output = 4000;
/// Reads at once: more than a pipe holds. A process that never stops writing must not hold us.
constexpr int most_reads = 64;

[[noreturn]] void fail(const char *doing) {
    throw Error(fmt::format("{}: {}", doing, std::strerror(errno)));
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool open() const { return number_ >= 0; }
    void close() {
        if (open())
            ::close(std::exchange(number_, -1));
    }

private:
    int number_;
};

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        fail("making a pipe");
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// Adds what there is to read; closes at the end.
void read_available(Descriptor &file, std::string &text) {
    std::array<char, 65536> part; // NOLINT: filled by read
    for (int i = 0; i < most_reads && file.open(); ++i) {
        const auto count = ::read(file.number(), part.data(), part.size());
        if (count > 0)
            text.append(part.data(), static_cast<std::size_t>(count));
        else if (count < 0 && errno == EAGAIN)
            return;
        else if (count == 0 || errno != EINTR)
            file.close();
    }
}

/// The environment of the task's process, "VARIABLE=value" each.
std::vector<std::string> environment_of(const ChildTask &task) {
    std::vector<std::string> all;
    for (char **entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const bool unwanted = std::ranges::any_of(task.without, [&](const std::string &beginning) {
            return text.starts_with(beginning);
        });
        if (!unwanted && !task.environment.contains(text.substr(0, text.find('='))))
            all.push_back(text);
    }
    for (const auto &[name, value] : task.environment)
        all.push_back(fmt::format("{}={}", name, value));
    return all;
}

pid_t spawn(const Descriptor &request, const Descriptor &output, const Descriptor &messages,
            const ChildTask &task) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, request.number(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output.number(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output.number(), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&files, messages.number(), message_descriptor);

    // Its own group, so that Ctrl-C reaches it through us only, and all that it starts can be
    // killed with it.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);

    const bool other = !task.program.empty();
    std::string name = other ? task.program.filename().string() : "clprobe";
    std::string argument(child_command);
    std::array<char *, 3> arguments = {name.data(), other ? nullptr : argument.data(), nullptr};
    std::vector<std::string> environment = environment_of(task);
    std::vector<char *> entries;
    for (std::string &entry : environment)
        entries.push_back(entry.data());
    entries.push_back(nullptr);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, other ? task.program.c_str() : "/proc/self/exe", &files,
                                    &attributes, arguments.data(), entries.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    errno = error;
    if (error != 0)
        fail("starting a child process");
    return child;
}

std::string last_lines(std::string_view output) {
    const auto last = output.find_last_not_of(" \n\t");
    return last == std::string_view::npos ? std::string()
                                          : fmt::format(": {}", output.substr(0, last + 1));
}

class Child {
public:
    Child(const ChildTask &task, const Send &on_message)
        : task_(task), on_message_(on_message), deadline_(steady_time() + task.seconds) {
        // In memory: a child that does not read cannot block us as it would by a pipe.
        const std::string text = task.request.dump();
        const Descriptor request(::memfd_create("request", MFD_CLOEXEC));
        if (!request.open() || ::pwrite(request.number(), text.data(), text.size(), 0) !=
                                   static_cast<ssize_t>(text.size()))
            fail("writing a request to a child process");
        id_ = spawn(request, output_.write, messages_.write, task);
        output_.write.close();
        messages_.write.close();
    }
    ~Child() { end_now(); }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    std::string run() {
        // Its end counts, not that of its pipes: what it started may keep them open.
        while (!ended() && in_time()) {
            wait_for_data();
            take_output();
            take_messages();
        }
        end_now();
        take_output();
        take_messages();
        return explanation();
    }

private:
    enum class Cause { itself, stop, time_limit }; ///< of its end

    static void wait_a_moment() { ::usleep(1000); }

    void wait_for_data() const {
        if (!messages_.read.open())
            return wait_a_moment(); // it is about to end
        std::array<pollfd, 2> files = {
            {{messages_.read.number(), POLLIN, 0}, {output_.read.number(), POLLIN, 0}}};
        ::poll(files.data(), files.size(), tick);
    }

    /// Whether it may go on. Passes on a request to stop.
    bool in_time() {
        if (task_.stop.stop_requested() && cause_ == Cause::itself) {
            cause_ = Cause::stop;
            deadline_ = std::min(deadline_, steady_time() + grace);
            ::kill(id_, SIGINT);
        }
        if (steady_time() < deadline_)
            return true;
        if (cause_ == Cause::itself)
            cause_ = Cause::time_limit;
        return false;
    }

    bool ended() {
        const pid_t found = id_ > 0 ? ::waitpid(id_, &status_, WNOHANG) : 0;
        if (found > 0 || (found < 0 && errno == ECHILD)) { // reaped where SIGCHLD is ignored
            ::kill(-id_, SIGKILL);                         // what it has left behind
            id_ = -1;
        }
        return id_ <= 0;
    }

    void end_now() {
        if (ended())
            return;
        ::kill(-id_, SIGKILL);
        const double limit = steady_time() + grace;
        while (!ended() && steady_time() < limit)
            wait_a_moment();
        if (id_ > 0)
            left_behind_ = fmt::format("process {} hangs in the kernel, where SIGKILL does not end "
                                       "it, and is left behind",
                                       std::exchange(id_, -1));
    }

    void take_output() {
        const std::size_t before = printed_.size();
        read_available(output_.read, printed_);
        if (task_.verbose)
            std::fwrite(printed_.data() + before, 1, printed_.size() - before, stderr);
        if (printed_.size() > most_output)
            printed_.erase(0, printed_.size() - most_output);
    }

    void take_messages() {
        const std::size_t searched = pending_.size();
        read_available(messages_.read, pending_);
        std::size_t start = 0;
        for (auto stop = pending_.find('\n', searched); stop != std::string::npos;
             stop = pending_.find('\n', start)) {
            on_message_(parse_json(std::string_view(pending_).substr(start, stop - start)));
            start = stop + 1;
        }
        pending_.erase(0, start);
    }

    [[nodiscard]] std::string explanation() const {
        if (!left_behind_.empty())
            say(left_behind_);
        const std::string left_behind = left_behind_.empty() ? "" : "; " + left_behind_;
        if (cause_ == Cause::time_limit)
            return fmt::format("did not end within {:.3g} s (killed){}", task_.seconds,
                               left_behind);
        if (cause_ == Cause::stop)
            return "interrupted" + left_behind;
        if (WIFSIGNALED(status_)) {
            const int signal = WTERMSIG(status_);
            const char *name = ::sigabbrev_np(signal); // none of a real-time signal
            return fmt::format(
                "{} ({}){}", signal == SIGKILL ? "was killed from outside" : "crashed",
                name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal),
                last_lines(printed_));
        }
        // What posix_spawn leaves where not even the program could be started.
        const bool never_started = WEXITSTATUS(status_) == 127 && printed_.empty();
        return fmt::format("ended without a result (exit status {}){}{}", WEXITSTATUS(status_),
                           last_lines(printed_),
                           never_started ? ": clprobe could not start itself again, as under an "
                                           "emulator; --no-isolate does without"
                                         : "");
    }

    const ChildTask &task_;
    const Send &on_message_;
    double deadline_; ///< by `steady_time`
    pid_t id_ = -1;
    Pipe messages_ = make_pipe();
    Pipe output_ = make_pipe();
    std::string pending_;
    Cause cause_ = Cause::itself;
    int status_ = 0;          ///< as waitpid gives it
    std::string printed_;     ///< the last of it, to stdout or stderr
    std::string left_behind_; ///< what is to be said of a process that could not be ended
};

} // namespace

std::filesystem::path program_beside(const std::string &name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / ("clprobe-" + name);
}

std::string run_child(const ChildTask &task, const Send &on_message) {
    return Child(task, on_message).run();
}

} // namespace clprobe::runner
