#include "workloads/gemm/gemm.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::probes::gemm {

std::string name_of(const GemmShape &shape, Numbers numbers) {
    return fmt::format("{}.{}", name(numbers), shape.name());
}

std::string verified_entry(Numbers numbers) {
    return entry::verified + (numbers == Numbers::fp32 ? "" : "." + name(numbers));
}
std::string error_entry(Numbers numbers) {
    return entry::error + (numbers == Numbers::fp32 ? "" : "." + name(numbers));
}

std::string lacks(const DeviceInfo &device, Numbers numbers) {
    if (numbers == Numbers::fp16 && !device.fp16)
        return "the driver offers no half precision";
    if (numbers == Numbers::int8 && !device.has_extension("cl_khr_integer_dot_product"))
        return "the driver offers no dot products of bytes (cl_khr_integer_dot_product)";
    return {};
}

GemmPlan panels_for(const GemmShape &shape, Numbers numbers, const Facts &facts) {
    const std::vector<GemmPlan> plans = workloads::gemm_plans(shape, facts);
    const auto panels = std::ranges::find(plans, KernelFamily::panels, &GemmPlan::family);
    return workloads::fitting(*panels, numbers);
}

} // namespace clprobe::probes::gemm
