#pragma once
#include <clprobe/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Documents spoilt in structure, as bytes say: parts dropped, repeated, swapped, cut short, of
// another type, and numbers at the extremes.
namespace clprobe::fuzz {

/// Choices, one or two bytes each; zeros at the end.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    std::uint8_t next() {
        if (bytes_.empty())
            return 0;
        const auto byte = static_cast<std::uint8_t>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte;
    }
    bool flag() { return (next() & 1) != 0; }
    /// Below `count`, or 0.
    std::size_t index(std::size_t count) {
        const std::size_t chosen = count > 256 ? next() * std::size_t{256} + next() : next();
        return count == 0 ? 0 : chosen % count;
    }

private:
    std::string_view bytes_;
};

inline constexpr std::array extremes = {
    0.0,          -0.0, 1.0,  2.0,  -1.0,  0.5,   255.0, 65536.0, 2147483648.0,
    4294967295.0, 1e10, 1e18, 1e30, -1e30, 1e-30, 1e300, 1e-300,  9007199254740993.0,
    1e-9,         64.0};

inline constexpr std::array<std::string_view, 8> words = {"",  "trips",  "footprint",    "B",
                                                          "s", "failed", "verification", "none"};

inline Json other_value(Bytes &bytes) {
    switch (bytes.index(6)) {
    case 0:
        return nullptr;
    case 1:
        return bytes.flag();
    case 2:
        return words[bytes.index(words.size())];
    case 3:
        return Json::array();
    case 4:
        return Json::object();
    default:
        return extremes[bytes.index(extremes.size())];
    }
}

/// Some part below the value, or that itself.
inline Json &part_of(Json &json, Bytes &bytes) {
    Json *part = &json;
    while (part->is_structured() && !part->empty() && bytes.next() % 8 != 0) {
        auto child = part->begin();
        std::advance(child, static_cast<std::ptrdiff_t>(bytes.index(part->size())));
        part = &*child;
    }
    return *part;
}

/// Scales each number of it, to that at least.
inline void spoil_numbers(Json &json, double factor, double least) {
    if (json.is_number())
        json = std::clamp(json.get<double>() * factor, least, 1e308);
    else if (json.is_structured())
        for (Json &element : json)
            spoil_numbers(element, factor, least);
}

inline void spoil_array(Json &array, Bytes &bytes) {
    constexpr std::size_t most = 4000;
    auto &elements = array.get_ref<Json::array_t &>();
    const std::size_t at = bytes.index(elements.size());
    const std::size_t other = bytes.index(elements.size());
    switch (bytes.index(6)) {
    case 0:
        elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(at));
        break;
    case 1: // several of these
        for (std::size_t i = bytes.index(100) + 1; i > 0 && elements.size() < most; --i)
            elements.push_back(Json(elements[at]));
        break;
    case 2:
        std::swap(elements[at], elements[other]);
        break;
    case 3:
        elements.resize(at);
        break;
    case 4:
        elements[at] = Json(elements[other]);
        break;
    default:
        elements.erase(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

inline void spoil_part(Json &part, Bytes &bytes) {
    switch (bytes.index(4)) {
    case 0:
        part = other_value(bytes);
        return;
    case 1:
        spoil_numbers(part, extremes[bytes.index(extremes.size())],
                      extremes[bytes.index(extremes.size())]);
        return;
    case 2:
        if (part.is_number()) {
            part = extremes[bytes.index(extremes.size())];
            return;
        }
        [[fallthrough]];
    default:
        if (part.is_array() && !part.empty()) {
            spoil_array(part, bytes);
        } else if (part.is_object() && !part.empty()) {
            auto member = part.begin();
            std::advance(member, static_cast<std::ptrdiff_t>(bytes.index(part.size())));
            part.erase(member.key());
        } else {
            part = other_value(bytes);
        }
    }
}

/// A record of a probe, mostly its series, as long as there are bytes.
inline void spoil(Json &record, Bytes &bytes) {
    for (int times = 0; times < 20 && !bytes.empty(); ++times) {
        Json *whole = &record;
        if (bytes.next() % 4 != 0 && record.is_object() && record.contains("data") &&
            record["data"].is_object() && record["data"].contains("series"))
            whole = &record["data"]["series"];
        spoil_part(part_of(*whole, bytes), bytes);
    }
}

inline std::vector<std::string> parts_of(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t end = 0; end != std::string_view::npos;
         text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1)) {
        end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
    }
    return parts;
}

inline std::string joined(const std::vector<std::string> &parts, char separator) {
    std::string text;
    for (const std::string &part : parts)
        text += (text.empty() ? "" : std::string(1, separator)) + part;
    return text;
}

/// The lines of a CSV file and their cells.
inline std::string spoilt_lines(std::string_view text, Bytes &bytes) {
    std::vector<std::string> lines = parts_of(text, '\n');
    for (int times = 0; times < 20 && !bytes.empty() && !lines.empty(); ++times) {
        const std::size_t at = bytes.index(lines.size());
        std::vector<std::string> cells = parts_of(lines[at], ',');
        std::string &cell = cells[bytes.index(cells.size())];
        switch (bytes.index(6)) {
        case 0:
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
            continue;
        case 1:
            lines.insert(lines.end(), bytes.index(100), std::string(lines[at]));
            continue;
        case 2:
            std::swap(lines[at], lines[bytes.index(lines.size())]);
            continue;
        case 3:
            lines.resize(at);
            continue;
        case 4:
            cell = Json(extremes[bytes.index(extremes.size())]).dump();
            break;
        default:
            cell = words[bytes.index(words.size())];
        }
        lines[at] = joined(cells, ',');
    }
    return joined(lines, '\n');
}

} // namespace clprobe::fuzz
