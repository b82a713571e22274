#pragma once
#include <clprobe/probe.hpp>

#include <memory>
#include <utility>

namespace clprobe::probes {

/// A probe by its parts, for one whose parts are in files of their own: functions that do what
/// `Probe` asks of those of the same names. Of those that are left out, `Probe` says what is done.
struct ProbeParts {
    ProbeInfo info;
    void (*measure)(Bench &);
    std::vector<Finding> (*interpret)(const Dataset &, const Facts &);
    std::optional<std::string> (*unsupported)(const DeviceInfo &) = nullptr;
    std::vector<KernelVariant> (*kernels)(const DeviceInfo &) = nullptr;
    std::vector<Curve> (*curves)(const Dataset &) = nullptr;
    std::vector<HeatMap> (*heat_maps)(const Dataset &) = nullptr;
    std::optional<Picture> (*picture)(const Dataset &) = nullptr;
};

[[nodiscard]] inline std::unique_ptr<Probe> probe_of(ProbeParts parts) {
    class Assembled final : public Probe {
    public:
        explicit Assembled(ProbeParts parts) : parts_(std::move(parts)) {}
        [[nodiscard]] const ProbeInfo &info() const override { return parts_.info; }
        void measure(Bench &bench) const override { parts_.measure(bench); }
        [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                     const Facts &facts) const override {
            return parts_.interpret(data, facts);
        }
        [[nodiscard]] std::optional<std::string>
        unsupported(const DeviceInfo &device) const override {
            return parts_.unsupported ? parts_.unsupported(device) : Probe::unsupported(device);
        }
        [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
            return parts_.kernels ? parts_.kernels(device) : Probe::kernels(device);
        }
        [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
            return parts_.curves ? parts_.curves(data) : Probe::curves(data);
        }
        [[nodiscard]] std::vector<HeatMap> heat_maps(const Dataset &data) const override {
            return parts_.heat_maps ? parts_.heat_maps(data) : Probe::heat_maps(data);
        }
        [[nodiscard]] std::optional<Picture> picture(const Dataset &data) const override {
            return parts_.picture ? parts_.picture(data) : Probe::picture(data);
        }

    private:
        ProbeParts parts_;
    };
    return std::make_unique<Assembled>(std::move(parts));
}

} // namespace clprobe::probes
