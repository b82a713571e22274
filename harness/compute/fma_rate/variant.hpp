#pragma once
#include <clprobe/device_info.hpp>
#include <clprobe/series.hpp>

#include <cstddef>
#include <optional>
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

/// What a chain of dependent multiply-adds computes. No two of them read alike: `affine` reads one
/// register that changes (x*a+b, then x*c+d), `pair` two (x+y*a, then y+x*b), `quadratic` one of
/// them twice (x*x+b).
enum class Recurrence { affine, pair, quadratic };

/// One kernel of the race and how it is launched.
struct Variant {
    Form form = Form::fma;
    Recurrence recurrence = Recurrence::affine;
    unsigned chains = 4; ///< independent recurrences of a work-item, 1 to 16
    unsigned width = 1;  ///< of the vectors: 1, 2, 4, 8, 16
    unsigned turns = 8;  ///< how often the loop's body steps each chain twice, 1 to 1023
    std::size_t local_size = 64;
    std::size_t groups = 64;

    /// Multiply-adds in the loop's body, a vector counting as one.
    [[nodiscard]] unsigned body() const { return 2 * chains * turns; }
    /// With as many turns as come closest to a body of that many.
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

/// The axes of every series of this probe: the variant's properties, then the trips.
[[nodiscard]] std::vector<Axis> axes();
/// Its coordinates on those axes, without the trips.
[[nodiscard]] std::vector<double> coordinates(const Variant &variant);
/// The variant at coordinates (with or without the trips); nothing where they are none's.
[[nodiscard]] std::optional<Variant> variant_at(const std::vector<double> &at);

} // namespace clprobe::probes::fma_rate
