#pragma once
#include <clprobe/expectations.hpp>
#include <clprobe/report.hpp>

#include <span>
#include <string>

namespace clprobe {

class Registry;

/// Whether this build holds the libraries that draw a page's charts
/// (docs/adr/0020-charts-of-pages.md).
[[nodiscard]] bool can_make_pages();

/// The reports as one HTML document that opens without a network: what each device is, the chip
/// drawn from its findings, its curves, and every finding; several devices stand side by side, in
/// the order of the reports, with `compare`'s verdicts where the last report and others are of one
/// device. The probes of the registry draw the curves of their own data. What is expected of a
/// device stands there with its verdict. A pure function of its arguments, which needs no OpenCL.
/// Throws Error where `can_make_pages` is false, InputError as `check` does.
[[nodiscard]] std::string page(std::span<const Report> reports, const Registry &registry,
                               std::span<const Expectations> expectations = {});

} // namespace clprobe
