#include "common/local_sizes.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <exception>
#include <limits>
#include <tuple>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double good = 1.25; ///< times as long as the best, at most

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

    [[nodiscard]] const Cell &best() const {
        return *std::ranges::min_element(cells, {}, &Cell::seconds_per_trip);
    }
    [[nodiscard]] bool runs() const { return best().seconds_per_trip < never; }
    [[nodiscard]] std::ptrdiff_t visited() const {
        return std::ranges::count(cells, true, &Cell::visited);
    }
};

/// Whether one is the other, doubled or halved along one axis.
bool neighbours(const LocalSize &a, const LocalSize &b) {
    const auto steps = [](std::size_t from, std::size_t to) {
        return from == to ? 0 : from == 2 * to || to == 2 * from ? 1 : 2;
    };
    return steps(a.x, b.x) + steps(a.y, b.y) == 1;
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
    /// A cell that is still to be visited, the least such of all first: sizes next to a good one
    /// come before all others, then the kernel that was tried least, then the better neighbour.
    struct Candidate {
        bool far = true;
        std::ptrdiff_t visited = 0;
        double slowness = never;
        Row *row = nullptr;
        Cell *cell = nullptr;

        bool operator<(const Candidate &other) const {
            return std::tie(far, visited, slowness) <
                   std::tie(other.far, other.visited, other.slowness);
        }
    };

    [[nodiscard]] std::optional<Candidate> most_promising();
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
    for (const LocalSize seed : {LocalSize{16, 4}, LocalSize{4, 64}, LocalSize{64, 1},
                                 LocalSize{4, 4}, LocalSize{256, 1}, LocalSize{1, 1}}) {
        for (Row &row : rows_) {
            // Each kernel is to have a size, however long drivers took to build it.
            if (row.runs() && (bench_.tiny() || !time_left(reserve)))
                continue;
            if (const auto cell = std::ranges::find(row.cells, seed, &Cell::size);
                cell != row.cells.end())
                visit(row, *cell);
        }
        ++block_;
    }
}

std::optional<Sweep::Candidate> Sweep::most_promising() {
    std::optional<Candidate> first;
    for (Row &row : rows_) {
        const double least = row.best().seconds_per_trip;
        const std::ptrdiff_t visited = row.visited();
        for (Cell &cell : row.cells) {
            if (cell.visited)
                continue;
            double slowness = never;
            for (const Cell &other : row.cells)
                if (other.visited && neighbours(cell.size, other.size))
                    slowness = std::min(slowness, other.seconds_per_trip / least);
            const Candidate candidate{slowness > good, visited, slowness, &row, &cell};
            if (slowness < never && (!first || candidate < *first))
                first = candidate;
        }
    }
    return first;
}

void Sweep::visit_all(double reserve) {
    visit_seeds(reserve);
    // One size refused is an answer; where all are, it is not the sizes.
    if (refusal_ && std::ranges::none_of(rows_, &Row::runs))
        std::rethrow_exception(refusal_);
    while (time_left(reserve) && !bench_.tiny()) {
        const auto next = most_promising();
        if (!next)
            return;
        visit(*next->row, *next->cell);
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
        const Cell &best = row.best();
        sizes.push_back(row.runs() ? std::optional(SweptSize{best.size, best.trips})
                                   : std::nullopt);
        const auto untried = std::ranges::count_if(row.cells, [&](const Cell &cell) {
            return !cell.visited && neighbours(cell.size, best.size);
        });
        if (row.runs() && untried > 0)
            bench_.data().number_attributes[untried_entry(row.kernel->at)] =
                static_cast<double>(untried);
    }
    return sizes;
}

} // namespace

std::vector<std::optional<SweptSize>> sweep_local_sizes(Bench &bench, Series &grid,
                                                        const std::vector<SweptKernel> &kernels,
                                                        double reserve) {
    Sweep sweep(bench, grid, kernels);
    const double for_the_best = 0.2 * std::max(0.0, bench.remaining() - reserve);
    sweep.visit_all(reserve + for_the_best);
    sweep.visit_best_again(reserve);
    return sweep.best();
}

} // namespace clprobe::probes
