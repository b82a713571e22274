#include "compute/fma_rate/variant.hpp"

#include <algorithm>
#include <array>

namespace clprobe::probes::fma_rate {
namespace {

std::string multiply_add(Form form, const std::string &a, const std::string &b,
                         const std::string &c) {
    switch (form) {
    case Form::fma:
        return "fma(" + a + ", " + b + ", " + c + ")";
    case Form::mad:
        return "mad(" + a + ", " + b + ", " + c + ")";
    case Form::expression:
        break;
    }
    return a + "*" + b + "+" + c;
}

std::string recurrence_text(Form form, Recurrence recurrence) {
    switch (recurrence) {
    case Recurrence::affine:
        return "x = " + multiply_add(form, "x", "a", "b");
    case Recurrence::pair:
        return "x = " + multiply_add(form, "y", "a", "x");
    case Recurrence::quadratic:
        break;
    }
    return "x = " + multiply_add(form, "x", "x", "b");
}

std::string vector_of(Real real, unsigned width) {
    return std::string(type_of(real)) + (width > 1 ? std::to_string(width) : "");
}

} // namespace

std::string_view name(Real real) {
    constexpr std::array<std::string_view, 3> names = {"fp32", "fp64", "fp16"};
    return names[static_cast<std::size_t>(real)];
}

std::string_view type_of(Real real) {
    constexpr std::array<std::string_view, 3> types = {"float", "double", "half"};
    return types[static_cast<std::size_t>(real)];
}

Variant Variant::with_body(unsigned operations) const {
    Variant variant = *this;
    variant.body = 2 * chains * std::clamp((operations + chains) / (2 * chains), 1U, 1023U);
    return variant;
}

double Variant::per_trip() const {
    return static_cast<double>(body) * width * static_cast<double>(local_size) *
           static_cast<double>(groups);
}

std::string Variant::build_options(Real real) const {
    return "-DREAL=" + std::string(type_of(real)) + " -DWIDTH=" + std::to_string(width) +
           " -DCHAINS=" + std::to_string(chains) + " -DTURNS=" + std::to_string(turns()) +
           " -DFORM=" + std::to_string(static_cast<int>(form)) +
           " -DRECURRENCE=" + std::to_string(static_cast<int>(recurrence));
}

std::string Variant::label(Real real) const {
    return recurrence_text(form, recurrence) + ", " + vector_of(real, width);
}

std::string Variant::describe(Real real) const {
    return recurrence_text(form, recurrence) + ", " + std::to_string(chains) +
           (chains == 1 ? " chain of " : " chains of ") + vector_of(real, width) + ", " +
           std::to_string(body) + " in the loop, " + std::to_string(groups) +
           (groups == 1 ? " group of " : " groups of ") + std::to_string(local_size);
}

Variant latency_variant(Form form, unsigned chains) {
    Variant variant;
    variant.form = form;
    variant.chains = chains;
    variant.body = 64 * chains;
    variant.local_size = 1;
    variant.groups = 1;
    return variant;
}

std::string lacks(const DeviceInfo &device, Real real) {
    if (real == Real::fp64 && !device.fp64)
        return "the device has no double precision";
    if (real == Real::fp16 && !device.fp16)
        return "the device has no half precision";
    return {};
}

} // namespace clprobe::probes::fma_rate
