#include "common/local_sizes.hpp"
#include "measure/tuner.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <tuple>

namespace clprobe::probes {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double good = 1.25; ///< times as long as the best, at most

/// Whether one is the other, doubled or halved along one axis.
bool neighbours(const LocalSize &a, const LocalSize &b) {
    const auto steps = [](std::size_t from, std::size_t to) {
        return from == to ? 0 : from == 2 * to || to == 2 * from ? 1 : 2;
    };
    return steps(a.x, b.x) + steps(a.y, b.y) == 1;
}

/// One kernel with all its local sizes.
class Row {
public:
    Row(Bench &bench, Series &grid, const SweptKernel &kernel, const int &block, bool first)
        : bench_(bench), grid_(grid), kernel_(kernel), block_(block), first_(first),
          // What the driver says of the kernel is not asked: it is tried.
          sizes_(local_sizes(bench.device(), kernel.launch.range)),
          tuner_({.time = [this](const LocalSize &size) { return time(size); },
                  .time_again = [this](const LocalSize &size) { return sample(size); },
                  .time_left = [] { return true; }}) {}
    Row(const Row &) = delete;
    Row &operator=(const Row &) = delete;

    /// A size that is still to be tried, the least such of all first: sizes next to a good one come
    /// before all others, then the kernel that was tried least, then the better neighbour.
    struct Next {
        bool far = true;
        std::size_t tries = 0;
        double slowness = never;
        Row *row = nullptr;
        LocalSize size = {};

        bool operator<(const Next &other) const {
            return std::tie(far, tries, slowness) <
                   std::tie(other.far, other.tries, other.slowness);
        }
    };
    [[nodiscard]] std::vector<Next> untried();

    void try_out(const LocalSize &size) {
        if (std::ranges::find(sizes_, size) != sizes_.end())
            tuner_.try_out(size);
    }
    [[nodiscard]] Tuner<LocalSize> &tuner() { return tuner_; }
    [[nodiscard]] bool runs() const { return tuner_.best() != nullptr; }
    /// Records how many neighbours of the best size were not tried.
    [[nodiscard]] std::optional<SweptSize> best() const;

private:
    double time(const LocalSize &size);
    double sample(const LocalSize &size);
    [[nodiscard]] BoundLaunch launch(const LocalSize &size) const {
        BoundLaunch launch = kernel_.launch;
        launch.range = with_local_size(launch.range, size);
        return launch;
    }

    Bench &bench_;
    Series &grid_;
    const SweptKernel &kernel_;
    const int &block_;
    bool first_; ///< of all, which warms up
    std::vector<LocalSize> sizes_;
    Tuner<LocalSize> tuner_;
    std::uint32_t usual_trips_ = 0; ///< of a launch of the usual length, at a good size
    std::map<LocalSize, std::uint32_t> trips_;
};

double Row::sample(const LocalSize &size) {
    const std::uint32_t trips = trips_.at(size);
    const double seconds = bench_.launch(launch(size), trips);
    std::vector<double> at = kernel_.at;
    at.insert(at.end(), {static_cast<double>(size.x), static_cast<double>(size.y),
                         static_cast<double>(trips)});
    Point &point = grid_.point(at);
    point.samples.push_back(seconds);
    point.block.push_back(block_);
    return seconds / trips;
}

double Row::time(const LocalSize &size) {
    const BoundLaunch launched = launch(size);
    bench_.launch(launched); // some drivers compile for each size
    if (usual_trips_ == 0) {
        usual_trips_ = std::min(bench_.calibrate(launched), kernel_.most_trips);
        if (first_)
            bench_.warm_up(launched, usual_trips_);
    }
    // A bad size can be a hundred times slower than a good one.
    const std::uint32_t few = std::max(1u, usual_trips_ / 16);
    const double seconds = bench_.launch(launched, few);
    const double wanted = few * bench_.bounds().target / std::max(seconds, 1e-9);
    trips_[size] = static_cast<std::uint32_t>(std::clamp<double>(wanted, 1, usual_trips_));
    return sample(size);
}

std::vector<Row::Next> Row::untried() {
    std::vector<Next> all;
    for (const LocalSize &size : sizes_) {
        if (tuner_.tried(size))
            continue;
        Next next{true, tuner_.tries(), never, this, size};
        for (const auto &[other, seconds] : tuner_.ranking())
            if (neighbours(size, other))
                next.slowness = std::min(next.slowness, seconds / tuner_.ranking().front().seconds);
        next.far = next.slowness > good;
        if (next.slowness < never)
            all.push_back(next);
    }
    return all;
}

std::optional<SweptSize> Row::best() const {
    const LocalSize *best = tuner_.best();
    if (best == nullptr)
        return std::nullopt;
    const auto untried = std::ranges::count_if(sizes_, [&](const LocalSize &size) {
        return !tuner_.tried(size) && neighbours(size, *best);
    });
    if (untried > 0)
        bench_.data().number_attributes[untried_entry(kernel_.at)] = static_cast<double>(untried);
    return SweptSize{*best, trips_.at(*best)};
}

} // namespace

std::vector<std::optional<SweptSize>> sweep_local_sizes(Bench &bench, Series &grid,
                                                        const std::vector<SweptKernel> &kernels,
                                                        double reserve) {
    const double for_the_best = 0.2 * std::max(0.0, bench.remaining() - reserve);
    const auto time_left = [&](double but) { return !bench.tiny() && bench.remaining() > but; };
    int block = 0;
    std::deque<Row> rows;
    for (const SweptKernel &kernel : kernels)
        rows.emplace_back(bench, grid, kernel, block, rows.empty());

    for (const LocalSize seed : {LocalSize{16, 4}, LocalSize{4, 64}, LocalSize{64, 1},
                                 LocalSize{4, 4}, LocalSize{256, 1}, LocalSize{1, 1}}) {
        // Each kernel is to have a size, however long drivers took to build it.
        for (Row &row : rows)
            if (!row.runs() || time_left(reserve + for_the_best))
                row.try_out(seed);
        ++block;
    }
    // One size refused is an answer; where all are, it is not the sizes.
    for (Row &row : rows)
        if (!row.tuner().failures().empty() && std::ranges::none_of(rows, &Row::runs))
            std::rethrow_exception(row.tuner().failures().back().error);

    while (time_left(reserve + for_the_best)) {
        std::vector<Row::Next> untried;
        for (Row &row : rows)
            for (const Row::Next &next : row.untried())
                untried.push_back(next);
        if (untried.empty())
            break;
        const Row::Next next = *std::ranges::min_element(untried, std::less<>());
        next.row->try_out(next.size);
    }
    for (std::size_t among = 16; among >= 2; among /= 2) {
        ++block;
        for (Row &row : rows)
            row.tuner().compare(among, [&] { return time_left(reserve); });
    }
    std::vector<std::optional<SweptSize>> sizes;
    for (Row &row : rows) {
        record_failures(bench.data(), grid.name, row.tuner());
        sizes.push_back(row.best());
    }
    return sizes;
}

} // namespace clprobe::probes
