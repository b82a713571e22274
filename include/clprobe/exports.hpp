#pragma once
#include <clprobe/report.hpp>

#include <span>
#include <string>

// The findings of a report in the formats of other tools. All are pure functions of the report.
//
// Of a finding that is there twice the last counts. A number that no measurement has (not finite,
// or beyond 1e-30 to 1e30) is left out. Characters that a format has no way to hold become "?", in
// names "_"; what the text says is the report's, and escaped for the format.
namespace clprobe {

/// Bencher Metric Format (https://bencher.dev/bmf.json): what is plainly measured. A benchmark is
/// named "<slug>/<key>"; its measure is of one unit and one direction, so that a threshold on a
/// measure has one side: "latency" (in ns) and "throughput" (operations a second) as Bencher
/// defines them, else the unit with "-higher" or "-lower", "bytes-per-second-higher".
[[nodiscard]] std::string bencher_json(const Report &report);

/// The input of github-action-benchmark, in a file for each direction, as that tool takes them:
/// what is plainly measured and gets better by rising or by falling, named "<slug>/<key>". A unit
/// always has the same prefix (ns, GB/s), so that runs can be compared.
struct GithubActionFiles {
    std::string bigger_is_better;  ///< for `tool: customBiggerIsBetter`
    std::string smaller_is_better; ///< for `tool: customSmallerIsBetter`
};
[[nodiscard]] GithubActionFiles github_action_json(const Report &report);

/// The JSON of Google Benchmark, all times in ns, and `cpu_time` the same as `real_time`, which is
/// of the device. First the findings that are plainly measured times or rates, "<slug>/<key>", one
/// entry each; of a rate the time of 1e9 bytes or operations, with the rate beside it. Then each
/// measurement point that was timed in two or more blocks, "<slug>/<probe>/<series>/<axis>:<at>",
/// with a repetition a block, so that compare.py can test two runs against each other; a summary
/// has none of these.
[[nodiscard]] std::string google_benchmark_json(const Report &report);

/// OpenMetrics text 1.0, which readers of Prometheus' older text format understand as well: a
/// metric a unit, `clprobe_finding_bytes_per_second`, with the labels device (the slug), probe,
/// key, better and status (measured or suspect); the ends of the interval as
/// `clprobe_finding_low_...` and `..._high_...`. What has no value is
/// `clprobe_finding_without_value`, by status. No sample has a time of its own: that of the report
/// is a metric.
[[nodiscard]] std::string openmetrics_text(const Report &report);

/// All findings as CSV (RFC 4180), unscaled, a header first. A text that a spreadsheet would take
/// for a formula gets an apostrophe before it; numbers do not.
[[nodiscard]] std::string findings_csv(const Report &report);

/// What LAVA reads on the console of a test: a test set a device, a test case a finding; measured
/// is `pass`, suspect and inconclusive `unknown`, unsupported `skip`, failed `fail`. A unit always
/// has the same prefix, as LAVA keeps ten decimals.
[[nodiscard]] std::string lava_signals(const Report &report);

/// All findings as test cases of JUnit: what is plainly measured passed, with its value; what
/// failed, failed; the others are skipped, with the reason.
[[nodiscard]] std::string junit_xml(const Report &report);

/// A report with the name by which people know it.
struct NamedReport {
    std::string name;
    Report report;
};

/// What reports found, side by side, as Markdown: a table of the devices, then one a probe, with a
/// row a key and a column a device (its report's name, and its slug where the report has several).
/// A cell holds the value with its interval, "!" behind a suspect one; without a value "?" where it
/// is inconclusive, "-" unsupported, "x" failed; and nothing where it was not asked for.
[[nodiscard]] std::string side_by_side_markdown(std::span<const NamedReport> reports);

} // namespace clprobe
