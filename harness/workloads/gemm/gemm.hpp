#pragma once
#include "common/operators.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/workloads.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::gemm {

using workloads::Gemm;
using workloads::GemmPlan;
using workloads::GemmShape;
using workloads::KernelFamily;

inline constexpr const char *kernel_text = "workloads/gemm";

/// The shapes that have findings.
inline constexpr std::array<GemmShape, 5> shapes{
    {{64, 64, 64}, {256, 256, 256}, {1024, 1024, 1024}, {2048, 2048, 2048}, {4096, 4096, 4096}}};

/// What a call does, in this order; each plan has some of them.
enum class Stage { pack_left, pack_right, multiply, add_parts };
inline constexpr std::array<const char *, 4> stage_names{"pack_left", "pack_right", "gemm",
                                                         "add_parts"};
[[nodiscard]] std::vector<Stage> stages_of(const GemmPlan &plan);

/// A call that tuning tried.
struct PlanRow {
    GemmShape shape;
    GemmPlan plan;

    static auto columns() { return std::tuple{part(&PlanRow::shape), part(&PlanRow::plan)}; }
    bool operator==(const PlanRow &) const = default;
};

/// A stage of a call. Where several launches share its work, they are summed.
struct StageRow {
    GemmShape shape;
    GemmPlan plan;
    Stage stage = Stage::multiply;

    static auto columns() {
        return std::tuple{part(&StageRow::shape), part(&StageRow::plan),
                          column("stage", &StageRow::stage, stage_names)};
    }
    bool operator==(const StageRow &) const = default;
};

namespace series {
inline const std::string race = "race"; ///< calls by plans that were tried
inline const std::string call = "call"; ///< the chosen plan of each shape
} // namespace series

namespace entry = operators::entry;

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);
/// The plans of those shapes that were raced.
[[nodiscard]] std::vector<Choice> choices_of(const Dataset &data);

} // namespace clprobe::probes::gemm
