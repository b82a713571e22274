#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What somebody claims or asks of a finding: a value with a tolerance, or at least one bound.
/// Numbers are unscaled, in the unit.
struct Expectation {
    std::string key;    ///< of the finding; `*` stands for any text, and then it is asked of each
    std::string claim;  ///< in words
    std::string source; ///< who says so, and where
    Unit unit = Unit::one;
    std::optional<double> value;
    double tolerance = 0; ///< of the value: 0.01 lets it be 1 % more or less
    std::optional<double> at_least;
    std::optional<double> at_most;

    bool operator==(const Expectation &) const = default;
};

/// The expectations of a file, which hold for the devices that its pattern names.
struct Expectations {
    std::string title;
    std::string device; ///< part of a device's name, in any case; `*` stands for any text
    std::vector<Expectation> expectations;

    bool operator==(const Expectations &) const = default;
};

/// What a report says of an expectation, by the finding's interval and not its value: `confirmed`
/// where the whole interval satisfies it, `refuted` where nothing of the interval does.
enum class ExpectationVerdict { confirmed, refuted, untestable };

/// "confirmed", "refuted", "untestable".
[[nodiscard]] std::string_view name(ExpectationVerdict verdict);

/// An expectation held against one finding of one device.
struct CheckedExpectation {
    std::string device; ///< its slug
    Expectation expectation;
    std::optional<Finding> finding; ///< absent where the device has none of this key
    ExpectationVerdict verdict = ExpectationVerdict::untestable;
    std::string reason; ///< why it is untestable

    bool operator==(const CheckedExpectation &) const = default;
};

/// The expectation as people read it: "at least 4.6 TB/s", "66.9 Tflop/s within 1 %", "64 B".
[[nodiscard]] std::string asked_text(const Expectation &expectation);

/// Whether the expectations are about this device.
[[nodiscard]] bool applies_to(const Expectations &expectations, const DeviceInfo &device);

/// Each expectation, in the order of the file, held against the findings of each device that it is
/// about: one result a finding whose key fits, or one without a finding where none does. Nothing
/// where it is about none of the devices. Throws InputError, naming the expectation, where its unit
/// is not the finding's.
[[nodiscard]] std::vector<CheckedExpectation> check(const Report &report,
                                                    const Expectations &expectations);

/// The same of several files, one after the other.
[[nodiscard]] std::vector<CheckedExpectation> check(const Report &report,
                                                    std::span<const Expectations> files);

/// The expectations that a file holds (docs/expectations.md). Throws InputError, naming the file,
/// the member and what is wrong with it.
[[nodiscard]] Expectations read_expectations(const std::filesystem::path &file);
/// Those of that text, which the file holds.
[[nodiscard]] Expectations read_expectations(std::string_view text,
                                             const std::filesystem::path &file);

/// The report that a file holds, or what `clprobe inspect --json` wrote as one: each number that a
/// compiler tells of a kernel is a finding `inspect.<probe>[.<variant>].<function>.<column>`, with
/// itself as its interval. Throws InputError, naming the file and what is wrong in it.
[[nodiscard]] Report read_report_or_inspection(const std::filesystem::path &file);

} // namespace clprobe
