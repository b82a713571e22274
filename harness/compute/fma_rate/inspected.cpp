#include "compute/fma_rate/inspected.hpp"
#include "compute/fma_rate/launch.hpp"
#include "compute/fma_rate/race.hpp"

#include <fmt/format.h>

namespace clprobe::probes::fma_rate {
namespace {

KernelVariant entry_for(Real real, const Variant &variant) {
    return {variant.label(real), kernel_text, variant.build_options(real), {}};
}

void add_type(Real real, const DeviceInfo &device, std::vector<KernelVariant> &variants) {
    Variant shape = course_for(real, device, 1, Profile::standard, std::nullopt).start;
    const unsigned widest = device.type == DeviceType::cpu ? 16 : 8;
    shape.form = Form::fma;
    for (const unsigned width : {1u, 4u, widest}) {
        shape.width = width;
        variants.push_back(entry_for(real, shape));
    }
    shape.width = 1;
    for (const Form form : {Form::mad, Form::expression}) {
        shape.form = form;
        variants.push_back(entry_for(real, shape));
    }
    shape.form = Form::fma;
    for (const Recurrence recurrence : {Recurrence::pair, Recurrence::quadratic}) {
        shape.recurrence = recurrence;
        variants.push_back(entry_for(real, shape));
    }
    KernelVariant chain = entry_for(real, latency_variant(Form::fma, 1));
    chain.name += ", one chain";
    variants.push_back(std::move(chain));
}

} // namespace

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const Real real : all_reals)
        if (lacks(device, real).empty())
            add_type(real, device, variants);
    return variants;
}

} // namespace clprobe::probes::fma_rate
