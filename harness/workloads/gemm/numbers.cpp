#include "workloads/gemm/gemm.hpp"

#include <algorithm>

namespace clprobe::probes::gemm {

GemmPlan panels_for(const GemmShape &shape, Numbers numbers, const Facts &facts) {
    const std::vector<GemmPlan> plans = workloads::gemm_plans(shape, facts);
    const auto panels = std::ranges::find(plans, KernelFamily::panels, &GemmPlan::family);
    return workloads::fitting(*panels, numbers);
}

} // namespace clprobe::probes::gemm
