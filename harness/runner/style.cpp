#include "style.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace clprobe::runner {
namespace {

constexpr std::size_t width_of_files = 100;

std::string_view variable(const char *name) {
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool is_terminal(int file) {
    return ::isatty(file) == 1 && !variable("TERM").empty() && variable("TERM") != "dumb";
}

std::size_t width_of(int file) {
    winsize size{};
    const bool known = ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : width_of_files;
}

/// The first of these that is set decides (POSIX, "Environment Variables").
bool locale_is_utf8() {
    for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"})
        if (const auto value = variable(name); !value.empty())
            return value.ends_with("UTF-8") || value.ends_with("utf8");
    return false;
}

} // namespace

TextStyle style_of_stdout() {
    return {width_of(STDOUT_FILENO), locale_is_utf8(),
            is_terminal(STDOUT_FILENO) && variable("NO_COLOR").empty()};
}

bool stderr_can_be_rewritten() {
    return is_terminal(STDERR_FILENO);
}

void say(std::string message) {
    std::ranges::replace_if(
        message,
        [](char letter) {
            return std::iscntrl(static_cast<unsigned char>(letter)) != 0 && letter != '\n' &&
                   letter != '\t';
        },
        '?');
    std::cerr << "clprobe: " << message << '\n';
}

} // namespace clprobe::runner
