#pragma once
#include <clprobe/launch.hpp>
#include <clprobe/workloads.hpp>

#include <cstdint>
#include <utility>

namespace clprobe::probes {

/// The launches of a product of matrices with their arguments, which clprobe/workloads.hpp lists.
/// Where `written` is given, it is the buffer that the kernel writes.
class GemmLaunches {
public:
    /// The program is built with the product's options.
    GemmLaunches(Program program, const workloads::GemmShape &shape,
                 const workloads::GemmPlan &plan,
                 workloads::Numbers numbers = workloads::Numbers::fp32)
        : program_(std::move(program)), shape_(shape), plan_(plan), gemm_(shape, plan, numbers) {}

    [[nodiscard]] const workloads::Gemm &gemm() const { return gemm_; }
    /// Whether B has to be packed first; A where `gemm().packs_left()`.
    [[nodiscard]] bool packs() const { return plan_.family == workloads::KernelFamily::panels; }
    /// Whether the product is made in parts, which `add_parts` adds up.
    [[nodiscard]] bool in_parts() const { return !packs() && plan_.group_tile.splits > 1; }

    [[nodiscard]] BoundLaunch pack_left(const Buffer &matrix, const Argument &written) const;
    [[nodiscard]] BoundLaunch pack_right(const Buffer &matrix, const Argument &written) const;
    /// So many blocks, from `first` on.
    [[nodiscard]] BoundLaunch multiply(const Buffer &left, const Buffer &right,
                                       const Argument &written, std::uint32_t first,
                                       std::uint32_t blocks) const;
    [[nodiscard]] BoundLaunch add_parts(const Buffer &parts, const Argument &written) const;

private:
    Program program_;
    workloads::GemmShape shape_;
    workloads::GemmPlan plan_;
    workloads::Gemm gemm_;
};

} // namespace clprobe::probes
