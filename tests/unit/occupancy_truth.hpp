#pragma once
#include "synthetic.hpp"

#include <clprobe/series.hpp>

#include <string_view>
#include <vector>

/// A compute unit of our making, and the compiler for it.
struct ModelUnit {
    int warp = 32;
    int most_threads = 2048;
    int most_groups = 32;
    int file = 65536;      ///< registers
    int granularity = 8;   ///< registers of a work-item are given out in so many
    int own_registers = 8; ///< that the compiler needs besides the live values
    int most_registers = 255;
    bool tells = true; ///< whether the compiler tells registers and spills

    [[nodiscard]] int registers(int live) const;
    [[nodiscard]] bool spills(int live) const { return live + own_registers > most_registers; }
    /// That are resident together.
    [[nodiscard]] int groups_of_registers(int registers_used, int size) const;
    [[nodiscard]] int groups(int live, int size) const {
        return groups_of_registers(registers(live), size);
    }
};

/// How its measurements are disturbed.
struct Disturbance {
    double missed = 0;   ///< probability that a poll misses up to a tenth of the groups
    double noise = 0;    ///< of a time: a factor of exp(noise * |normal|)
    double outliers = 0; ///< probability that a launch takes two to five times as long
};

/// What execution/occupancy measures on such a unit.
class OccupancyExperiment {
public:
    OccupancyExperiment(ModelUnit unit, Disturbance disturbance, Random &random);
    /// The data with these live values, in groups of these sizes.
    clprobe::Dataset run(const std::vector<int> &live_values, const std::vector<int> &sizes);

private:
    void measure(int live, int size);
    void time_waves(int live, int size, int number, int groups);
    void ask_compiler(int live);
    double disturbed();
    std::vector<clprobe::Point> &series(std::string_view name);

    ModelUnit unit_;
    Disturbance disturbance_;
    Random &random_;
    clprobe::Dataset data_;
};
