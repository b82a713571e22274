#pragma once

#include "support/process.hpp"
#include "support/scratch.hpp"

#include <clprobe/report.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clprobe::test {

/// The behaviour of a stub on which the audit of the clock passes, and a launch takes a microsecond
/// a trip.
inline const std::string sound = "execute,trip_ns=1000";

/// The command line of the program with these arguments.
[[nodiscard]] std::vector<std::string> program(const std::vector<std::string> &arguments);

/// Runs the program on the stub driver to its end. Requires that it ended by itself and that
/// nothing it wrote looks like a crash of its own.
[[nodiscard]] Outcome run_on_stub(const std::string &behaviour,
                                  const std::vector<std::string> &arguments,
                                  const Environment &more = {});

[[nodiscard]] std::string text_of(const std::string &file);
[[nodiscard]] Report report_of(const std::string &file);

/// The report of a `clprobe run` on the stub at the tiny profile, and how that run ended.
struct StubRun {
    Outcome outcome;
    Report report;
    std::string trace; ///< the calls that the driver got

    /// The record of that probe on the only device.
    [[nodiscard]] const ProbeRecord &record(const std::string &probe) const;
};
[[nodiscard]] StubRun report_on_stub(const std::string &behaviour,
                                     const std::vector<std::string> &arguments = {});

/// The finding of that key; requires that there is one.
[[nodiscard]] const Finding &finding(const ProbeRecord &record, std::string_view key);

/// Whether no finding of the record has a value.
[[nodiscard]] bool without_values(const ProbeRecord &record);

} // namespace clprobe::test
