#pragma once
#include <clprobe/kernel.hpp>
#include <clprobe/predicted_call.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// Softmax and layer norm as the probe `workloads/softmax_norm` runs them, for programs that take
/// their kernels into an engine of their own. None of this calls OpenCL.
namespace clprobe::workloads {

enum class RowOperator { softmax, layer_norm };
inline constexpr std::array<const char *, 2> row_operator_names{"softmax", "layer_norm"};
[[nodiscard]] constexpr const char *name_of(RowOperator op) {
    return row_operator_names[static_cast<std::size_t>(op)];
}

/// Of each row of a matrix in single precision, whose rows lie one behind the other. A layer norm
/// has a gain and a bias for each element of a row.
struct SoftmaxNormShape {
    RowOperator op = RowOperator::softmax;
    std::uint32_t rows = 1;
    std::uint32_t length = 1; ///< elements of a row

    static auto columns() {
        constexpr double most = 1 << 20;
        return std::tuple{column("operator", &SoftmaxNormShape::op, row_operator_names),
                          column("rows", &SoftmaxNormShape::rows).between(1, most),
                          column("length", &SoftmaxNormShape::length).between(1, most)};
    }
    [[nodiscard]] double elements() const { return double{1} * rows * length; }
    /// Of the input and the output, which are read and written once at least.
    [[nodiscard]] double bytes() const { return 2 * sizeof(float) * elements(); }
    /// "softmax.2364x197".
    [[nodiscard]] std::string name() const;

    bool operator==(const SoftmaxNormShape &) const = default;
};

/// A way to compute it: the macros of the kernel text `workloads/softmax_norm`.
struct SoftmaxNormPlan {
    unsigned width = 4; ///< elements of a vector: 1, 2, 4, 8 or 16
    unsigned lanes = 1; ///< work-items that share a row: 1 to 1024, a power of two
    unsigned rows = 1;  ///< of a work-group
    /// Vectors that each lane keeps in registers, which are all of a row, so that it is read once;
    /// 0 where it is read again.
    unsigned held = 0;
    bool online = false; ///< of a softmax that reads again: see the kernel text

    static constexpr std::array<const char *, 2> online_names{"no", "yes"};
    static auto columns() {
        return std::tuple{column("vector_width", &SoftmaxNormPlan::width).between(1, 16),
                          column("lanes", &SoftmaxNormPlan::lanes).between(1, 1024),
                          column("group_rows", &SoftmaxNormPlan::rows).between(1, 1024),
                          column("held", &SoftmaxNormPlan::held).between(0, 64),
                          column("online", &SoftmaxNormPlan::online, online_names)};
    }
    /// Of a work-group.
    [[nodiscard]] unsigned items() const { return lanes * rows; }
    /// That a work-item needs, or a few more.
    [[nodiscard]] unsigned registers() const { return (held + 1) * width + 20; }
    /// "64 work-items a row, 4 rows a group, float4, each row kept in registers".
    [[nodiscard]] std::string describe() const;

    bool operator==(const SoftmaxNormPlan &) const = default;
};

/// The launch of the kernel text `workloads/softmax_norm`:
///
///     softmax(input, output, uint rows, uint first_row)
///     layer_norm(input, gains, biases, output, uint rows, float epsilon, uint first_row)
///
/// Work-groups make rows from `first_row` on, of a matrix of `rows`. Where the plan's width divides
/// the length, the matrices (and gains and biases) begin where vectors of that width may: a whole
/// buffer does.
class SoftmaxNorm {
public:
    /// Why the plan is none for the shape; empty where it is one.
    [[nodiscard]] static std::string unfit(const SoftmaxNormShape &shape,
                                           const SoftmaxNormPlan &plan);

    /// Throws InputError where it is none.
    SoftmaxNorm(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan);

    /// For any number of rows of that length.
    [[nodiscard]] std::string build_options() const;
    [[nodiscard]] std::string kernel() const { return name_of(shape_.op); }
    /// So many rows: all of them, or fewer where a launch may not take long.
    [[nodiscard]] NdRange range(std::uint32_t rows) const;

    /// The launch's work by this device's findings: the size, latency and read bandwidth of each
    /// cache level, the memory's bandwidth, the rate of multiply-adds, local memory's latency.
    /// Nothing where the bandwidth of what holds input and output was not measured.
    [[nodiscard]] std::optional<PredictedCall> predicted_call(const Facts &facts) const;
    /// Seconds that it adds to others in a row: `seconds_in_a_row` of it.
    [[nodiscard]] std::optional<double> predicted_seconds(const Facts &facts) const {
        return seconds_in_a_row(predicted_call(facts), facts);
    }

private:
    [[nodiscard]] double resident_groups(const Facts &facts) const;
    [[nodiscard]] double bytes_again() const;
    [[nodiscard]] double instructions(const Facts &facts) const;

    SoftmaxNormShape shape_;
    SoftmaxNormPlan plan_;
};

/// Whether a work-item finds registers for what it holds, by the device's findings; where they do
/// not say how many there are, for 16 vectors on a CPU and 64 numbers elsewhere.
[[nodiscard]] bool fits_registers(const SoftmaxNormPlan &plan, const Facts &facts);

/// Plans to choose from on that device, those with the least predicted time first. Those that do
/// not fit the registers come after all others.
[[nodiscard]] std::vector<SoftmaxNormPlan> softmax_norm_plans(const SoftmaxNormShape &shape,
                                                              const Facts &facts);

/// The finding that is the roof of what moves so many bytes, half of them read and half written:
/// the read bandwidth of the smallest cache that holds them and is not a unit's own (the first
/// level), else the bandwidth of a copy in memory.
[[nodiscard]] std::string bandwidth_that_holds(double bytes, const Facts &facts);

} // namespace clprobe::workloads
