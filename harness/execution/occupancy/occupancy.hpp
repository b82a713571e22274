#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <map>
#include <optional>
#include <vector>

/// What the parts of execution/occupancy share.
namespace clprobe::probes::occupancy {

inline constexpr const char *kernel_name = "execution/occupancy";

// Names of series and attributes.
inline constexpr const char *residents = "resident_threads";
inline constexpr const char *waves = "wave_time";
inline constexpr const char *local = "local_residents";
inline constexpr const char *turns = "turn_time";
inline constexpr const char *compiler = "compiler_report";
inline constexpr const char *no_residency = "no_residency";     ///< why counts mean nothing here
inline constexpr const char *registers_from = "registers_from"; ///< "compiler" or "live values"

/// Work-items resident a compute unit, by live values and the registers made of them.
struct ResidentsRow {
    std::size_t live = 0;
    std::size_t registers = 0;
    std::size_t group_size = 1;

    static auto columns() {
        return std::tuple{column("live_values", &ResidentsRow::live),
                          column("registers", &ResidentsRow::registers),
                          column("group_size", &ResidentsRow::group_size)};
    }
};

/// Chases by so many groups a compute unit.
struct WaveRow {
    std::size_t live = 0;
    std::size_t group_size = 1;
    std::size_t groups = 1;

    static auto columns() {
        return std::tuple{column("live_values", &WaveRow::live),
                          column("group_size", &WaveRow::group_size),
                          column("groups", &WaveRow::groups)};
    }
};

/// Groups resident a compute unit, with so many bytes of local memory each.
struct LocalRow {
    std::size_t bytes = 0;

    static auto columns() {
        return std::tuple{column("local_memory", &LocalRow::bytes, Unit::byte)};
    }
};

/// One group's turns of its live values.
struct TurnRow {
    std::size_t live = 0;

    static auto columns() { return std::tuple{column("live_values", &TurnRow::live), trips()}; }
};

/// What the compiler reports of a variant.
enum class Reported { registers, spilled_bytes, stack_bytes, private_bytes, group_limit };
struct CompilerRow {
    std::size_t live = 0;
    Reported what = Reported::registers;

    static auto columns() {
        return std::tuple{column("live_values", &CompilerRow::live),
                          column("what", &CompilerRow::what,
                                 std::array{"registers", "spilled_bytes", "stack_bytes",
                                            "private_bytes", "group_limit"})};
    }
};

/// Fills `bench.data()`: counts, chases, turns and compiler reports, over live values and group
/// sizes as far as the profile and the time go.
void run_experiment(Bench &bench);
/// Builds over the live values, closest together where registers run out on GPUs that we know of,
/// for people who want to see what the compiler makes of them.
[[nodiscard]] std::vector<KernelVariant> inspected_builds(const DeviceInfo &device);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &);
/// The work-items resident over the registers of one, a curve a group size.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

/// Where the device changes with the number of live values, as the data so far show: the last that
/// is still as before, the first that is not (0: none such was tried).
struct Edge {
    double last = 0;
    double first = 0;
};
/// Up to which number as many work-items are resident as ever.
[[nodiscard]] Edge full_occupancy_edge(const Dataset &data);
/// Up to which nothing is spilled.
[[nodiscard]] Edge spill_edge(const Dataset &data);
/// Up to which the registers of the resident work-items fill more of the register file.
[[nodiscard]] Edge register_file_edge(const Dataset &data);

/// The local memory of a compute unit, as the points show where one group fewer fits.
struct LocalMemory {
    double held = 0;         ///< the most that is seen in use by resident groups
    double bytes = 0;        ///< of the unit
    double uncertainty = 0;  ///< of `bytes`
    double own_of_group = 0; ///< bytes that the driver takes for each group
};
/// From the groups that a compute unit holds, never rising, over the local memory of each. Bytes b
/// of a group, of which the driver takes o more, let (S / (b + o)) groups into a unit of S: the
/// largest b that lets n groups in is S / n - o, a straight line over 1 / n. Nothing where no group
/// is kept out.
[[nodiscard]] std::optional<LocalMemory>
local_memory_of(const std::map<double, double> &groups_by_bytes);

} // namespace clprobe::probes::occupancy
