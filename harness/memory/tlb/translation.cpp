#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/tlb/translation.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes::tlb {
namespace {

/// Over the number of pages, by how many bytes they are apart.
std::map<double, std::vector<CurvePoint>> spread_curves(const Dataset &data) {
    std::map<double, std::vector<CurvePoint>> curves;
    for (const auto &[row, times] : times_by_row<SpreadRow>(data.find(series::spread)))
        curves[static_cast<double>(row.stride)].push_back(
            {static_cast<double>(row.pages), slopes_by_block(times, Chase::hops)});
    return curves;
}

/// The medians of a curve that can only rise, joined by straight lines over log x.
class Joined {
public:
    explicit Joined(std::vector<CurvePoint> curve) {
        std::erase_if(curve, [](const CurvePoint &point) { return point.samples.empty(); });
        std::vector<double> medians;
        for (const CurvePoint &point : curve)
            medians.push_back(median(point.samples));
        medians = isotonic_fit(medians);
        for (std::size_t i = 0; i < curve.size(); ++i)
            places_[std::log(curve[i].x)] = medians[i];
    }
    [[nodiscard]] bool empty() const { return places_.empty(); }
    [[nodiscard]] double end() const { return std::exp(places_.rbegin()->first); }
    [[nodiscard]] double least() const { return places_.begin()->second; }
    [[nodiscard]] double at(double x) const {
        const auto behind = places_.lower_bound(std::log(x));
        if (behind == places_.end())
            return places_.rbegin()->second;
        if (behind == places_.begin())
            return behind->second;
        const auto before = std::prev(behind);
        const double share = (std::log(x) - before->first) / (behind->first - before->first);
        return before->second + share * (behind->second - before->second);
    }

private:
    std::map<double, double> places_;
};

} // namespace

Translation undoubted(std::vector<CurvePoint> curve) {
    std::erase_if(curve, [](const CurvePoint &point) {
        return point.samples.empty() || median(point.samples) <= 0;
    });
    return {curve, std::vector<double>(curve.size())};
}

std::map<double, Translation> translations(const Dataset &data) {
    const Joined reference(curve_over(data.find(series::packed), &PackedRow::lines, Chase::hops));
    const double lines = data.number_attribute(lines_a_page).value_or(1);
    const auto taken = [&](double pages) {
        return reference.at(pages * lines) - reference.least();
    };
    // A cache may fade a little sooner or later, and where its end is steep, that spoils the
    // difference; elsewhere a part of what was taken off is not believed.
    constexpr double near = 1.4;
    constexpr double bearable = 0.1;
    constexpr double wrong = 0.1;
    std::map<double, Translation> made;
    for (auto &[stride, curve] : spread_curves(data)) {
        Translation &translation = made[stride];
        for (CurvePoint &point : pooled(std::move(curve))) {
            if (point.samples.empty() || reference.empty() || point.x * lines > reference.end())
                continue;
            const double change = (taken(point.x * near) - taken(point.x / near)) / 2;
            for (double &sample : point.samples)
                sample -= taken(point.x);
            if (change > bearable * median(point.samples))
                continue;
            translation.doubts.push_back(std::max(change, wrong * taken(point.x)));
            translation.curve.push_back(std::move(point));
        }
    }
    return made;
}

Translation over_span(Translation translation, double stride) {
    for (CurvePoint &point : translation.curve)
        point.x *= stride;
    return translation;
}

} // namespace clprobe::probes::tlb
