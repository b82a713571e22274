#include "compute/julia/julia.hpp"

namespace clprobe::probes {
namespace {

using namespace julia;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "compute/julia";
    info.question = "How fast is a loop of arithmetic that nothing can be left out of, and with "
                    "groups of what size?";
    info.method =
        "The Julia iteration of the Mali-G52's write-up: for each of 256 x 256 points, "
        "p = (position / 256 - 0.5) * 3, then again and again p = (px^2 - py^2 + c, 2 px py), "
        "counting in how many iterations |p|^2 < 10, with one and with four iterations in the "
        "loop. Where the write-up iterates 1000 times the trips come at run time, so that the rate "
        "is the slope of time over them; c = 0.7885 comes at run time too.\n\n"
        "Both kernels are tried with groups of 1 to 256 work-items along x and along y, as far as "
        "the device allows their product: first a few sizes, then always the neighbour of one that "
        "did well, as long as there is time, and the best ones again. With the best size of each "
        "the rate is measured anew.\n\n"
        "An iteration counts as nine operations: px^2, py^2, their difference, the sum with c, "
        "2 px, that times py, the sum of squares (which serve the next iteration too), a "
        "comparison and a count. Fewer instructions may do for them, and the loop is not counted. "
        "The write-up counts what the compiler of a Mali made of it: `clprobe inspect` shows "
        "that.\n\n"
        "Counts are compared with the host's on points that no rounding can move over the limit. "
        "The published points are all at infinity within 17 iterations, which a count cannot see "
        "beyond. So the same kernels run with c = -1.9 on the line py = 0 as well, where px stays "
        "between -2 and 2 for ever, chaotic: then each iteration counts, and the last px must "
        "be the host's to the last bit. The local sizes are chosen on those.";
    info.pitfalls = {
        "Of the write-up's 1000 iterations, 983 and more work on infinities and NaN. Processors "
        "without traps do that at the same speed, at less power; the rate on points that stay "
        "finite stands beside it, and one that is much slower makes the rate suspect.",
        "65536 work-items do not fill the largest GPUs.",
        "Some drivers compile for each local size at its first launch: their sweeps end early.",
        "As compilers are free to fuse px^2 - py^2 or not, points close to the edge of the set "
        "have no right count.",
    };
    info.sources = {
        "the write-up of the Mali-G52 that started the project: 74.75 of 76.8 G instructions/s",
    };
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::grid, axes<GridRow>(), time, "each local size, on bounded points"},
                   {series::rate, axes<RateRow>(), time, "the best local sizes, measured anew"}};
    info.kernels = {kernel_text};
    info.seconds = 4;
    return info;
}

std::vector<KernelVariant> inspected(const DeviceInfo &) {
    std::vector<KernelVariant> kernels;
    for (const Body body : all_bodies)
        kernels.push_back({name(body), kernel_text, build_options(body), kernel_function});
    return kernels;
}

class Julia final : public Probe {
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
    [[nodiscard]] std::optional<Picture> picture(const Dataset &data) const override {
        return picture_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_compute_julia() {
    return std::make_unique<Julia>();
}

} // namespace clprobe::probes
