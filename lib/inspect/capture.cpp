#include "inspect/mesa.hpp"

#include <clprobe/error.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace clprobe {
namespace {

struct CloseFile {
    void operator()(std::FILE *file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

void flush_all() {
    std::cout.flush();
    std::cerr.flush();
    std::fflush(nullptr); // what the driver's printf still holds
}

/// One of the process's streams, sent to a file for as long as this lives.
class Redirected {
public:
    Redirected(int stream, int file) : stream_(stream), original_(::dup(stream)) {
        ::dup2(file, stream);
    }
    Redirected(const Redirected &) = delete;
    Redirected &operator=(const Redirected &) = delete;
    ~Redirected() {
        ::dup2(original_, stream_);
        ::close(original_);
    }

private:
    int stream_;
    int original_;
};

/// Flushes when it is made and when it goes, between streams' redirections and back.
struct Flush {
    Flush() { flush_all(); }
    Flush(const Flush &) = delete;
    Flush &operator=(const Flush &) = delete;
    ~Flush() { flush_all(); }
};

std::string contents(std::FILE *file) {
    std::rewind(file);
    std::string text;
    std::array<char, 65536> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file))
        text.append(piece.data(), count);
    return text;
}

} // namespace

std::string captured(const std::function<void()> &work) {
    const File file(std::tmpfile());
    if (!file)
        throw Error("no temporary file can be made for what the driver prints");
    flush_all();
    {
        const Redirected out(STDOUT_FILENO, ::fileno(file.get()));
        const Redirected err(STDERR_FILENO, ::fileno(file.get()));
        const Flush flush; // before the streams go back
        work();
    }
    return contents(file.get());
}

} // namespace clprobe
