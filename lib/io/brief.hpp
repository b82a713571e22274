#pragma once
#include "io/terminal.hpp"

#include <clprobe/report.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace clprobe {

/// A device's probes one after the other, in few lines: a finding a line with its value, its mark,
/// and a few words where something is wrong. So that all probes together take some `most_lines` at
/// 100 columns, however many they are, findings of one family share a line. A value is shown once,
/// and so is a reason.
class BriefText {
public:
    static constexpr std::size_t most_lines = 74;

    /// Of so many probes. `fold` is false where each finding shall have a line of its own.
    BriefText(const TextStyle &style, std::size_t probes, bool fold = true)
        : style_(style), probes_left_(probes), fold_(fold) {}

    /// The lines of the next probe.
    [[nodiscard]] std::string add(const ProbeRecord &record);
    /// Which of the findings that were shown have another status by now, without their values.
    [[nodiscard]] std::string changed(const ProbeRecord &record);

private:
    [[nodiscard]] std::size_t allowance() const;

    TextStyle style_;
    std::size_t probes_left_;
    bool fold_;
    std::size_t lines_ = 0;
    std::set<std::string> told_;          ///< reasons
    std::map<std::string, Status> shown_; ///< by key
};

/// All that `clprobe run` shows by default: the probes of each device in brief, the line under
/// them, and the datasheet of each device.
[[nodiscard]] std::string run_text(const Report &report, const TextStyle &style);

} // namespace clprobe
