#pragma once
#include "common/launch_chain.hpp"
#include "common/operands.hpp"
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
    std::uint32_t layer = 0;
    ConvolutionPlan convolution = {};
    std::optional<GemmPlan> product = {};
    std::vector<BoundLaunch> launches = {}; ///< without checks
    std::optional<LaunchChain> chain = {};
    std::size_t most = 1; ///< rounds in a row
};

/// A network on the device, each of its layers verified: its weights and activations lie where its
/// launches take them.
class Prepared {
public:
    /// Times the first launches on `plain`, a context with a queue without profiling. The plan is
    /// for the graph, which is the network's of that number.
    Prepared(Bench &bench, const Context &plain, std::uint32_t number, Graph graph,
             const NetworkPlan &plan, const HeadTile &head);

    [[nodiscard]] std::vector<Ready> &layers() { return layers_; }
    [[nodiscard]] std::vector<BoundLaunch> launches() const {
        std::vector<BoundLaunch> all;
        for (const Ready &layer : layers_)
            all.insert(all.end(), layer.launches.begin(), layer.launches.end());
        return all;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// Of all layers one after the other, when each was run for the first time.
    [[nodiscard]] double first_seconds() const { return first_seconds_; }

    /// Writes to all activations what no layer would compute.
    void spoil() const;
    /// Throws VerificationError where what the network returns is not what was verified: it is made
    /// by the same sums each time.
    void expect_same_result() const;

private:
    /// What a layer takes or computes. The host's values are image after image the channels of each
    /// one after the other, or the tokens of sequences.
    struct Tensor {
        std::optional<Buffer> buffer;           ///< none of one that is never kept
        std::optional<ActivationLayout> layout; ///< of an image
        std::vector<float> values;              ///< until no layer needs them
    };

    /// Where the element lies that is the host's of that number.
    [[nodiscard]] static std::size_t index_of(const Tensor &tensor, std::size_t number);
    /// A buffer of the network's, counted among what it needs.
    [[nodiscard]] Buffer buffer(std::size_t bytes) {
        bytes_ += bytes;
        return bench_.buffer(bytes);
    }
    [[nodiscard]] Buffer written(const std::vector<float> &values) {
        const Buffer made = buffer(values.size() * sizeof(float));
        bench_.write<float>(made, values);
        return made;
    }
    /// Only until it is packed.
    [[nodiscard]] Buffer passing(const std::vector<float> &values) const;
    /// Filled up with zeros to whole vectors.
    [[nodiscard]] std::vector<float> in_vectors(std::vector<float> values) const;
    /// What a tensor's buffer holds before its layer writes it: poison, and zeros in what no layer
    /// writes.
    [[nodiscard]] std::vector<float> spoilt_values(std::size_t tensor) const;
    /// From -1 to 1 times `scale`.
    [[nodiscard]] std::vector<float> random_values(std::size_t count, double scale);
    /// Weights that leave results as large as what they are made of (He et al. 2015).
    [[nodiscard]] std::vector<float> random_weights(std::size_t count, double products,
                                                    double gain);
    [[nodiscard]] std::vector<float> random_biases(const Layer &layer, std::size_t count);

    /// An element of a tensor: of images, whose rows are counted over all of a batch, or the
    /// channel of a token, whose number is `x`.
    struct Place {
        std::uint32_t channel = 0;
        std::uint32_t y = 0;
        std::uint32_t x = 0;
    };

    void add_input();
    void add_layer(std::uint32_t layer, const NetworkPlan &plan);
    void add_convolution(std::uint32_t layer, const ConvolutionShape &shape,
                         const ConvolutionPlan &plan);
    void add_sum(std::uint32_t layer);
    void add_max_pool(std::uint32_t layer);
    void add_average_pool(std::uint32_t layer);
    void add_dense(std::uint32_t layer);
    void add_product(std::uint32_t layer, const GemmShape &shape, const GemmPlan &plan);
    void add_layer_norm(std::uint32_t layer, const SoftmaxNormPlan &plan);
    void add_attention(std::uint32_t layer, const AttentionShape &shape, const AttentionPlan &plan);
    void add_attention_of_token(std::uint32_t layer);
    /// What an attention makes of its input and of what it has cached, keys and values of each
    /// token side by side.
    [[nodiscard]] ExactSum attention_sum(std::uint32_t layer, const Place &place,
                                         const std::vector<float> &past) const;

    using Exact = std::function<ExactSum(const Place &)>;
    /// Runs the launches of a layer, verifies the tensor that they make against what the host has,
    /// as far as it is compared, and keeps them. Throws VerificationError also where an element was
    /// not written, or one that no layer writes was.
    void add(Ready ready, const Exact &exact);
    [[nodiscard]] std::vector<float> checked(const LaunchOutcome &outcome, const Tensor &tensor,
                                             const TensorShape &shape, const Exact &exact);
    [[nodiscard]] std::vector<Place> places_to_check(const TensorShape &shape, bool image);
    /// What a dense layer makes of that sum of the weights that `weight` has.
    [[nodiscard]] ExactSum dense_sum(std::uint32_t layer, const Place &place,
                                     const std::vector<float> &biases,
                                     const std::function<float(std::size_t input)> &weight) const;

    /// Built once, since layers share programs.
    [[nodiscard]] const Program &built(const char *text, const std::string &options);
    [[nodiscard]] Kernel kernel(const char *name);

    [[nodiscard]] const SizedLayer &sized(std::uint32_t layer) const {
        return graph_.layers()[layer];
    }
    /// Of the first that the layer takes.
    [[nodiscard]] const Tensor &input_of(std::uint32_t layer) const {
        return tensors_[graph_.inputs(layer).front()];
    }
    [[nodiscard]] const Tensor &result_of(std::uint32_t layer) const {
        return tensors_[graph_.result(layer)];
    }

    Bench &bench_;
    Context plain_;
    std::uint32_t number_;
    Graph graph_;
    HeadTile head_;
    /// Neighbouring pixels of an addition's or a pool's work-item: on a CPU loops cost less than
    /// work-items.
    std::uint32_t run_;
    std::map<std::pair<std::string, std::string>, Program> programs_; ///< by text and options
    std::vector<float> pool_;                                         ///< random numbers
    std::vector<Tensor> tensors_;
    std::vector<Ready> layers_;
    std::size_t products_ = 0;   ///< so far
    std::size_t attentions_ = 0; ///< likewise
    std::size_t norms_ = 0;      ///< likewise
    std::size_t bytes_ = 0;
    double first_seconds_ = 0;
};

/// What the activation makes of a sum, with what rounding can make of it.
[[nodiscard]] ExactSum activated(ExactSum sum, Activation activation);

} // namespace clprobe::probes::network
