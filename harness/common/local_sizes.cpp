#include "common/local_sizes.hpp"
#include "measure/tuner.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace clprobe::probes {
namespace {

/// Whether one is the other, doubled or halved along one axis.
bool neighbours(const LocalSize &a, const LocalSize &b) {
    const auto steps = [](std::size_t from, std::size_t to) {
        return from == to ? 0 : from == 2 * to || to == 2 * from ? 1 : 2;
    };
    return steps(a.x, b.x) + steps(a.y, b.y) == 1;
}

/// The local sizes of one kernel.
class Sweep {
public:
    Sweep(Bench &bench, Series &grid, const SweptKernel &kernel, const int &block)
        : bench_(bench), grid_(grid), kernel_(kernel), block_(block),
          // What the driver says of the kernel is not asked: it is tried.
          sizes_(local_sizes(bench.device(), kernel.launch.range)),
          tuner_({.time = [this](const LocalSize &size) { return time(size); },
                  .time_again = [this](const LocalSize &size) { return sample(size); },
                  .time_left = [] { return true; }}) {}
    Sweep(const Sweep &) = delete;
    Sweep &operator=(const Sweep &) = delete;

    /// A size that is still to be tried, the least such of all first: sizes next to a good one come
    /// before all others, then the kernel that was tried least, then the better neighbour.
    struct Next {
        std::tuple<bool, std::size_t, double> order; ///< whether far, tries, slowness
        Sweep *sweep;
        LocalSize size;
    };
    void add_untried(std::vector<Next> &all) {
        constexpr double never = std::numeric_limits<double>::infinity();
        constexpr double good = 1.25; // times as long as the best, at most
        for (const LocalSize &size : sizes_) {
            if (tuner_.tried(size))
                continue;
            double slowness = never;
            for (const auto &[other, seconds] : tuner_.ranking())
                if (neighbours(size, other))
                    slowness = std::min(slowness, seconds / tuner_.ranking().front().seconds);
            if (slowness < never)
                all.push_back({{slowness > good, tuner_.tries(), slowness}, this, size});
        }
    }

    void try_out(const LocalSize &size) {
        if (std::ranges::find(sizes_, size) != sizes_.end())
            tuner_.try_out(size);
    }
    [[nodiscard]] Tuner<LocalSize> &tuner() { return tuner_; }
    [[nodiscard]] bool runs() const { return tuner_.best() != nullptr; }

    /// Records how many neighbours of the best size were not tried.
    [[nodiscard]] std::optional<SweptSize> best() const {
        const LocalSize *best = tuner_.best();
        if (best == nullptr)
            return std::nullopt;
        const auto untried = std::ranges::count_if(sizes_, [&](const LocalSize &size) {
            return !tuner_.tried(size) && neighbours(size, *best);
        });
        if (untried > 0)
            bench_.data().number_attributes[untried_entry(kernel_.at)] =
                static_cast<double>(untried);
        return SweptSize{*best, trips_.at(*best)};
    }

private:
    double time(const LocalSize &size) {
        const BoundLaunch launched = launch(size);
        bench_.launch(launched); // some drivers compile for each size
        if (usual_trips_ == 0) {
            usual_trips_ = std::min(bench_.calibrate(launched), kernel_.most_trips);
            if (grid_.points.empty()) // the first of all
                bench_.warm_up(launched, usual_trips_);
        }
        // A bad size can be a hundred times slower than a good one.
        const std::uint32_t few = std::max(1u, usual_trips_ / 16);
        const double seconds = bench_.launch(launched, few);
        const double wanted = few * bench_.bounds().target / std::max(seconds, 1e-9);
        trips_[size] = static_cast<std::uint32_t>(std::clamp<double>(wanted, 1, usual_trips_));
        return sample(size);
    }

    double sample(const LocalSize &size) {
        const std::uint32_t trips = trips_.at(size);
        const double seconds = bench_.launch(launch(size), trips);
        std::vector<double> at = kernel_.at;
        std::ranges::copy(coordinates(size), std::back_inserter(at));
        at.push_back(trips);
        Point &point = grid_.point(at);
        point.samples.push_back(seconds);
        point.block.push_back(block_);
        return seconds / trips;
    }

    [[nodiscard]] BoundLaunch launch(const LocalSize &size) const {
        BoundLaunch launch = kernel_.launch;
        launch.range = with_local_size(launch.range, size);
        return launch;
    }

    Bench &bench_;
    Series &grid_;
    const SweptKernel &kernel_;
    const int &block_;
    std::vector<LocalSize> sizes_;
    Tuner<LocalSize> tuner_;
    std::uint32_t usual_trips_ = 0; ///< of a launch of the usual length, at a good size
    std::map<LocalSize, std::uint32_t> trips_;
};

} // namespace

std::string name(const LocalSize &size) {
    return fmt::format("{} x {}", size.x, size.y);
}

std::vector<LocalSize> local_sizes(const DeviceInfo &device, const NdRange &range) {
    constexpr std::size_t longest_side = 256;
    const auto most = most_work_items(device);
    const std::size_t most_x = std::min({longest_side, largest_group(device, 0), range.global[0]});
    const std::size_t most_y = std::min({longest_side, largest_group(device, 1), range.global[1]});
    std::vector<LocalSize> sizes;
    for (std::size_t y = 1; y <= most_y && range.global[1] % y == 0; y *= 2)
        for (std::size_t x = 1; x <= most_x && range.global[0] % x == 0 && x * y <= most; x *= 2)
            sizes.push_back({x, y});
    return sizes;
}

NdRange with_local_size(const NdRange &range, const LocalSize &size) {
    return {range.global, {size.x, size.y, 1}, 2};
}

std::string untried_entry(const std::vector<double> &at) {
    return fmt::format("untried_local_sizes.{}", fmt::join(at, "."));
}

void check_local_size(Finding &finding, const Dataset &data, const std::vector<double> &at) {
    if (const auto untried = data.number_attribute(untried_entry(at)))
        make_suspect(finding,
                     fmt::format("time ran out before {:.0f} {} of its local size {} tried: one "
                                 "may be faster",
                                 *untried, *untried == 1 ? "neighbour" : "neighbours",
                                 *untried == 1 ? "was" : "were"));
}

HeatMap local_size_map(const std::vector<LocalSizeTime> &times, std::string title, Axis rate,
                       double work) {
    const std::vector<Axis> sides = axes<LocalSize>();
    HeatMap map{std::move(title), sides[0], sides[1], std::move(rate), {}};
    for (const auto &[size, seconds_per_trip] : times)
        map.points.push_back(
            {static_cast<double>(size.x), static_cast<double>(size.y), work / seconds_per_trip});
    return map;
}

std::vector<std::optional<SweptSize>> sweep_local_sizes(Bench &bench, Series &grid,
                                                        const std::vector<SweptKernel> &kernels,
                                                        double reserve) {
    const double for_the_best = 0.2 * std::max(0.0, bench.remaining() - reserve);
    const auto time_left = [&](double but) { return !bench.tiny() && bench.remaining() > but; };
    int block = 0;
    std::deque<Sweep> sweeps;
    for (const SweptKernel &kernel : kernels)
        sweeps.emplace_back(bench, grid, kernel, block);

    for (const LocalSize seed : {LocalSize{16, 4}, LocalSize{4, 64}, LocalSize{64, 1},
                                 LocalSize{4, 4}, LocalSize{256, 1}, LocalSize{1, 1}}) {
        // Each kernel is to have a size, however long drivers took to build it.
        for (Sweep &sweep : sweeps)
            if (!sweep.runs() || time_left(reserve + for_the_best))
                sweep.try_out(seed);
        ++block;
    }
    // One size refused is an answer; where all are, it is not the sizes.
    for (Sweep &sweep : sweeps)
        if (!sweep.tuner().failures().empty() && std::ranges::none_of(sweeps, &Sweep::runs))
            std::rethrow_exception(sweep.tuner().failures().back().error);

    while (time_left(reserve + for_the_best)) {
        std::vector<Sweep::Next> untried;
        for (Sweep &sweep : sweeps)
            sweep.add_untried(untried);
        if (untried.empty())
            break;
        const Sweep::Next next = *std::ranges::min_element(untried, {}, &Sweep::Next::order);
        next.sweep->try_out(next.size);
    }
    for (std::size_t among = 16; among >= 2; among /= 2) {
        ++block;
        for (Sweep &sweep : sweeps)
            sweep.tuner().compare(among, [&] { return time_left(reserve); });
    }
    std::vector<std::optional<SweptSize>> sizes;
    for (Sweep &sweep : sweeps) {
        record_failures(bench.data(), grid.name, sweep.tuner());
        sizes.push_back(sweep.best());
    }
    return sizes;
}

} // namespace clprobe::probes
