#include "compute/fma_rate/launch.hpp"
#include "compute/fma_rate/search_space.hpp"
#include "opencl/device_limits.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

/// The variant with this one property changed.
template <typename Value>
Move to(Value Variant::*property, Value value) {
    return [property, value](Variant variant) {
        variant.*property = value;
        return variant;
    };
}

Move to_form(Form form) {
    return to(&Variant::form, form);
}

Move to_recurrence(Recurrence recurrence) {
    return to(&Variant::recurrence, recurrence);
}

Move to_chains(unsigned chains) {
    return [chains](const Variant &from) {
        Variant variant = from;
        variant.chains = std::clamp(chains, 1U, 16U);
        return variant.with_body(from.body);
    };
}

Move to_width(unsigned width) {
    return to(&Variant::width, std::clamp(width, 1U, 16U));
}

Move to_body(unsigned operations) {
    return [operations](const Variant &from) { return from.with_body(operations); };
}

Move to_groups(std::size_t groups) {
    return to(&Variant::groups, groups);
}

/// As many groups of another size.
Move to_larger_groups(std::size_t size) {
    return to(&Variant::local_size, size);
}

/// The same number of work-items in groups of another size.
Move to_local_size(std::size_t size) {
    return [size](Variant variant) {
        variant.groups = std::max<std::size_t>(1, variant.groups * variant.local_size / size);
        variant.local_size = size;
        return variant;
    };
}

/// A CPU's vectors are as wide as the kernel says, and its groups are tasks for its workers: many
/// of them, so that none waits long for the last.
SearchSpace cpu_search_space(const DeviceInfo &device, std::size_t units) {
    SearchSpace search_space;
    search_space.start.chains = 12;
    search_space.start.width = 16;
    search_space.start.local_size = std::min<std::size_t>(16, largest_group(device));
    search_space.start.groups = 64 * units;
    search_space.start = search_space.start.with_body(64);
    search_space.stages = {
        // First of all: fma() is a call that takes a hundred times as long on some.
        {{to_form(Form::expression), to_form(Form::mad)}},
        {{to_width(8), to_width(4), to_width(2)}},
        {{to_width(1)}}, // best where a vector's lanes are work-items
        {{to_chains(8), to_chains(10), to_chains(6), to_chains(16), to_chains(4)}},
        {{to_body(128), to_body(256), to_body(1024)}},
        {{to_larger_groups(std::min<std::size_t>(64, largest_group(device))), to_local_size(1)}},
        {{to_recurrence(Recurrence::quadratic), to_recurrence(Recurrence::pair)}},
    };
    return search_space;
}

/// A GPU has enough lanes for scalars, and what counts is how little of the loop is not a
/// multiply-add. All groups must be resident at once: the last of several waves ends when it likes.
SearchSpace gpu_search_space(const DeviceInfo &device, std::size_t units) {
    SearchSpace search_space;
    const std::size_t size = std::min<std::size_t>(256, largest_group(device));
    constexpr std::size_t threads_a_unit = 1024;
    search_space.start.form = Form::expression; // which no compiler has to make up
    search_space.start.chains = 4;
    search_space.start.local_size = size;
    search_space.start.groups = units * std::max<std::size_t>(1, threads_a_unit / size);
    search_space.start = search_space.start.with_body(64);
    search_space.stages = {
        {{to_body(1024), to_body(256), to_body(2048)}},
        {{to_groups(2 * search_space.start.groups),
          to_groups(std::max<std::size_t>(1, search_space.start.groups / 2))}},
        {{to_chains(8), to_chains(2), to_chains(16), to_chains(1)}},
        {{to_width(2), to_width(4)}}, // wider ones are further chains
        {{few_fmas, to_form(Form::mad)}},
        {{to_body(1024), to_body(256)}}, // of fma(), where that won
        {{to_local_size(std::min<std::size_t>(64, largest_group(device))),
          to_local_size(std::min<std::size_t>(1024, largest_group(device)))}},
        {{to_recurrence(Recurrence::quadratic), to_recurrence(Recurrence::pair)}},
    };
    return search_space;
}

/// Another type starts from what won for the first: only what its size changes is tried again.
SearchSpace narrower_search_space(SearchSpace search_space, Real real, DeviceType device,
                                  const Variant &winner) {
    Variant &start = search_space.start = winner;
    if (device == DeviceType::cpu) {
        start.width = real == Real::fp64 ? std::max(1U, winner.width / 2) : winner.width;
        search_space.stages = {{{to_width(start.width * 2), to_width(start.width / 2)}}};
    } else {
        search_space.stages = {{{to_width(2), to_width(4)}}};
    }
    const Move other = start.form != Form::expression ? to_form(Form::expression)
                       : device == DeviceType::cpu    ? to_form(Form::fma)
                                                      : Move(few_fmas);
    search_space.stages.insert(search_space.stages.end(),
                               {{{to_chains(start.chains * 2), to_chains(start.chains / 2)}},
                                {{other, to_form(Form::mad)}},
                                {{to_body(start.body / 2), to_body(start.body * 2)}}});
    return search_space;
}

std::size_t values_per_stage(Profile profile) {
    switch (profile) {
    case Profile::tiny:
        return 0;
    case Profile::quick:
        return 1;
    case Profile::standard:
        return 2;
    case Profile::thorough:
        break;
    }
    return std::numeric_limits<std::size_t>::max();
}

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

Variant few_fmas(const Variant &from) {
    Variant to;
    to.form = Form::fma;
    to.local_size = from.local_size;
    to.groups = from.groups;
    return to.with_body(8);
}

SearchSpace search_space_for(Real real, const DeviceInfo &device, std::size_t units,
                             Profile profile, const std::optional<Variant> &first_winner) {
    SearchSpace search_space = device.type == DeviceType::cpu ? cpu_search_space(device, units)
                                                              : gpu_search_space(device, units);
    if (profile == Profile::tiny) {
        const Form form = search_space.start.form;
        search_space.start = Variant{};
        search_space.start.form = form;
        search_space.start.local_size = std::min<std::size_t>(4, largest_group(device));
        search_space.start.groups = 2;
        search_space.start.width = 2;
        search_space.start.chains = 2;
        search_space.start = search_space.start.with_body(8);
    }
    if (first_winner)
        search_space =
            narrower_search_space(std::move(search_space), real, device.type, *first_winner);
    for (Stage &stage : search_space.stages)
        stage.moves.resize(std::min(stage.moves.size(), values_per_stage(profile)));
    return search_space;
}

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const Real real : all_reals)
        if (lacks(device, real).empty())
            add_type(real, device, variants);
    return variants;
}

std::vector<Variant> Stage::operator()(const Variant &best) const {
    std::vector<Variant> variants;
    for (const Move &move : moves)
        variants.push_back(move(best));
    return variants;
}

} // namespace clprobe::probes::fma_rate
