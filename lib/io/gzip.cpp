#include "io/file.hpp"

#include <clprobe/error.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <zlib.h>

namespace clprobe {
namespace {

constexpr int gzip_window = 15 + 16; // of zlib: the largest window, in gzip's wrapping
constexpr std::size_t most_bytes = std::size_t{1} << 30;

/// zlib reads through a pointer to what it never changes.
void feed(z_stream &stream, std::string_view bytes) {
    if (bytes.size() > std::numeric_limits<uInt>::max())
        throw Error("more than 4 GiB cannot be packed or unpacked");
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
}

/// Lets `step` write all that it has, a buffer at a time, and returns its last answer.
template <typename Step>
int drain(z_stream &stream, std::string &to, Step step) {
    std::array<char, 1 << 16> buffer{};
    for (int answer = Z_OK;;) {
        stream.next_out = reinterpret_cast<Bytef *>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        answer = step(stream);
        to.append(buffer.data(), buffer.size() - stream.avail_out);
        if (answer != Z_OK || to.size() > most_bytes)
            return answer;
    }
}

/// The text of the gzip member that `stream` stands before.
void unpack_member(z_stream &stream, std::string &text) {
    const int answer = drain(stream, text, [](z_stream &s) { return inflate(&s, Z_NO_FLUSH); });
    if (text.size() > most_bytes)
        throw Error("the gzip file holds more than 1 GiB");
    if (answer == Z_BUF_ERROR)
        throw Error("the gzip file is cut short");
    if (answer != Z_STREAM_END)
        throw Error("the gzip file is damaged");
}

} // namespace

bool is_gzip(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b");
}

std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, gzip_window) != Z_OK)
        throw Error("zlib cannot be used");
    std::string text;
    try {
        feed(stream, bytes);
        do { // files may be concatenated
            unpack_member(stream, text);
        } while (stream.avail_in > 0 && inflateReset(&stream) == Z_OK);
    } catch (...) {
        inflateEnd(&stream);
        throw;
    }
    inflateEnd(&stream);
    return text;
}

std::string gzip(std::string_view text) {
    constexpr int memory_level = 9;
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw Error("zlib cannot be used");
    std::string bytes;
    feed(stream, text);
    drain(stream, bytes, [](z_stream &s) { return deflate(&s, Z_FINISH); });
    deflateEnd(&stream);
    return bytes;
}

} // namespace clprobe
