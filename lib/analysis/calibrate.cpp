#include "analysis/compared_reports.hpp"
#include "model/text.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>
#include <string_view>

namespace clprobe {
namespace {

/// Which reports take part in a comparison, and which of them is the new one.
struct Replay {
    std::vector<std::size_t> bases;
    std::size_t now = 0;
};

/// All choices, where they are no more than that; else some by chance.
std::vector<Replay> replays(std::size_t reports, std::size_t bases, std::size_t most) {
    std::vector<Replay> all;
    std::vector<bool> chosen(reports);
    std::fill_n(chosen.begin(), bases, true);
    do {
        Replay replay;
        for (std::size_t i = 0; i < reports; ++i)
            if (chosen[i])
                replay.bases.push_back(i);
        for (replay.now = 0; replay.now < reports; ++replay.now)
            if (!chosen[replay.now])
                all.push_back(replay);
    } while (all.size() <= most && std::prev_permutation(chosen.begin(), chosen.end()));
    if (all.size() <= most)
        return all;
    std::mt19937_64 random; // the same for the same reports
    std::vector<std::size_t> order(reports);
    std::iota(order.begin(), order.end(), 0);
    all.resize(most);
    for (Replay &replay : all) {
        for (std::size_t i = 0; i <= bases; ++i)
            std::swap(order[i], order[i + random() % (reports - i)]);
        replay = {{order.begin(), order.begin() + static_cast<std::ptrdiff_t>(bases)},
                  order[bases]};
    }
    return all;
}

/// Counts how often something happens, over all replays and over those without each report.
class RateCounter {
public:
    explicit RateCounter(std::size_t reports) : without_(reports) {}

    void add(const Replay &replay, bool happens) {
        add(all_, happens);
        for (std::size_t i = 0; i < without_.size(); ++i)
            if (i != replay.now && std::ranges::find(replay.bases, i) == replay.bases.end())
                add(without_[i], happens);
    }
    [[nodiscard]] CalibratedRate rate() const {
        CalibratedRate rate = all_;
        std::vector<double> values;
        for (const CalibratedRate &each : without_)
            if (each.of > 0)
                values.push_back(each.value());
        const auto n = static_cast<double>(values.size());
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
        double squares = 0;
        for (const double value : values)
            squares += (value - mean) * (value - mean);
        rate.error = values.size() < 2 ? 0 : std::sqrt((n - 1) / n * squares);
        return rate;
    }

private:
    static void add(CalibratedRate &rate, bool happens) {
        rate.happened += happens ? 1 : 0;
        ++rate.of;
    }

    CalibratedRate all_;
    std::vector<CalibratedRate> without_;
};

const double narrow = std::log(1.05);

/// The half-width of the interval, as a logarithm.
double half_width(const LogEstimate &estimate) {
    return (estimate.error_better + estimate.error_worse) / 2 * errors_in_half_width;
}

/// The same of all reports that take part, in the mean of the squares.
double half_width(const ComparedFinding &finding) {
    double squares = std::pow(half_width(finding.now), 2);
    for (const LogEstimate &base : finding.bases)
        squares += std::pow(half_width(base), 2);
    return std::sqrt(squares / static_cast<double>(finding.bases.size() + 1));
}

class Calibrator {
public:
    Calibrator(std::span<const ReportedFindings> reports, std::size_t bases,
               const CompareOptions &options)
        : reports_(reports), options_(options), false_worse_(reports.size()),
          shifts_(reports.size()), slowed_5_(reports.size()), slowed_10_(reports.size()),
          slowed_3_(reports.size()) {
        row_.bases = bases;
    }

    CalibrationRow run() {
        constexpr std::size_t most = 2000;
        for (const Replay &replay : replays(reports_.size(), row_.bases, most))
            add(replay);
        row_.false_worse = false_worse_.rate();
        row_.common_shifts = shifts_.rate();
        row_.slowed_by_5_percent = slowed_5_.rate();
        row_.slowed_by_10_percent = slowed_10_.rate();
        row_.slowed_by_3_half_widths = slowed_3_.rate();
        row_.false_findings.assign(false_findings_.begin(), false_findings_.end());
        std::ranges::stable_sort(row_.false_findings, std::greater(),
                                 [](const auto &finding) { return finding.second; });
        return std::move(row_);
    }

private:
    void add(const Replay &replay) {
        std::vector<const ReportedFindings *> bases;
        for (const std::size_t base : replay.bases)
            bases.push_back(&reports_[base]);
        const std::vector<ComparedKey> keys = compared_keys(bases, reports_[replay.now]);
        const std::vector<ComparedFinding> findings = numbers_of(keys, row_.bases, options_);
        const JudgedFindings judged = judge(findings);
        bool any = false;
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (judged.changes[i].worse) {
                any = true;
                ++false_findings_[keys[i].key];
            }
        false_worse_.add(replay, any);
        shifts_.add(replay, judged.shift.has_value());
        // A few of the findings, others each time, suffice.
        constexpr std::size_t step = 13;
        for (std::size_t i = next_++ % step; i < findings.size(); i += step)
            slow_down(replay, findings, i);
    }

    void slow_down(const Replay &replay, std::vector<ComparedFinding> findings, std::size_t i) {
        const double width = half_width(findings[i]);
        if (!std::isfinite(width) || width == 0)
            return; // of a level without an end, or a count
        const double value = findings[i].now.value;
        const auto found = [&](double slower) {
            findings[i].now.value = value + slower;
            return judge(findings).changes[i].worse;
        };
        if (width <= narrow) {
            slowed_5_.add(replay, found(std::log(1.05)));
            slowed_10_.add(replay, found(std::log(1.1)));
        } else {
            slowed_3_.add(replay, found(3 * width));
        }
    }

    std::span<const ReportedFindings> reports_;
    const CompareOptions &options_;
    CalibrationRow row_;
    RateCounter false_worse_;
    RateCounter shifts_;
    RateCounter slowed_5_;
    RateCounter slowed_10_;
    RateCounter slowed_3_;
    std::map<std::string, std::size_t> false_findings_;
    std::size_t next_ = 0;
};

/// The device's record in each report, that has one.
std::vector<const DeviceRecord *> records_of(const DeviceInfo &device,
                                             std::span<const Report> reports) {
    std::vector<const DeviceRecord *> records;
    for (const Report &report : reports)
        for (const DeviceRecord &record : report.devices)
            if (record.device.slug == device.slug && record.device.name == device.name)
                records.push_back(&record);
    return records;
}

} // namespace

Calibration calibrate(std::span<const Report> reports, const CompareOptions &options) {
    constexpr std::size_t least = 3;
    if (reports.size() < least)
        throw InputError("a calibration replays reports of one device against each other, at least "
                         "three; ten tell much more");
    for (const DeviceRecord &device : reports.front().devices) {
        const std::vector<const DeviceRecord *> records = records_of(device.device, reports);
        if (records.size() < reports.size())
            continue;
        Calibration calibration;
        calibration.device = device.device;
        calibration.reports = reports.size();
        std::set<std::string_view> uuids;
        for (const DeviceRecord *record : records)
            uuids.insert(record->device.uuid);
        uuids.erase("");
        calibration.uuids = uuids.size();
        std::vector<ReportedFindings> findings;
        for (const DeviceRecord *record : records)
            findings.push_back(findings_of(*record));
        for (const auto &[key, finding] : findings.back())
            if (finding.estimate) {
                ++calibration.findings;
                calibration.wide += half_width(*finding.estimate) > narrow ? 1 : 0;
            }
        for (const std::size_t bases : {1u, 3u, 5u})
            if (bases < reports.size())
                calibration.rows.push_back(Calibrator(findings, bases, options).run());
        return calibration;
    }
    throw InputError("no device is in all of these reports: a calibration is of one");
}

} // namespace clprobe
