#pragma once
#include <clprobe/device.hpp>
#include <clprobe/report.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace clprobe {

/// A JSON value whose members keep the order that they were added in.
using Json = nlohmann::ordered_json;

/// The version of the report's format (docs/report-format.md), written into every report. Adding a
/// member raises the second number, anything that an old reader would get wrong the first.
inline constexpr std::string_view schema_version = "1.2.0";

/// The value as reports hold it: numbers in unscaled units, what is absent or empty left out. Throw
/// Error, naming the place, for what the readers below would refuse.
[[nodiscard]] Json to_json(const DeviceInfo &info);
[[nodiscard]] Json to_json(const Facts &facts);
[[nodiscard]] Json to_json(const ProbeRecord &record);
[[nodiscard]] Json to_json(const Report &report);

/// The value that `to_json` made this of, its doubles the same to the last bit. Members with other
/// names are passed over. Throw InputError, naming the place as a JSON pointer (RFC 6901), for a
/// missing member, a wrong type, and what contradicts itself; a report of another major schema
/// version is refused, one of a newer minor version read as far as it is known.
[[nodiscard]] DeviceInfo device_info_from_json(const Json &json);
[[nodiscard]] Facts facts_from_json(const Json &json);
[[nodiscard]] ProbeRecord probe_record_from_json(const Json &json);
[[nodiscard]] Report report_from_json(const Json &json);

/// The document as text that people can read and compare: a point, a finding or a build on a line
/// of its own. Bytes that are no UTF-8 become U+FFFD. Throws Error, naming the place, for a number
/// that is not finite.
[[nodiscard]] std::string to_text(const Json &json);

/// The same on one line, without the line's end.
[[nodiscard]] std::string to_line(const Json &json);

/// Reads a JSON document. Throws InputError, naming the place, where it is malformed or truncated,
/// nested deeper than 64 levels, or an object gives a member twice or has more than 1000.
[[nodiscard]] Json parse_json(std::string_view text);

} // namespace clprobe
