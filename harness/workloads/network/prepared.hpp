#pragma once
#include "common/launch_chain.hpp"
#include "common/operands.hpp"
#include "workloads/convolution/convolution.hpp"
#include "workloads/network/network.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clprobe::probes::network {

/// A layer that is ready to run.
struct Ready {
    LayerRow row;
    std::vector<BoundLaunch> launches; ///< without checks
    std::optional<LaunchChain> chain;
    std::size_t most = 1; ///< rounds in a row
};

/// A network on the device, each of its layers verified: its weights and activations lie where its
/// launches take them.
class Prepared {
public:
    /// The shapes are the network's, and the plans those that are chained for them.
    Prepared(Bench &bench, std::uint32_t number, const std::vector<ConvolutionShape> &shapes,
             const std::vector<ConvolutionPlan> &plans, const HeadTile &head);

    [[nodiscard]] std::vector<Ready> &layers() { return layers_; }
    [[nodiscard]] std::vector<BoundLaunch> launches() const {
        std::vector<BoundLaunch> all;
        for (const Ready &layer : layers_)
            all.insert(all.end(), layer.launches.begin(), layer.launches.end());
        return all;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Writes to all activations and the result what no layer would compute.
    void spoil() const;
    /// Throws VerificationError where the result is not what was verified: it is made by the same
    /// sums each time.
    void expect_same_result() const;

private:
    /// Of the network, and counted among what it needs.
    [[nodiscard]] Buffer buffer(std::size_t bytes) {
        bytes_ += bytes;
        return bench_.buffer(bytes);
    }
    [[nodiscard]] Buffer written(const std::vector<float> &values) {
        const Buffer made = buffer(values.size() * sizeof(float));
        bench_.write<float>(made, values);
        return made;
    }
    /// For activations that hold these values until they are computed.
    [[nodiscard]] Buffer spoilt(std::vector<float> values) {
        const Buffer made = written(values);
        spoilt_.emplace_back(made, std::move(values));
        return made;
    }
    /// Only until it is packed.
    [[nodiscard]] Buffer passing(const std::vector<float> &values) const;

    /// Runs the launches of the next layer, verifies what the last one leaves, and keeps them.
    void add(const ConvolutionPlan &plan, std::vector<BoundLaunch> launches,
             const std::function<void(const LaunchOutcome &)> &check);
    void note_error(const LaunchOutcome &outcome, float found, const ExactSum &sum);

    /// Packs the image where there is no `input` yet. Makes an image of the output of the image.
    Buffer add_convolution(const Layer &layer, const ConvolutionShape &shape,
                           const ConvolutionPlan &plan, const std::optional<Buffer> &input,
                           std::vector<float> &image);

    /// The planes of the output. Throws VerificationError where it is not what the host makes of
    /// that input, as far as was compared, or the halo or a channel that only fills the last block
    /// is not zero.
    std::vector<float> checked_output(const LaunchOutcome &outcome, const Buffer &to,
                                      const ConvolutionShape &shape,
                                      const workloads::ActivationLayout &layout,
                                      const convolution::HostOperands &operands);

    /// The channels are filled up with zeros to whole vectors.
    Buffer add_pool(const Program &program, const HeadTile &head,
                    const workloads::ActivationLayout &layout, const Buffer &input,
                    std::vector<float> &image);
    void add_dense(const Program &program, const HeadTile &head, const SizedLayer &sized,
                   const Buffer &input, std::vector<float> &image);

    /// Built once, since layers share programs.
    [[nodiscard]] const Program &built(const std::string &options);

    Bench &bench_;
    std::uint32_t number_;
    const Network &network_;
    std::map<std::string, Program> programs_; ///< by options
    std::vector<Ready> layers_;
    std::vector<std::pair<Buffer, std::vector<float>>> spoilt_;
    std::optional<Buffer> output_; ///< of the last layer
    std::vector<float> result_;
    std::size_t bytes_ = 0;
};

} // namespace clprobe::probes::network
