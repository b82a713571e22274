#include "execution/occupancy/occupancy.hpp"
#include "interpreted.hpp"
#include "occupancy_truth.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>

using namespace clprobe;

namespace {

Finding found(const Dataset &data, std::string_view key) {
    return finding(builtin("execution/occupancy").interpret(data, {}), key);
}

std::vector<int> every(int step, int last) {
    std::vector<int> values;
    for (int value = step; value <= last; value += step)
        values.push_back(value);
    return values;
}

/// The counts of the experiment's own search, on a unit that takes `own` bytes for each group and
/// runs 32 at most.
std::map<double, double> local_curve(int capacity, int own) {
    std::map<double, double> curve;
    const auto groups = [&](int bytes) { return std::min(32, capacity / (bytes + own)); };
    const auto add = [&](int bytes) { curve[bytes] = groups(bytes); };
    const std::vector<int> sizes = {256, 12032, 24320, 36608, 48896};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        add(sizes[i]);
        int edge = sizes[i];
        while (groups(edge + 256) == groups(sizes[i]) && edge < sizes.back())
            edge += 256;
        if (edge > sizes[i] && edge < sizes.back())
            add(edge), add(edge + 256);
    }
    return curve;
}

Dataset undisturbed(const ModelUnit &unit) {
    Random random(1);
    return OccupancyExperiment(unit, {}, random).run(every(4, 256), {32, 64, 256, 1024});
}

} // namespace

TEST_CASE("unit.occupancy.the rule of a unit is found again") {
    const Dataset data = undisturbed({});
    CHECK(found(data, "occupancy.max_threads_per_cu").value == 2048);
    const Finding full = found(data, "registers.full_occupancy_limit");
    CHECK(full.value == 32);
    CHECK(full.interval == Interval{32, 35});
    const Finding file = found(data, "register_file.bytes_per_cu");
    CHECK(file.value == 65536 * 4);
    CHECK(file.status == Status::measured);
    const Finding spill = found(data, "registers.spill_limit");
    CHECK(spill.value == 252);
    CHECK(spill.interval == Interval{252, 255});
}

TEST_CASE("unit.occupancy.a limit is told of a variant that was compiled and not counted") {
    Dataset data = undisturbed({});
    auto &points = data.add("resident_threads", {}, {}).points;
    std::erase_if(points, [](const Point &point) { return point.at[0] >= 128; });
    CHECK(found(data, "registers.spill_limit").value == 252);
}

TEST_CASE("unit.occupancy.a compiler that tells nothing leaves live values and time") {
    ModelUnit unit{.own_registers = 0, .most_registers = 64, .tells = false};
    const Dataset data = undisturbed(unit);
    const Finding spill = found(data, "registers.spill_limit");
    CHECK(spill.value == 64);
    CHECK(spill.method.find("takes longer") != std::string::npos);
    CHECK(found(data, "registers.full_occupancy_limit").value == 32);
}

TEST_CASE("unit.occupancy.what never limits is not a limit") {
    const Dataset data = undisturbed({.file = 1 << 24, .most_registers = 1000});
    for (const char *key : {"registers.full_occupancy_limit", "registers.spill_limit",
                            "register_file.bytes_per_cu", "local_memory.bytes_per_cu"})
        CHECK(found(data, key).status == Status::inconclusive);
    CHECK(found(data, "occupancy.max_threads_per_cu").value == 2048);
}

TEST_CASE("unit.occupancy.a count that time contradicts is suspect") {
    Dataset data = undisturbed({});
    for (Point &point : data.add("resident_threads", {}, {}).points)
        for (double &threads : point.samples)
            threads *= 0.9;
    const Finding most = found(data, "occupancy.max_threads_per_cu");
    CHECK(most.status == Status::suspect);
    CHECK(most.note.find("by time") != std::string::npos);
}

TEST_CASE("unit.occupancy.local memory is that of the unit, not what its groups hold") {
    Dataset data = undisturbed({});
    for (const auto &[bytes, groups] : local_curve(228 << 10, 1024))
        data.add("local_residents", {}, {}).points.push_back({{bytes}, {groups}, {}});
    const Finding local = found(data, "local_memory.bytes_per_cu");
    CHECK(local.status == Status::measured);
    CHECK(local.value.value_or(0) == Catch::Approx(228 << 10).epsilon(0.01));
}

TEST_CASE("unit.occupancy.local memory is found whatever the driver takes of each group") {
    for (const int capacity : {64000, 96 << 10, 228 << 10, 512 << 10})
        for (const int own : {0, 256, 1024}) {
            const auto memory = probes::occupancy::local_memory_of(local_curve(capacity, own));
            REQUIRE(memory.has_value());
            CHECK(memory->bytes == Catch::Approx(capacity).epsilon(0.04));
            CHECK(memory->held <= capacity);
            CHECK(memory->own_of_group == Catch::Approx(own).margin(300));
        }
    CHECK_FALSE(probes::occupancy::local_memory_of({{256, 8}, {512, 8}}).has_value());
    CHECK_FALSE(probes::occupancy::local_memory_of({}).has_value());
}

TEST_CASE("unit.occupancy.a compiler that tells of some variants only counts for none") {
    Dataset data = undisturbed({.own_registers = 16});
    data.text_attributes["registers_from"] = "live values";
    CHECK(found(data, "registers.full_occupancy_limit").value == 16);
    const Finding spill = found(data, "registers.spill_limit");
    CHECK(spill.value == 236);
    CHECK(spill.method.find("takes longer") != std::string::npos);
}

TEST_CASE("unit.occupancy.no residency and no data give the reason") {
    Dataset data;
    CHECK(found(data, "occupancy.max_threads_per_cu").status == Status::inconclusive);
    data = undisturbed({});
    data.text_attributes["no_residency"] = "it is a CPU";
    for (const char *key : {"occupancy.max_threads_per_cu", "register_file.bytes_per_cu"}) {
        CHECK(found(data, key).status == Status::inconclusive);
        CHECK(found(data, key).note == "it is a CPU");
    }
}

// Of 1000 units: warps of 16 to 64, 384 to 2048 threads, 8 to 32 groups, files that hold them with
// 16 to 64 registers each, given out in 1 to 8, limits of 63 to 255, compilers that need 2 to 14
// of their own. 25 of the live values 4, 8, ... 256 were tried (so steps of 5 % to 4x lie between
// neighbours, and most values are missing), in two to four group sizes. Polls miss groups in 0 to
// 20 % of cases, times have noise of 0 to 10 % and 0 to 20 % outliers. A finding is right where its
// interval holds the truth, and confidently wrong where it is `measured` and does not.
TEST_CASE("unit.occupancy.disturbed curves are seldom read wrong") {
    constexpr int seeds = 1000;
    int right_threads = 0;
    int right_full = 0;
    int right_spill = 0;
    int countable_full = 0;
    int countable_spill = 0;
    int wrong = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        ModelUnit unit;
        unit.warp = 16 << random.integer(0, 2);
        unit.most_threads = unit.warp * random.integer(384 / unit.warp, 2048 / unit.warp);
        unit.most_groups = 8 << random.integer(0, 2);
        unit.file = unit.most_threads * (16 << random.integer(0, 2));
        unit.granularity = 1 << random.integer(0, 3);
        unit.most_registers = (64 << random.integer(0, 2)) - 1;
        unit.own_registers = random.integer(2, 14);
        const Disturbance disturbance{random.uniform(0, 0.2), random.uniform(0, 0.1),
                                      random.uniform(0, 0.2)};
        std::vector<int> live = every(4, 256);
        while (live.size() > 25)
            live.erase(live.begin() + random.integer(1, static_cast<int>(live.size()) - 2));
        const std::vector<int> sizes = {unit.warp, 2 * unit.warp, 4 * unit.warp, 8 * unit.warp};
        const Dataset data = OccupancyExperiment(unit, disturbance, random).run(live, sizes);

        const auto threads = [&](int registers) {
            int most = 0;
            for (const int size : sizes)
                most = std::max(most, unit.groups_of_registers(registers, size) * size);
            return most;
        };
        const int full = threads(unit.registers(live.front()));
        int full_limit = unit.registers(live.front());
        while (full_limit < 1000 && threads(full_limit + 1) == full)
            ++full_limit;

        const auto judge = [&](const char *key, double truth, int &right) {
            const Finding seen = found(data, key);
            if (seen.interval && seen.interval->contains(truth))
                ++right;
            else if (seen.status == Status::measured)
                ++wrong;
        };
        judge("occupancy.max_threads_per_cu", full, right_threads);
        if (threads(unit.registers(live.back())) < full) {
            ++countable_full;
            judge("registers.full_occupancy_limit", full_limit, right_full);
        }
        if (unit.spills(live.back())) {
            ++countable_spill;
            judge("registers.spill_limit", unit.most_registers, right_spill);
        }
    }
    CHECK(right_threads >= 0.98 * seeds);
    CHECK(right_full >= 0.98 * countable_full);
    CHECK(right_spill >= 0.98 * countable_spill);
    CHECK(wrong <= 0.01 * (seeds + countable_full + countable_spill));
}

TEST_CASE("unit.occupancy.a curve a group size falls over the registers") {
    const std::vector<Curve> curves = builtin("execution/occupancy").curves(undisturbed({}));
    REQUIRE(curves.size() == 4);
    CHECK(curves.back().label == "groups of 1024");
    CHECK(curves.front().points.size() > 2);
    CHECK(std::ranges::is_sorted(curves.front().points, {}, &Curve::Point::x));
    CHECK(curves.front().points.front().y > curves.front().points.back().y);
}
