#pragma once
#include "fuzz/properties.hpp"
#include "io/expectations.hpp"

namespace clprobe::fuzz {

/// A file is refused with an InputError, or has expectations that can be held against a report and
/// shown.
inline bool check_expectations(std::string_view text) {
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    device.device.name = "Mali-G52";
    for (const auto &[key, unit] :
         {std::pair{"compute_units", Unit::one}, std::pair{"fma.fp32.rate", Unit::flop_per_second},
          std::pair{"buffer.l1.latency", Unit::second}})
        device.probes.emplace_back().findings = {
            measured({key, unit, Better::none, {}}, 2, {1, 3})};
    std::vector<CheckedExpectation> results;
    try {
        results = check(report, read_expectations(text, "file.json"));
    } catch (const InputError &) {
        return false;
    }
    std::string shown = checked_text(results, {80, false, false});
    for (const CheckedExpectation &result : results)
        shown += to_text(to_json(result));
    shown += verdicts_text(results);
    const auto is_plain = [](char byte) { return byte == '\n' || byte >= ' ' || byte < 0; };
    require(std::ranges::all_of(shown, is_plain), "what is shown has no control characters");
    return true;
}

} // namespace clprobe::fuzz
