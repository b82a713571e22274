#pragma once
#include <clprobe/finding.hpp>

#include <cctype>
#include <string>
#include <string_view>

namespace clprobe {

/// Whether the pattern, in which `*` stands for any text, covers the whole name.
[[nodiscard]] inline bool fits_pattern(std::string_view pattern, std::string_view name) {
    // Only the last `*` is ever tried anew: what stands before it fits as early as it can.
    std::string_view behind_star;
    std::string_view left; // of the name, for the characters behind that star
    bool has_star = false;
    while (!name.empty()) {
        if (!pattern.empty() && pattern.front() == '*') {
            pattern.remove_prefix(1);
            has_star = true;
            behind_star = pattern;
            left = name;
        } else if (!pattern.empty() && pattern.front() == name.front()) {
            pattern.remove_prefix(1);
            name.remove_prefix(1);
        } else if (has_star) {
            left.remove_prefix(1);
            name = left;
            pattern = behind_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*') == std::string_view::npos;
}

/// Whether the text is the key that is listed, or a pattern that a key listed so can fit.
[[nodiscard]] inline bool names_key(std::string_view text, std::string_view listed) {
    if (text.find('*') == std::string_view::npos)
        return is_listed_as(text, listed);
    std::string pattern; // any number fits the <n> that is listed
    for (const char c : text)
        if (std::isdigit(static_cast<unsigned char>(c)) == 0)
            pattern += c;
        else if (!pattern.ends_with('*'))
            pattern += '*';
    return fits_pattern(pattern, listed);
}

} // namespace clprobe
