#pragma once
#include <clprobe/expectations.hpp>
#include <clprobe/json.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <span>
#include <string>
#include <string_view>

namespace clprobe {

/// A foreign text as a page's data hold it: on one line, nothing in it that cannot be printed.
[[nodiscard]] std::string page_text(std::string_view text);

/// What a page shows of the reports, as the scripts of this folder read it: of each device what it
/// is, its findings, and the curves, maps and tunings of its probes, thinned to what a picture can
/// show. Findings are referred to by their place in the device's list. Texts hold nothing that
/// cannot be printed, but are no markup: escape them for the document that they become part of.
[[nodiscard]] Json page_data(std::span<const Report> reports, const Registry &registry,
                             std::span<const Expectations> expectations = {});

/// What comparing the last report with those before it says of each device that it shares with
/// them, by the device's place among all: a part of the above.
[[nodiscard]] Json page_verdicts(std::span<const Report> reports);

} // namespace clprobe
