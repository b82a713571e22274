#include "inspect/code.hpp"

#include <clprobe/error.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace clprobe {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

/// What is in the file from where it stands.
std::string contents(std::FILE *file) {
    std::string text;
    std::array<char, 65536> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file))
        text.append(piece.data(), count);
    return text;
}

/// The process's streams, sent to a file for as long as this lives.
class Redirection {
public:
    explicit Redirection(int file) {
        flush();
        for (std::size_t i = 0; i < streams.size(); ++i) {
            originals_[i] = ::dup(streams[i]);
            ::dup2(file, streams[i]);
        }
    }
    Redirection(const Redirection &) = delete;
    Redirection &operator=(const Redirection &) = delete;
    ~Redirection() {
        flush();
        for (std::size_t i = 0; i < streams.size(); ++i) {
            ::dup2(originals_[i], streams[i]);
            ::close(originals_[i]);
        }
    }

private:
    static constexpr std::array streams = {STDOUT_FILENO, STDERR_FILENO};

    static void flush() {
        std::cout.flush();
        std::cerr.flush();
        std::fflush(nullptr); // what the driver's printf still holds
    }

    std::array<int, 2> originals_{};
};

} // namespace

std::string captured(const std::function<void()> &work) {
    const File file(std::tmpfile(), std::fclose);
    if (!file)
        throw Error("no temporary file can be made for what the driver prints");
    {
        const Redirection redirection(::fileno(file.get()));
        work();
    }
    std::rewind(file.get());
    return contents(file.get());
}

std::string output_of(const std::string &command, std::string_view bytes) {
    const File file(std::tmpfile(), std::fclose);
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
        std::fflush(file.get()) != 0)
        return {};
    const std::string name = "/dev/fd/" + std::to_string(::fileno(file.get()));
    const File pipe(::popen((command + " " + name + " 2>/dev/null").c_str(), "r"), ::pclose);
    return pipe ? contents(pipe.get()) : std::string();
}

} // namespace clprobe
