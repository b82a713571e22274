#pragma once
#include <clprobe/device.hpp>
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clprobe {

/// What a comparison says of a finding: it got worse or better by more than chance and the minimum
/// effect, it is the same within that effect, or these reports do not decide it.
enum class Verdict { worse, better, same, undecided };
[[nodiscard]] std::string_view name(Verdict verdict);

struct CompareOptions {
    /// The least change that counts, 0.05 for 5 %. By default 5 %, with three bases and more 3 %.
    std::optional<double> min_effect;
    /// The same for some findings, by key as probes list them ("buffer.l<n>.latency").
    std::map<std::string, double> min_effects;
};

/// A finding of the new report, set against the bases that measured it.
struct FindingComparison {
    std::string probe;
    std::string key;
    Unit unit = Unit::one;
    Better better = Better::none;
    std::size_t bases = 0; ///< how many measured it
    double base = 0;       ///< the geometric mean of theirs
    double value = 0;      ///< the new one
    double ratio = 1;      ///< new over base
    Interval interval;  ///< of the ratio, 95 %; from 0, or to infinity, where a report knows no end
    double p_worse = 1; ///< of so large a change for the worse, where nothing changed
    double p_better = 1;
    double min_effect = 0;
    Verdict verdict = Verdict::undecided;
    std::string note; ///< what would decide it, where it is undecided
    /// What the bases differ by among themselves is more than their intervals say, and was counted.
    bool bases_differ = false;

    bool operator==(const FindingComparison &) const = default;
};

/// What has another status than before: a probe or one of its findings.
struct StatusChange {
    enum class Kind {
        fails,  ///< failed now, and in no base
        lost,   ///< measured in most bases, and not now; or at another level of the caches
        gained, ///< measured now, and in no base
    };
    Kind kind = Kind::lost;
    std::string probe;
    std::string key; ///< empty for the whole probe
    std::string reason;

    bool operator==(const StatusChange &) const = default;
};
[[nodiscard]] std::string_view name(StatusChange::Kind kind);

/// Most probes moved together: the machine or its clock, or all of the driver. The findings are
/// judged by what they moved beyond it.
struct CommonShift {
    double change = 0; ///< for the worse: 0.04 where all takes 4 % longer
    std::size_t probes = 0;
    std::size_t together = 0; ///< how many of them moved so
    bool confirmed = false;   ///< a second run showed it again

    bool operator==(const CommonShift &) const = default;
};

/// One device in the bases and in the new report.
struct DeviceComparison {
    DeviceInfo device; ///< as the new report has it
    std::size_t bases = 0;
    bool paired = false; ///< measured in turns, `bases` is the number of pairs
    /// What else is not as it was, a sentence each: driver, profile, clock, kernel texts.
    std::vector<std::string> differences;
    /// Why its "worse" is no more than a hint; empty where it counts.
    std::string advisory;
    std::optional<CommonShift> shift;
    std::size_t suspect = 0;    ///< findings of the new report that are suspect: not compared
    std::string suspect_reason; ///< of the first of them
    std::vector<FindingComparison> findings; ///< worse first, then better, undecided and same
    std::vector<StatusChange> changes;

    bool operator==(const DeviceComparison &) const = default;
};

struct Comparison {
    std::vector<DeviceComparison> devices;
    /// Devices that only one side has, a sentence each.
    std::vector<std::string> unmatched;

    [[nodiscard]] std::size_t count(Verdict verdict) const;
    [[nodiscard]] std::size_t count(StatusChange::Kind kind) const;
    /// Whether a finding is worse, on a device where that is more than a hint, or something fails
    /// that did not. `strict`: or anything is undecided or lost.
    [[nodiscard]] bool fails(bool strict = false) const;

    bool operator==(const Comparison &) const = default;
};

/// Compares the new report with one or several of the same device and says of each finding with a
/// direction whether it got worse. Of the findings of a device, in whatever number, one in twenty
/// comparisons at most calls something worse that is not (Benjamini and Hochberg 1995), as far as
/// the intervals hold. Pure. Throws InputError where there is no base, or no device that a base and
/// the new report both have.
[[nodiscard]] Comparison compare(std::span<const Report> bases, const Report &now,
                                 const CompareOptions &options = {});

/// The comparison after a second run of what it flagged: a finding stays worse where that run shows
/// it again by itself, and a common shift is confirmed or gone. Pure. `again` need hold no more
/// than the probes to confirm.
[[nodiscard]] Comparison confirm(Comparison comparison, std::span<const Report> bases,
                                 const Report &again, const CompareOptions &options = {});

/// The probes whose findings a second run should show again, by device's slug: those with a worse
/// finding, and all of a device where most moved together.
[[nodiscard]] std::vector<std::string> probes_to_confirm(const DeviceComparison &device);

/// As `compare`, of reports of one device each that were made in turns under two conditions, two
/// drivers say: the first of the bases beside the first new one, and so on. Drift of the machine
/// cancels in each pair, and what the pairs differ by is the noise. Throws InputError where there
/// are not as many bases, or fewer than two.
[[nodiscard]] Comparison compare_pairs(std::span<const Report> bases, std::span<const Report> now,
                                       const CompareOptions &options = {});

/// How often something happened, and how far that may be off: the standard error by leaving out one
/// report after the other, since the same few reports are in all comparisons.
struct CalibratedRate {
    std::size_t happened = 0;
    std::size_t of = 0;
    double error = 0;

    [[nodiscard]] double value() const {
        return of == 0 ? 0 : static_cast<double>(happened) / static_cast<double>(of);
    }
};

/// How comparisons with so many bases fare on reports of one device, none of which is worse.
struct CalibrationRow {
    std::size_t bases = 0;
    CalibratedRate false_worse;   ///< comparisons of whole reports that call something worse
    CalibratedRate common_shifts; ///< that see one
    /// Findings with a half-width of 5 % at most that are called worse when they are slowed.
    CalibratedRate slowed_by_5_percent;
    CalibratedRate slowed_by_10_percent;
    CalibratedRate slowed_by_3_half_widths; ///< wider findings
    /// Which findings were called worse, and in how many comparisons; most first.
    std::vector<std::pair<std::string, std::size_t>> false_findings;
};

struct Calibration {
    DeviceInfo device;
    std::size_t reports = 0;
    std::size_t uuids = 0;    ///< of the device in these: with more than one, several of one name
    std::size_t findings = 0; ///< of the last report that can be compared
    std::size_t wide = 0;     ///< of these, with a half-width above 5 %
    std::vector<CalibrationRow> rows; ///< for 1, 3 and 5 bases, as far as there are reports
};

/// Replays reports of one device against each other: all choices of bases and a new report, or as
/// many by chance as take a second or two. Pure; the same for the same reports. Throws InputError
/// for fewer than three reports, and where no device is in all.
[[nodiscard]] Calibration calibrate(std::span<const Report> reports,
                                    const CompareOptions &options = {});

} // namespace clprobe
