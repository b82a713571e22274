#pragma once
#include "common/half.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::fma_rate {

inline constexpr const char *kernel_text = "compute/fma_rate";

/// The number types that the probe knows, most common first.
enum class Real { fp32, fp64, fp16 };
inline constexpr Real all_reals[] = {Real::fp32, Real::fp64, Real::fp16};
[[nodiscard]] std::string name(Real real);    ///< "fp32"
[[nodiscard]] std::string type_of(Real real); ///< "float"

/// How the kernel writes a multiply-add: `fma()`, `mad()`, or `a * b + c`; or as an instruction
/// that does two of halves, where the compiler takes PTX and OpenCL C has no such type.
enum class Form { fma, mad, expression, ptx };
inline constexpr std::array<const char *, 4> form_names{"fma", "mad", "a*b+c", "fma.rn.f16x2"};

/// Whether multiply-adds of that type can be had there only as inline PTX.
[[nodiscard]] bool only_as_ptx(Real real, const DeviceInfo &device);

/// What a chain of dependent multiply-adds computes. No two of them read alike: `affine` reads one
/// register that changes (x*a+b, then x*c+d), `pair` two (x+y*a, then y+x*b), `quadratic` one of
/// them twice (x*x+b).
enum class Recurrence { affine, pair, quadratic };
inline constexpr std::array<const char *, 3> recurrence_names{"affine", "pair", "quadratic"};

/// One candidate kernel and how it is launched: the row of every series of this probe.
struct Variant {
    Form form = Form::fma;
    Recurrence recurrence = Recurrence::affine;
    unsigned chains = 4; ///< independent recurrences of a work-item, 1 to 16
    unsigned width = 1;  ///< of the vectors: 1 (but of `ptx`, which has pairs), 2, 4, 8, 16
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

/// How a device may round a multiply-add: once, or the product as well.
enum class Arithmetic { fused, unfused };

/// What the host passes to the kernel. The kernel cannot know them when it is compiled, they keep
/// all values near one, and no chain comes to rest on them, so that the last word depends on each
/// single step: affine chains drift by a few units in the last place a turn (in half they settle
/// after some thousand), pairs rotate (HAKMEM item 149), quadratic ones are chaotic.
struct Operands {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
};
[[nodiscard]] Operands operands(Real real, Recurrence recurrence);
using probes::half_bits;

/// The word that the kernel must leave for one vector element (its number is that of the work-item
/// times the width plus its index in the vector), computed step by step.
[[nodiscard]] std::uint32_t expected_word(Real real, const Variant &variant, Arithmetic arithmetic,
                                          std::size_t element, std::uint32_t trips);

/// A variant made of another one.
using Move = std::function<Variant(const Variant &)>;

/// What else to try for one property of a variant, the most promising first.
struct Stage {
    std::vector<Move> moves;

    [[nodiscard]] std::vector<Variant> operator()(const Variant &best) const {
        std::vector<Variant> variants;
        for (const Move &move : moves)
            variants.push_back(move(best));
        return variants;
    }
};

/// Where tuning starts and what it tries in turn, each stage from the best so far (a coordinate
/// descent).
struct SearchSpace {
    Variant start;
    std::vector<Stage> stages;
};

/// That of a type on this kind of device. `first_winner` is the variant that won for the
/// first type: the others start from it. Smaller profiles try fewer values a stage.
[[nodiscard]] SearchSpace search_space_for(Real real, const DeviceInfo &device, std::size_t units,
                                           Profile profile,
                                           const std::optional<Variant> &first_winner);

/// The builds to inspect: for each type that the device has, the forms over widths of vectors, then
/// the other recurrences and the single chain of the latency, all in the shape that tuning starts
/// from.
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

/// Finds the fastest variant of each type, then measures all of them anew.
void run_experiments(Bench &bench);

/// Attributes of the data, after the type's name: why a type was not measured, and how its work was
/// verified.
namespace entry {
inline const std::string unsupported = ".unsupported"; ///< text: the reason
inline const std::string failed = ".failed";           ///< text: the reason
inline const std::string rejection = ".rejection";     ///< text: why the last variant was left out
inline const std::string rejected = ".rejected";       ///< number: variants left out
inline const std::string arithmetic = ".arithmetic";   ///< text: "rounded once", say
inline const std::string verified = ".verified_words"; ///< number: of the timed launches
} // namespace entry

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);

} // namespace clprobe::probes::fma_rate
