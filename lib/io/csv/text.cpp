#include "io/csv/text.hpp"

#include <algorithm>
#include <cstdint>

namespace clprobe {
namespace {

constexpr std::uint32_t replacement = 0xfffd; ///< for what is no character

/// A code of up to 16 bits.
void append_utf8(std::string &text, std::uint32_t code) {
    const auto tail = [&](unsigned shift) {
        text += static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
    };
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xc0U | (code >> 6U));
        tail(0);
    } else {
        text += static_cast<char>(0xe0U | (code >> 12U));
        tail(6);
        tail(0);
    }
}

/// Of UTF-16 without its mark; characters beyond 16 bits, which no header needs, are replaced.
std::string utf8_of(std::string_view text, bool low_byte_first) {
    std::string utf8;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const std::uint32_t first = static_cast<unsigned char>(text[i]);
        const std::uint32_t second = static_cast<unsigned char>(text[i + 1]);
        const std::uint32_t code = low_byte_first ? first | (second << 8U) : second | (first << 8U);
        append_utf8(utf8, code >= 0xd800 && code < 0xe000 ? replacement : code);
    }
    return utf8;
}

} // namespace

std::string plain_text(std::string_view text) {
    const bool low_byte_first = text.starts_with("\xff\xfe");
    std::string plain = low_byte_first || text.starts_with("\xfe\xff")
                            ? utf8_of(text.substr(2), low_byte_first)
                            : std::string(text);
    if (plain.find('\n') == std::string::npos)
        std::ranges::replace(plain, '\r', '\n');
    if (const std::size_t start = plain.starts_with("\xef\xbb\xbf") ? 3 : 0;
        plain.compare(start, 4, "sep=") == 0)
        plain[start] = '#';
    return plain;
}

} // namespace clprobe
