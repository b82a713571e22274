#pragma once
#include <clprobe/device.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe::probes::fma_rate {

/// The number types that the probe knows, most common first.
enum class Real { fp32, fp64, fp16 };
inline constexpr Real all_reals[] = {Real::fp32, Real::fp64, Real::fp16};
[[nodiscard]] std::string_view name(Real real);    ///< "fp32"
[[nodiscard]] std::string_view type_of(Real real); ///< "float"

/// How the kernel writes a multiply-add: `fma()`, `mad()`, or `a * b + c`.
enum class Form { fma, mad, expression };
inline constexpr std::array<const char *, 3> form_names{"fma", "mad", "a*b+c"};

/// What a chain of dependent multiply-adds computes. No two of them read alike: `affine` reads one
/// register that changes (x*a+b, then x*c+d), `pair` two (x+y*a, then y+x*b), `quadratic` one of
/// them twice (x*x+b).
enum class Recurrence { affine, pair, quadratic };
inline constexpr std::array<const char *, 3> recurrence_names{"affine", "pair", "quadratic"};

/// One kernel of the race and how it is launched: the row of every series of this probe.
struct Variant {
    Form form = Form::fma;
    Recurrence recurrence = Recurrence::affine;
    unsigned chains = 4; ///< independent recurrences of a work-item, 1 to 16
    unsigned width = 1;  ///< of the vectors: 1, 2, 4, 8, 16
    unsigned body = 64;  ///< multiply-adds in the loop's body, a vector counting as one
    std::size_t local_size = 64;
    std::size_t groups = 64;

    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("form", &Variant::form, form_names),
                          column("recurrence", &Variant::recurrence, recurrence_names),
                          column("chains", &Variant::chains).between(1, 16),
                          column("width", &Variant::width).between(1, 16),
                          column("body", &Variant::body).between(2, 2 * 1023 * 16),
                          column("local_size", &Variant::local_size).between(1, most),
                          column("groups", &Variant::groups).between(1, most),
                          trips()};
    }
    /// How often the loop's body steps each chain twice.
    [[nodiscard]] unsigned turns() const { return body / (2 * chains); }
    /// With as many turns (1 to 1023) as come closest to a body of that many.
    [[nodiscard]] Variant with_body(unsigned operations) const;
    /// Multiply-adds that all work-items together do in one trip, each vector element counting.
    [[nodiscard]] double per_trip() const;
    [[nodiscard]] std::string build_options(Real real) const;
    /// What it computes on what: "x = fma(x, a, b), float16".
    [[nodiscard]] std::string label(Real real) const;
    /// As people read it: "fma(x, a, b), 12 chains of float16, 72 in the loop, 256 groups of 16".
    [[nodiscard]] std::string describe(Real real) const;

    bool operator==(const Variant &) const = default;
};

/// What measures the latency of an operation: one work-item of scalars.
[[nodiscard]] Variant latency_variant(Form form, unsigned chains);
/// Why the device cannot be asked about that type; empty where it can.
[[nodiscard]] std::string lacks(const DeviceInfo &device, Real real);

} // namespace clprobe::probes::fma_rate
