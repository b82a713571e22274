#pragma once
#include <clprobe/expectations.hpp>

namespace clprobe::test {

inline Finding plain(const std::string &key, Interval interval) {
    return measured({key, Unit::one, Better::none, {}}, (interval.low + interval.high) / 2,
                    interval);
}

/// Of one device, "A test GPU".
inline Report report_with(std::vector<Finding> findings) {
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    device.device.slug = "gpu0-test";
    device.device.name = "A test GPU";
    device.probes.emplace_back().findings = std::move(findings);
    return report;
}

inline Expectation expectation(const std::string &key) {
    Expectation asked;
    asked.key = key;
    asked.claim = "as claimed";
    asked.source = "the datasheet";
    return asked;
}

inline Expectations about_all(std::vector<Expectation> expectations) {
    return {"a test", "*", std::move(expectations)};
}

} // namespace clprobe::test
