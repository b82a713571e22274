#include "common/local_sizes.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr std::size_t longest_side = 256;
constexpr double never = std::numeric_limits<double>::infinity();

/// One kernel with one local size.
struct Cell {
    LocalSize size;
    bool visited = false;
    double seconds_per_trip = never;
    std::uint32_t trips = 1;
};

struct Row {
    const SweptKernel *kernel = nullptr;
    std::vector<Cell> cells;
    std::uint32_t trips = 0; ///< of a launch of the usual length, at a good size

    [[nodiscard]] double least() const {
        double least = never;
        for (const Cell &cell : cells)
            least = std::min(least, cell.seconds_per_trip);
        return least;
    }
};

/// Whether one is the other, doubled or halved along one axis.
bool neighbours(const LocalSize &a, const LocalSize &b) {
    const auto steps = [](std::size_t from, std::size_t to) {
        return from == to ? 0 : from == 2 * to || to == 2 * from ? 1 : 2;
    };
    return steps(a.x, b.x) + steps(a.y, b.y) == 1;
}

std::size_t granted(const DeviceInfo &device, std::size_t dimension) {
    return device.max_work_item_sizes
               ? static_cast<std::size_t>((*device.max_work_item_sizes)[dimension])
               : longest_side;
}

class Sweep {
public:
    Sweep(Bench &bench, Series &grid, const std::vector<SweptKernel> &kernels)
        : bench_(bench), grid_(grid) {
        for (const SweptKernel &kernel : kernels) {
            Row &row = rows_.emplace_back();
            row.kernel = &kernel;
            // What the driver says of the kernel is not asked: it is tried.
            for (const LocalSize &size : local_sizes(bench.device(), kernel.work.range))
                row.cells.push_back({size});
        }
    }

    void visit_all(double reserve);
    void visit_best_again(double reserve);
    [[nodiscard]] std::vector<std::optional<SweptSize>> best() const;

private:
    /// How promising it is to visit a cell: how much slower than the kernel's best the best of its
    /// neighbours is.
    [[nodiscard]] static double slowness(const Row &row, double least, const Cell &cell) {
        double best = never;
        for (const Cell &other : row.cells)
            if (other.visited && neighbours(cell.size, other.size))
                best = std::min(best, other.seconds_per_trip / least);
        return best;
    }

    void visit_seeds(double reserve);
    void visit(Row &row, Cell &cell);
    void sample(const Row &row, Cell &cell);
    [[nodiscard]] bool time_left(double reserve) const { return bench_.remaining() > reserve; }

    [[nodiscard]] Work work_at(const Row &row, const Cell &cell) const {
        Work work = row.kernel->work;
        work.range = with_local_size(work.range, cell.size);
        return work;
    }

    Bench &bench_;
    Series &grid_;
    std::vector<Row> rows_;
    std::exception_ptr refusal_; ///< the last launch that a driver refused
    int block_ = 0;
};

void Sweep::sample(const Row &row, Cell &cell) {
    const double seconds = bench_.launch(work_at(row, cell), cell.trips);
    std::vector<double> at = row.kernel->at;
    at.insert(at.end(), {static_cast<double>(cell.size.x), static_cast<double>(cell.size.y),
                         static_cast<double>(cell.trips)});
    Point &point = grid_.point(at);
    point.samples.push_back(seconds);
    point.block.push_back(block_);
    cell.seconds_per_trip = std::min(cell.seconds_per_trip, seconds / cell.trips);
}

void Sweep::visit(Row &row, Cell &cell) {
    cell.visited = true;
    const Work work = work_at(row, cell);
    try {
        bench_.launch(work); // some drivers compile for each size
        if (row.trips == 0) {
            row.trips = std::min(bench_.calibrate(work), row.kernel->most_trips);
            if (&row == &rows_.front())
                bench_.warm_up(work, row.trips);
        }
        // A bad size can be a hundred times slower than a good one.
        const std::uint32_t few = std::max(1u, row.trips / 16);
        const double seconds = bench_.launch(work, few);
        const double wanted = few * bench_.bounds().target / std::max(seconds, 1e-9);
        cell.trips = static_cast<std::uint32_t>(std::clamp<double>(wanted, 1, row.trips));
        sample(row, cell);
    } catch (const VerificationError &) {
        throw;
    } catch (const Cancelled &) {
        throw;
    } catch (const Error &) {
        cell.seconds_per_trip = never;
        refusal_ = std::current_exception();
    }
}

void Sweep::visit_seeds(double reserve) {
    for (const LocalSize seed : {LocalSize{16, 4}, LocalSize{4, 4}, LocalSize{1, 1},
                                 LocalSize{64, 1}, LocalSize{256, 1}, LocalSize{4, 64}}) {
        for (Row &row : rows_) {
            // Each kernel is to have a size, however long drivers took to build it.
            const bool first = row.least() == never;
            if (!first && (bench_.tiny() || !time_left(reserve)))
                continue;
            if (const auto cell = std::ranges::find(row.cells, seed, &Cell::size);
                cell != row.cells.end())
                visit(row, *cell);
        }
        ++block_;
    }
}

void Sweep::visit_all(double reserve) {
    visit_seeds(reserve);
    // One size refused is an answer; where all are, it is not the sizes.
    if (refusal_ && std::ranges::all_of(rows_, [](const Row &row) { return row.least() == never; }))
        std::rethrow_exception(refusal_);
    while (time_left(reserve) && !bench_.tiny()) {
        Row *next_row = nullptr;
        Cell *next = nullptr;
        double least_slowness = never;
        for (Row &row : rows_) {
            const double least = row.least();
            for (Cell &cell : row.cells) {
                const double slow = cell.visited ? never : slowness(row, least, cell);
                if (slow < least_slowness) {
                    least_slowness = slow;
                    next_row = &row;
                    next = &cell;
                }
            }
        }
        if (next == nullptr)
            return;
        visit(*next_row, *next);
    }
}

void Sweep::visit_best_again(double reserve) {
    for (std::size_t among = 16; among >= 2 && !bench_.tiny(); among /= 2) {
        ++block_;
        for (Row &row : rows_) {
            std::stable_sort(row.cells.begin(), row.cells.end(), [](const Cell &a, const Cell &b) {
                return a.seconds_per_trip < b.seconds_per_trip;
            });
            for (std::size_t i = 0; i < std::min(among, row.cells.size()); ++i)
                if (time_left(reserve) && row.cells[i].seconds_per_trip < never)
                    sample(row, row.cells[i]);
        }
    }
}

std::vector<std::optional<SweptSize>> Sweep::best() const {
    std::vector<std::optional<SweptSize>> sizes;
    for (const Row &row : rows_) {
        const auto least = std::ranges::min_element(row.cells, {}, &Cell::seconds_per_trip);
        const bool any = least != row.cells.end() && least->seconds_per_trip < never;
        sizes.push_back(any ? std::optional(SweptSize{least->size, least->trips}) : std::nullopt);
    }
    return sizes;
}

} // namespace

std::string name(const LocalSize &size) {
    return fmt::format("{} x {}", size.x, size.y);
}

std::vector<LocalSize> local_sizes(const DeviceInfo &device, const NdRange &range) {
    const auto most = static_cast<std::size_t>(device.max_work_group_size.value_or(longest_side));
    const std::size_t most_x = std::min({longest_side, granted(device, 0), range.global[0]});
    const std::size_t most_y = std::min({longest_side, granted(device, 1), range.global[1]});
    std::vector<LocalSize> sizes;
    for (std::size_t y = 1; y <= most_y && range.global[1] % y == 0; y *= 2)
        for (std::size_t x = 1; x <= most_x && range.global[0] % x == 0 && x * y <= most; x *= 2)
            sizes.push_back({x, y});
    return sizes;
}

NdRange with_local_size(NdRange range, const LocalSize &size) {
    range.local = {size.x, size.y, 1};
    range.dimensions = 2;
    return range;
}

std::vector<Axis> local_size_axes(std::vector<Axis> of_kernels) {
    for (const char *axis : {"local_x", "local_y", "trips"})
        of_kernels.push_back({axis, Unit::one, {}});
    return of_kernels;
}

std::vector<std::optional<SweptSize>> sweep_local_sizes(Bench &bench, Series &grid,
                                                        const std::vector<SweptKernel> &kernels,
                                                        double reserve) {
    Sweep sweep(bench, grid, kernels);
    const double for_the_best = 0.2 * std::max(0.0, bench.remaining() - reserve);
    sweep.visit_all(reserve + for_the_best);
    sweep.visit_best_again(reserve);
    return sweep.best();
}

std::vector<LocalSizeTime> local_size_times(const Series &grid, const std::vector<double> &at) {
    std::vector<LocalSizeTime> times;
    for (const Point &point : grid.points) {
        if (point.at.size() != at.size() + 3 || point.samples.empty() ||
            !std::equal(at.begin(), at.end(), point.at.begin()) || point.at[at.size()] < 1 ||
            point.at[at.size() + 1] < 1 || point.at.back() < 1)
            continue;
        const LocalSize size{static_cast<std::size_t>(point.at[at.size()]),
                             static_cast<std::size_t>(point.at[at.size() + 1])};
        const double seconds = *std::ranges::min_element(point.samples) / point.at.back();
        const auto known = std::ranges::find(times, size, &LocalSizeTime::size);
        if (known == times.end())
            times.push_back({size, seconds});
        else
            known->seconds_per_trip = std::min(known->seconds_per_trip, seconds);
    }
    return times;
}

HeatMap local_size_map(const Series &grid, const std::vector<double> &at, std::string title,
                       Axis rate, double work) {
    HeatMap map{std::move(title),
                {"local_x", Unit::one, {}},
                {"local_y", Unit::one, {}},
                std::move(rate),
                {}};
    for (const LocalSizeTime &time : local_size_times(grid, at))
        map.places.push_back({static_cast<double>(time.size.x), static_cast<double>(time.size.y),
                              work / time.seconds_per_trip});
    return map;
}

} // namespace clprobe::probes
