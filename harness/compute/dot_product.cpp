#include "compute/dot_product/dot_product.hpp"

namespace clprobe::probes {
namespace {

using namespace dot_product;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "compute/dot_product";
    info.question = "How much arithmetic can be done on vectors on their way through the device, "
                    "over buffers and over images?";
    info.method =
        "The dot products of the Mali-G52's write-up: each work-item loads two or three vectors of "
        "four floats, x, y and z, and stores one. A pair of vectors gives four dot products, of "
        "the first with the second and with its orders yxwz, zwxy and wzyx: 16 multiplications. "
        "One pair, x and y, is the write-up's first program; all three pairs are its 48 "
        "multiplications. With x, y and z each with itself and the first result with z it wrote "
        "112, of which its compiler shared some and 107 were left: of a vector with itself six "
        "products come twice, and as many are taken once here. How it chains results to 169 and "
        "261 it does not tell: here each result is paired with the next of x, y and z, in 11 and "
        "17 pairs, of which 7 and 11 products are taken once. All results are added up.\n\n"
        "A program does more arithmetic for the same memory than the one before it, so that the "
        "bandwidth limits the first, and arithmetic the last where it can. The vectors are random, "
        "in arrays that caches do not hold, of buffers and of images; a trip of the loop goes on "
        "in the rows after it, no launch comes to a row twice, and each goes on where the last one "
        "ended.\n\n"
        "All are tried with groups of 1 to 256 work-items along x and along y, as far as the "
        "device allows their product: first a few sizes, then always the neighbour of one that did "
        "well, as long as there is time, and the best ones again. With its best size each is "
        "measured anew, in turn with the others, by the slope of time over trips.\n\n"
        "A rate counts the additions and multiplications that are left when each value is computed "
        "only once: 28, 92, 202, 330 and 522 a work-item. The method of a finding has the "
        "multiplications a second at the write-up's own count beside it. Results chosen after each "
        "launch are compared with the host's, within 4e-6: all terms are positive, so that no "
        "order of additions and no fusing takes them further apart.";
    info.pitfalls = {
        "The write-up's GFLOPS count a multiplication and the addition that goes with it once, the "
        "rates here twice.",
        "x with itself has the same product twice. A compiler may leave out one of them, or fuse "
        "both with an addition: no rate counts more than the least.",
        "A store that first reads its line into a cache moves 16 B more than is counted.",
        "Where a dot product is a function of a library or an image's texel comes through a table "
        "of formats, that is what is measured: PoCL's images are several times slower than its "
        "buffers.",
        "Some drivers compile for each local size at its first launch: their sweeps end early. A "
        "rate is suspect where a neighbour of its local size was not tried.",
    };
    info.sources = {
        "the write-up of the Mali-G52 that started the project: 1.2, 5.03, 9.99 and 17.03 "
        "GFLOPS at about 6 GB/s, one multiplication counting one",
    };
    info.cross_checks = {"compute/fma_rate", "memory/buffer_bandwidth"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
        {series::grid, axes<RateRow>(), time, "each local size"},
        {series::rate, axes<RateRow>(), time, "the best local size of each, measured anew"}};
    info.kernels = {kernel_text};
    info.seconds = 5;
    return info;
}

std::vector<KernelVariant> inspected(const DeviceInfo &) {
    std::vector<KernelVariant> kernels;
    for (const Variant &variant : variants)
        kernels.push_back(
            {std::to_string(variant.published), kernel_text, variant.build_options(), {}});
    return kernels;
}

class DotProduct final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return inspected(device);
    }
    [[nodiscard]] std::vector<HeatMap> heat_maps(const Dataset &data) const override {
        return maps_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_compute_dot_product() {
    return std::make_unique<DotProduct>();
}

} // namespace clprobe::probes
