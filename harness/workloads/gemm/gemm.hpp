#pragma once
#include "common/numbers.hpp"
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

/// Numbers that have findings beside those of single precision, at few shapes.
inline constexpr std::array<Numbers, 3> other_numbers{Numbers::fp16, Numbers::fp16_fp32,
                                                      Numbers::int8};
inline constexpr std::array<GemmShape, 2> other_shapes{{{64, 64, 64}, {1024, 1024, 1024}}};
/// The likeliest plan of panels.
[[nodiscard]] GemmPlan panels_for(const GemmShape &shape, Numbers numbers, const Facts &facts);

/// What a call does, in this order; each plan has some of them.
enum class Stage { pack_left, pack_right, multiply, add_parts };
inline constexpr std::array<const char *, 4> stage_names{"pack_left", "pack_right", "gemm",
                                                         "add_parts"};
[[nodiscard]] std::vector<Stage> stages_of(const GemmShape &shape, const GemmPlan &plan,
                                           Numbers numbers = Numbers::fp32);

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

/// A stage of a call in other numbers than those of single precision.
struct NumbersRow {
    Numbers numbers = Numbers::fp16;
    StageRow call;

    static auto columns() {
        return std::tuple{column("numbers", &NumbersRow::numbers, workloads::number_names),
                          part(&NumbersRow::call)};
    }
    bool operator==(const NumbersRow &) const = default;
};

namespace series {
inline const std::string race = "race"; ///< calls by plans that were tried
inline const std::string call = "call"; ///< the chosen plan of each shape
inline const std::string other_numbers =
    "other_numbers"; ///< calls that are not in single precision
} // namespace series

namespace entry = operators::entry;

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);
/// The plans of those shapes that were raced.
[[nodiscard]] std::vector<Choice> choices_of(const Dataset &data);

} // namespace clprobe::probes::gemm
