#include "io/markup.hpp"
#include "io/page/page_data.hpp"
#include "io/page/page_files.hpp"
#include "model/text.hpp"
#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/page.hpp>

#include <fmt/format.h>

#include <map>

namespace clprobe {
namespace {

int digit_value(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/// A number in lower-case hex as base64.
std::string base64_of_hex(std::string_view hex) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    std::size_t bits = 0;
    int held = 0;
    for (const char digit : hex) {
        held = held << 4 | digit_value(digit);
        for (bits += 4; bits >= 6; bits -= 6)
            text += letters[static_cast<std::size_t>(held >> (bits - 6) & 63)];
        held &= 63;
    }
    if (bits > 0)
        text += letters[static_cast<std::size_t>(held << (6 - bits) & 63)];
    return text + std::string((4 - text.size() % 4) % 4, '=');
}

/// How a Content-Security-Policy names a script or a style sheet that it allows.
std::string allowed(std::string_view text) {
    return fmt::format("'sha256-{}'", base64_of_hex(sha256(text)));
}

/// JSON as it can stand in a script element: nothing in it looks like markup, or ends a line.
std::string script_safe(std::string json) {
    replace_all(json, "<", "\\u003c");
    replace_all(json, "\u2028", "\\u2028");
    replace_all(json, "\u2029", "\\u2029");
    return json;
}

/// The template with each "@name@" replaced by what `texts` has for it, once.
std::string filled(std::string_view form, const std::map<std::string, std::string> &texts) {
    std::string text;
    while (true) {
        const std::size_t begin = form.find('@');
        const std::size_t end = form.find('@', begin + 1);
        text += form.substr(0, begin);
        if (end == std::string_view::npos)
            return text;
        text += texts.at(std::string(form.substr(begin + 1, end - begin - 1)));
        form.remove_prefix(end + 1);
    }
}

} // namespace

bool can_make_pages() {
    return !page_files::libraries[0].empty();
}

std::string page(std::span<const Report> reports, const Registry &registry,
                 std::span<const Expectations> expectations) {
    if (!can_make_pages())
        throw Error("this build of clprobe has no libraries to draw charts with: ./bootstrap "
                    "downloads them, and clprobe built anew has them");
    const Json data = page_data(reports, registry, expectations);
    std::string title = "clprobe";
    for (const Json &device : data["devices"])
        title += ": " + device["name"].get<std::string>();
    std::string hashes;
    std::string scripts;
    const auto add_script = [&](std::string_view script) {
        hashes += ' ' + allowed(script);
        scripts += fmt::format("<script>{}</script>\n", script);
    };
    for (const std::string_view library : page_files::libraries)
        add_script(library);
    add_script(page_files::script);
    return filled(page_files::html, {{"title", xml_text(title)},
                                     {"script_hashes", hashes},
                                     {"style_hash", allowed(page_files::style)},
                                     {"style", std::string(page_files::style)},
                                     {"licence", std::string(page_files::licence)},
                                     {"data", script_safe(to_line(data))},
                                     {"scripts", scripts}});
}

} // namespace clprobe
