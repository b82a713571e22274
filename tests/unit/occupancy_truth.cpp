#include "interpreted.hpp"
#include "occupancy_truth.hpp"

#include <algorithm>
#include <cmath>

using namespace clprobe;

int ModelUnit::registers(int live) const {
    return std::min(live + own_registers, most_registers);
}

int ModelUnit::groups_of_registers(int registers_used, int size) const {
    const int given = (registers_used + granularity - 1) / granularity * granularity;
    const int warps = (size + warp - 1) / warp;
    return std::min({file / (given * warps * warp), most_threads / (warps * warp), most_groups});
}

OccupancyExperiment::OccupancyExperiment(ModelUnit unit, Disturbance disturbance, Random &random)
    : unit_(unit), disturbance_(disturbance), random_(random) {
    for (const SeriesShape &shape : builtin("execution/occupancy").info().series)
        data_.add(shape.name, shape.axes, shape.measure);
    data_.text_attributes["registers_from"] = unit.tells ? "compiler" : "live values";
}

Dataset OccupancyExperiment::run(const std::vector<int> &live_values,
                                 const std::vector<int> &sizes) {
    for (const int live : live_values) {
        for (const int size : sizes)
            if (unit_.groups(live, size) > 0)
                measure(live, size);
        ask_compiler(live);
    }
    return data_;
}

void OccupancyExperiment::measure(int live, int size) {
    const int groups = unit_.groups(live, size);
    const int shown = unit_.tells ? unit_.registers(live) : live;
    Point counts{{double(live), double(shown), double(size)}, {}, {}};
    for (int poll = 0; poll < 3; ++poll) {
        const bool short_of = random_.chance(disturbance_.missed);
        const double share = short_of ? random_.uniform(0.9, 1) : 1;
        counts.samples.push_back(std::floor(groups * share) * size);
    }
    series("resident_threads").push_back(counts);
    for (int number = 1; number <= groups + 1;
         number = number < groups ? std::min(2 * number, groups) : number + 1)
        time_waves(live, size, number, groups);
}

void OccupancyExperiment::time_waves(int live, int size, int number, int groups) {
    Point times{{double(live), double(size), double(number)}, {}, {}};
    for (int launch = 0; launch < 2; ++launch)
        times.samples.push_back(3e-4 * (number > groups ? 2 : 1) * disturbed());
    series("wave_time").push_back(times);
}

void OccupancyExperiment::ask_compiler(int live) {
    // A spilled value costs a load and a store beside the operation.
    const double cost = unit_.spills(live) ? 3 : 1;
    Point turns{{double(live), 1000}, {}, {}};
    for (int launch = 0; launch < 6; ++launch)
        turns.samples.push_back(1e-8 * live * cost * disturbed());
    series("turn_time").push_back(turns);
    if (!unit_.tells)
        return;
    series("compiler_report").push_back({{double(live), 0}, {double(unit_.registers(live))}, {}});
    series("compiler_report").push_back({{double(live), 1}, {unit_.spills(live) ? 64.0 : 0}, {}});
}

double OccupancyExperiment::disturbed() {
    const double factor = std::exp(disturbance_.noise * std::abs(random_.normal()));
    return random_.chance(disturbance_.outliers) ? factor * random_.uniform(2, 5) : factor;
}

std::vector<Point> &OccupancyExperiment::series(std::string_view name) {
    return data_.add(name, {}, {}).points;
}
