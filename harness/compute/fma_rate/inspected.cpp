#include "compute/fma_rate/inspected.hpp"
#include "compute/fma_rate/launch.hpp"
#include "compute/fma_rate/search_space.hpp"

#include <optional>
#include <set>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

KernelVariant entry_for(Real real, const Variant &variant) {
    return {variant.label(real), kernel_text, variant.build_options(real), {}};
}

void add_type(Real real, const DeviceInfo &device, std::vector<KernelVariant> &variants) {
    const Variant start = search_space_for(real, device, 1, Profile::standard, std::nullopt).start;
    Variant shape = start;
    for (const unsigned width : std::set{1u, 4u, start.width}) {
        shape.width = width;
        variants.push_back(entry_for(real, shape));
    }
    shape.width = 1;
    for (const Form form : {Form::fma, Form::mad, Form::expression}) {
        shape.form = form;
        if (form != start.form)
            variants.push_back(entry_for(real, form == Form::fma ? few_fmas(shape) : shape));
    }
    shape.form = start.form;
    for (const Recurrence recurrence : {Recurrence::pair, Recurrence::quadratic}) {
        shape.recurrence = recurrence;
        variants.push_back(entry_for(real, shape));
    }
    KernelVariant chain = entry_for(real, latency_variant(start.form, 1));
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
