#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstdint>
#include <tuple>

/// What the parts of host/launch share.
namespace clprobe::probes::launch {

/// What a time of one launch is of; the order is that of the series' labels. The first three are of
/// the same launches, those with profiling.
enum class Part { dispatch, device, profiled, round_trip, first };
inline constexpr std::array<const char *, 5> part_names{"dispatch", "device", "profiled",
                                                        "round_trip", "first"};
struct LaunchRow {
    Part part = Part::dispatch;

    static auto columns() { return std::tuple{column("part", &LaunchRow::part, part_names)}; }
};

/// A call of the host's, made over and over.
enum class Call { enqueue, enqueue_with_event, set_argument, finish };
inline constexpr std::array<const char *, 4> call_names{"enqueue", "enqueue_with_event",
                                                        "set_argument", "finish"};
struct CallRow {
    Call call = Call::enqueue;

    static auto columns() { return std::tuple{column("call", &CallRow::call, call_names)}; }
};

/// Launches that are enqueued one after the other, and then waited for.
struct BatchRow {
    static auto columns() { return std::tuple{trips("launches")}; }
};

/// So many steps of a chain, shared out among launches that are longer than the host takes to
/// enqueue one.
struct LongRow {
    std::uint32_t steps = 0;

    static auto columns() {
        constexpr double most = 4294967295;
        return std::tuple{column("steps", &LongRow::steps).between(0, most), trips("launches")};
    }
    bool operator==(const LongRow &) const = default;
};

/// The series: times of single launches; of one call in a loop of them; of batches over the number
/// of launches; of the same steps in one launch and in several, and of half as many in one.
inline constexpr const char *launches = "launches";
inline constexpr const char *calls = "calls";
inline constexpr const char *batches = "batches";
inline constexpr const char *long_launches = "long_launches";

/// The attributes: why there is no queue with profiling, and how many launches have an earlier
/// timestamp where a later one is due.
inline constexpr const char *refusal = "profiling_refusal";
inline constexpr const char *backward = "timestamps.backward";

/// Fills `bench.data()`: rounds of all of them, in random order, until there are thousands of
/// launches or the time is used up.
void run_experiment(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
/// Time of a launch over the number of launches in a batch.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::launch
