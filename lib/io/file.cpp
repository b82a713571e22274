#include "io/file.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <zlib.h>

namespace clprobe {
namespace {

using std::filesystem::path;

std::string reason(int error) {
    return std::generic_category().message(error);
}

[[noreturn]] void fail(const path &file, int error) {
    throw Error(fmt::format("cannot write '{}': {}", file.string(), reason(error)));
}

/// Owns a file descriptor; standard input and output are only borrowed.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor &operator=(Descriptor &&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int number() const { return number_; }
    /// False, with errno set, where the system found an error only now.
    bool close() {
        const int number = std::exchange(number_, -1);
        return number <= STDERR_FILENO || ::close(number) == 0;
    }

private:
    int number_;
};

std::optional<struct stat> status_of(const path &file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return std::nullopt;
    return status;
}

bool is_standard_output(const path &file) {
    return file == "-" || file == "/dev/stdout";
}

/// Devices and pipes are written where they are.
bool is_special(const path &file) {
    const auto status = status_of(file);
    return status && !S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode);
}

path folder_of(const path &file) {
    return file.has_parent_path() ? file.parent_path() : path(".");
}

/// Throws where the link may be a trap: put by another user into a sticky folder open to everybody.
/// The kernel's rule (protected_symlinks), which it does not apply to a name that is replaced.
void check_link(const path &file, const path &link, const struct stat &status) {
    const path folder = folder_of(link);
    const auto around = status_of(folder);
    constexpr mode_t open_to_everybody = S_ISVTX | S_IWOTH;
    if (around && (around->st_mode & open_to_everybody) == open_to_everybody &&
        status.st_uid != ::geteuid() && status.st_uid != around->st_uid)
        throw Error(fmt::format("cannot write '{}': the link '{}' was put into a folder open to "
                                "everybody by another user (number {}), and is not followed",
                                file.string(), link.string(), status.st_uid));
}

/// The file itself where `file` is a link to it: the link stays, and its target is replaced.
path target_of(const path &file) {
    path target = file;
    struct stat status {};
    for (int links = 0; ::lstat(target.c_str(), &status) == 0 && S_ISLNK(status.st_mode); ++links) {
        check_link(file, target, status);
        std::error_code error;
        const path next = folder_of(target) / std::filesystem::read_symlink(target, error);
        // One of /proc/self/fd names a pipe, which has no path.
        if (error || links == 40 || (status_of(target) && !status_of(next)))
            break;
        target = next;
    }
    return target;
}

/// Creates a file in the folder, under a name that nobody can foresee and nothing has; `file` is
/// what it is for.
std::pair<Descriptor, path> create_in(const path &folder, std::string_view before,
                                      std::string_view after, mode_t mode, const path &file) {
    std::random_device random;
    const path made = folder / fmt::format("{}{:08x}{:08x}{}", before, random(), random(), after);
    const int number =
        ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (number < 0)
        fail(file, errno);
    return {Descriptor(number), made};
}

std::pair<Descriptor, path> create_beside(const path &file) {
    return create_in(folder_of(file), ".clprobe-", ".tmp", 0666, file);
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void write_directly(const path &file, std::string_view text) {
    Descriptor out(is_standard_output(file) ? STDOUT_FILENO
                                            : ::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (out.number() < 0 || !write_all(out.number(), text) || !out.close())
        fail(file, errno);
}

void write_and_rename(const path &file, std::string_view text) {
    auto [out, temporary] = create_beside(file);
    if (const auto before = status_of(file))
        (void)::fchmod(out.number(), before->st_mode & 07777); // the name matters more
    if (write_all(out.number(), text) && ::fsync(out.number()) == 0 && out.close() &&
        ::rename(temporary.c_str(), file.c_str()) == 0)
        return;
    const int error = errno;
    ::unlink(temporary.c_str());
    fail(file, error);
}

/// Throws where a file that is there may not be replaced.
void check_replaceable(const path &file) {
    const auto status = status_of(file);
    if (status && S_ISDIR(status->st_mode))
        fail(file, EISDIR);
    if (status && ::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) != 0)
        fail(file, errno);
}

std::string bytes_of(const path &file) {
    Descriptor in(file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 1 << 16> buffer{};
    while (in.number() >= 0) {
        const ssize_t size = ::read(in.number(), buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size > 0)
            text.append(buffer.data(), static_cast<std::size_t>(size));
        else if (errno != EINTR)
            break;
    }
    throw InputError(fmt::format("cannot read '{}': {}", file.string(), reason(errno)));
}

void write_bytes(const path &file, std::string_view bytes) {
    const path target = is_standard_output(file) ? file : target_of(file);
    if (is_standard_output(file) || is_special(target))
        return write_directly(target, bytes);
    check_replaceable(target);
    write_and_rename(target, bytes);
}

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

/// The text that a gzip file holds. Throws Error where it is damaged, cut short, or holds more than
/// a gibibyte.
std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, gzip_window) != Z_OK)
        throw Error("zlib cannot be used");
    const std::unique_ptr<z_stream, int (*)(z_stream *)> owner(&stream, inflateEnd);
    std::string text;
    feed(stream, bytes);
    do { // files may be concatenated
        unpack_member(stream, text);
    } while (stream.avail_in > 0 && inflateReset(&stream) == Z_OK);
    return text;
}

/// The text as a gzip file, the same bytes for the same text.
std::string gzip(std::string_view text) {
    constexpr int memory_level = 9;
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw Error("zlib cannot be used");
    const std::unique_ptr<z_stream, int (*)(z_stream *)> owner(&stream, deflateEnd);
    std::string bytes;
    feed(stream, text);
    drain(stream, bytes, [](z_stream &s) { return deflate(&s, Z_FINISH); });
    return bytes;
}

} // namespace

std::string read_file(const path &file) {
    const std::string bytes = bytes_of(file);
    if (!bytes.starts_with("\x1f\x8b")) // gzip (RFC 1952)
        return bytes;
    try {
        return gunzip(bytes);
    } catch (const Error &error) {
        throw InputError(fmt::format("cannot read '{}': {}", file.string(), error.what()));
    }
}

void write_file(const path &file, std::string_view text) {
    if (file.extension() == ".gz")
        return write_bytes(file, gzip(text));
    write_bytes(file, text);
}

path write_temporary_file(const std::string &stem, std::string_view text) {
    std::error_code error;
    const path folder = std::filesystem::temp_directory_path(error);
    auto [out, file] = create_in(folder, stem + "-", ".json", 0600, folder / stem);
    if (write_all(out.number(), text) && out.close())
        return file;
    const int problem = errno;
    ::unlink(file.c_str());
    fail(file, problem);
}

void ensure_writable(const path &file) {
    if (is_standard_output(file))
        return;
    const path target = target_of(file);
    check_replaceable(target);
    if (!is_special(target))
        ::unlink(create_beside(target).second.c_str());
}

std::string to_pgm(const Picture &picture) {
    if (picture.width == 0 || picture.grey.empty() || picture.grey.size() % picture.width != 0)
        throw std::invalid_argument("a picture's values do not fill its rows");
    std::string text =
        fmt::format("P5\n{} {}\n255\n", picture.width, picture.grey.size() / picture.width);
    text.append(picture.grey.begin(), picture.grey.end());
    return text;
}

} // namespace clprobe
