#include "compute/fma_rate/course.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

Move to_form(Form form) {
    return [form](const Variant &from) {
        Variant to = from;
        to.form = form;
        return to;
    };
}

Move to_recurrence(Recurrence recurrence) {
    return [recurrence](const Variant &from) {
        Variant to = from;
        to.recurrence = recurrence;
        return to;
    };
}

Move to_chains(unsigned chains) {
    return [chains](const Variant &from) {
        Variant to = from;
        to.chains = std::clamp(chains, 1U, 16U);
        return to.with_body(from.body());
    };
}

Move to_width(unsigned width) {
    return [width](const Variant &from) {
        Variant to = from;
        to.width = std::clamp(width, 1U, 16U);
        return to;
    };
}

Move to_body(unsigned operations) {
    return [operations](const Variant &from) { return from.with_body(operations); };
}

/// As many groups of another size.
Move to_larger_groups(std::size_t size) {
    return [size](const Variant &from) {
        Variant to = from;
        to.local_size = size;
        return to;
    };
}

/// The same number of work-items in groups of another size.
Move to_local_size(std::size_t size) {
    return [size](const Variant &from) {
        Variant to = from;
        to.local_size = size;
        to.groups = std::max<std::size_t>(1, from.groups * from.local_size / size);
        return to;
    };
}

Move to_groups(std::size_t groups) {
    return [groups](const Variant &from) {
        Variant to = from;
        to.groups = groups;
        return to;
    };
}

std::size_t largest_group(const DeviceInfo &device) {
    return device.max_work_group_size.value_or(64);
}

/// A CPU's vectors are as wide as the kernel says, and its groups are tasks for its workers: many
/// of them, so that none waits long for the last.
Course cpu_course(const DeviceInfo &device, std::size_t units) {
    Course course;
    course.launch_seconds = 10e-3;
    course.start.chains = 12;
    course.start.width = 16;
    course.start.local_size = std::min<std::size_t>(16, largest_group(device));
    course.start.groups = 64 * units;
    course.start = course.start.with_body(64);
    course.stages = {
        // First of all: fma() is a call that takes a hundred times as long on some.
        {"form", {to_form(Form::expression), to_form(Form::mad)}},
        {"width", {to_width(8), to_width(4), to_width(2)}},
        {"scalars", {to_width(1)}}, // best where a vector's lanes are work-items
        {"chains", {to_chains(8), to_chains(10), to_chains(6), to_chains(16), to_chains(4)}},
        {"body", {to_body(128), to_body(256), to_body(1024)}},
        {"local size",
         {to_larger_groups(std::min<std::size_t>(64, largest_group(device))), to_local_size(1)}},
        {"recurrence", {to_recurrence(Recurrence::quadratic), to_recurrence(Recurrence::pair)}},
    };
    return course;
}

/// A GPU has enough lanes for scalars, and what counts is how little of the loop is not a
/// multiply-add. All groups must be resident at once: the last of several waves ends when it likes.
Course gpu_course(const DeviceInfo &device, std::size_t units) {
    Course course;
    course.launch_seconds = 4e-3;
    const std::size_t size = std::min<std::size_t>(256, largest_group(device));
    constexpr std::size_t threads_a_unit = 1024;
    course.start.form = Form::expression; // which no compiler has to make up
    course.start.chains = 4;
    course.start.local_size = size;
    course.start.groups = units * std::max<std::size_t>(1, threads_a_unit / size);
    course.start = course.start.with_body(64);
    course.stages = {
        {"body", {to_body(1024), to_body(256), to_body(2048)}},
        {"groups",
         {to_groups(2 * course.start.groups),
          to_groups(std::max<std::size_t>(1, course.start.groups / 2))}},
        {"chains", {to_chains(8), to_chains(2), to_chains(16), to_chains(1)}},
        {"width", {to_width(2), to_width(4)}}, // wider ones are further chains
        {"form", {few_fmas, to_form(Form::mad)}},
        {"body", {to_body(1024), to_body(256)}}, // of fma(), where that won
        {"local size",
         {to_local_size(64), to_local_size(std::min<std::size_t>(1024, largest_group(device)))}},
        {"recurrence", {to_recurrence(Recurrence::quadratic), to_recurrence(Recurrence::pair)}},
    };
    return course;
}

/// Another type starts from what won for the first: only what its size changes is tried again.
Course narrower_course(Course course, Real real, DeviceType device, const Variant &winner) {
    Variant &start = course.start = winner;
    if (device == DeviceType::cpu) {
        start.width = real == Real::fp64 ? std::max(1U, winner.width / 2) : winner.width;
        course.stages = {{"width", {to_width(start.width * 2), to_width(start.width / 2)}}};
    } else {
        course.stages = {{"width", {to_width(2), to_width(4)}}};
    }
    const Move other = start.form != Form::expression ? to_form(Form::expression)
                       : device == DeviceType::cpu    ? to_form(Form::fma)
                                                      : Move(few_fmas);
    course.stages.insert(course.stages.end(),
                         {{"chains", {to_chains(start.chains * 2), to_chains(start.chains / 2)}},
                          {"form", {other, to_form(Form::mad)}},
                          {"body", {to_body(start.body() / 2), to_body(start.body() * 2)}}});
    return course;
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

} // namespace

Variant few_fmas(const Variant &from) {
    Variant to;
    to.form = Form::fma;
    to.local_size = from.local_size;
    to.groups = from.groups;
    return to.with_body(8);
}

Course course_for(Real real, const DeviceInfo &device, std::size_t units, Profile profile,
                  const std::optional<Variant> &first_winner) {
    Course course =
        device.type == DeviceType::cpu ? cpu_course(device, units) : gpu_course(device, units);
    if (profile == Profile::tiny) {
        const Form form = course.start.form;
        course.start = Variant{};
        course.start.form = form;
        course.start.local_size = 4;
        course.start.groups = 2;
        course.start.width = 2;
        course.start.chains = 2;
        course.start = course.start.with_body(8);
    }
    if (first_winner)
        course = narrower_course(std::move(course), real, device.type, *first_winner);
    for (Stage &stage : course.stages)
        stage.moves.resize(std::min(stage.moves.size(), values_per_stage(profile)));
    return course;
}

} // namespace clprobe::probes::fma_rate
