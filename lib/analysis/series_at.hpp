#pragma once
#include "model/termination.hpp"
#include "model/text.hpp"

#include <clprobe/network.hpp>
#include <clprobe/report.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

// What series of a report hold, by the names of their axes.
namespace clprobe {

/// A point's coordinates by the axis's name.
class At {
public:
    At(const Series &series, const Point &point) : series_(series), point_(point) {}

    /// 0 where the series lacks that axis; the largest there is where the coordinate counts
    /// nothing.
    [[nodiscard]] std::uint64_t number(const std::string &axis) const {
        constexpr double most = std::uint64_t{1} << 53;
        for (std::size_t i = 0; i < series_.axes.size() && i < point_.at.size(); ++i)
            if (series_.axes[i].name == axis)
                return point_.at[i] >= 0 && point_.at[i] <= most
                           ? static_cast<std::uint64_t>(point_.at[i])
                           : std::numeric_limits<std::uint64_t>::max();
        return 0;
    }
    /// Of an axis whose coordinates have names; empty where the series lacks it.
    [[nodiscard]] std::string label(const std::string &axis) const {
        const Axis *found = pointer_to(series_.axes, axis, &Axis::name);
        const std::uint64_t at = number(axis);
        return found != nullptr && at < found->labels.size() ? found->labels[at] : "";
    }

private:
    const Series &series_;
    const Point &point_;
};

using VisitPoint = std::function<void(const At &, const Point &)>;

inline void for_each_point(const Dataset &data, const std::string &name, const VisitPoint &visit) {
    if (const Series *series = data.find(name))
        for (const Point &point : series->points)
            visit(At(*series, point), point);
}

/// What the device's record has of that probe, if that came to its end: else a result may have been
/// wrong, or the device was lost, and no time counts.
[[nodiscard]] inline const ProbeRecord *ended_well(const DeviceRecord &record,
                                                   const std::string &probe) {
    const auto *found = pointer_to(record.probes, probe, &ProbeRecord::probe);
    return found == nullptr || termination_of(found->data) ? nullptr : found;
}

/// Whether that run of `workloads/network` was asked for the network, which has no findings then.
[[nodiscard]] inline bool is_asked_for(const BatchedNetwork &network, const Dataset &data) {
    return data.text_attribute(std::string(asked_network)) == network.name();
}

/// The points of a series of `workloads/network` that are of that network.
inline void for_each_point_of(const BatchedNetwork &network, const Dataset &data,
                              const std::string &name, const VisitPoint &visit) {
    const std::string label =
        is_asked_for(network, data) ? std::string(asked_network) : network.name();
    for_each_point(data, name, [&](const At &at, const Point &point) {
        if (at.label("network") == label)
            visit(at, point);
    });
}

} // namespace clprobe
