#pragma once
#include <clprobe/error.hpp>
#include <clprobe/series.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace clprobe {

/// The whole file, or all of standard input for "-"; of a gzip file the text that it holds. Throws
/// InputError, naming the file and the reason, where it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path &file);

/// What `read` makes of that file. An InputError of it is thrown on with the file's name in front.
template <typename Read>
auto naming_file(const std::filesystem::path &file, const Read &read) {
    try {
        return read();
    } catch (const InputError &error) {
        throw InputError("'" + file.string() + "': " + error.what());
    }
}

/// Writes the whole file or none of it: the text goes to a temporary file beside it, to the disk,
/// and then takes the file's name, as a gzip file where that ends in ".gz". "-" is standard output;
/// what is no regular file (a device, a pipe) is written directly. Links are followed, except one
/// that another user put into a sticky folder open to everybody, such as /tmp. Throws Error, naming
/// the file and the reason; a file that was there is then as it was.
void write_file(const std::filesystem::path &file, std::string_view text);

/// Writes the text to a new file, STEM-*.json in the folder for temporary files, whose name cannot
/// be foreseen and which its owner alone can read. Returns its path. Throws Error.
[[nodiscard]] std::filesystem::path write_temporary_file(const std::string &stem,
                                                         std::string_view text);

/// Throws Error where `write_file` would fail for a reason that shows beforehand: a folder that is
/// not there, no permission, a read-only disk, a link not to be followed. Changes nothing and
/// leaves nothing behind.
void ensure_writable(const std::filesystem::path &file);

/// The picture as a PGM file (netpbm's "P5"). Throws std::invalid_argument where the values do not
/// fill rows.
[[nodiscard]] std::string to_pgm(const Picture &picture);

} // namespace clprobe
