#include "library.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cblas.h>
#include <string_view>

namespace clprobe::cpu_libraries {
namespace {

/// A dense layer on a sequence: a product of a matrix with a row a token and the weights.
class Product final : public Prepared {
public:
    Product(const SizedLayer &sized, const Operands &operands)
        : sized_(sized), m_(static_cast<int>(sized.input.positions())),
          n_(static_cast<int>(sized.output.channels)), k_(static_cast<int>(sized.input.channels)),
          left_(rows_of(operands.input.values, sized.input.positions())),
          right_(rows_of(operands.layers.front().weights, sized.input.channels)),
          product_(static_cast<std::size_t>(m_) * static_cast<std::size_t>(n_)) {}

    void run() override {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m_, n_, k_, 1, left_.data(), k_,
                    right_.data(), n_, 0, product_.data(), n_);
    }
    [[nodiscard]] std::vector<std::string> implementations() const override {
        return {fmt::format("sgemm for {}", openblas_get_corename())};
    }
    [[nodiscard]] double error_growth(std::size_t /*layer*/) const override { return 1; }
    [[nodiscard]] Tensor output(std::size_t /*layer*/) const override {
        return {sized_.output, rows_of(product_, sized_.output.channels)};
    }

private:
    /// The values, which lie row after row of that length, column after column.
    [[nodiscard]] static std::vector<float> rows_of(const std::vector<float> &values,
                                                    std::size_t length) {
        const std::size_t rows = values.size() / length;
        std::vector<float> turned(values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            turned[i % length * rows + i / length] = values[i];
        return turned;
    }

    SizedLayer sized_;
    int m_;
    int n_;
    int k_;
    std::vector<float> left_;
    std::vector<float> right_;
    std::vector<float> product_;
};

class OpenBlas final : public Library {
public:
    [[nodiscard]] std::string name() const override { return "OpenBLAS"; }
    [[nodiscard]] std::string version() const override {
        const std::string_view text = openblas_get_config(); // "OpenBLAS 0.3.21 NO_LAPACKE ..."
        const auto begin = std::min(text.find(' ') + 1, text.size());
        return std::string(text.substr(begin, text.find(' ', begin) - begin));
    }
    [[nodiscard]] std::unique_ptr<Prepared> prepare(const Network &network,
                                                    const Operands &operands) override {
        const std::vector<SizedLayer> layers = sized_layers(network);
        for (const SizedLayer &sized : layers)
            if (sized.layer.op != Operator::dense || layers.size() > 1)
                throw Error(fmt::format("layer {}, {}: OpenBLAS has products of matrices alone",
                                        sized.layer.name, clprobe::name(sized.layer.op)));
        const Layer &only = layers.front().layer;
        if (only.bias || only.activation != Activation::none)
            throw Error(fmt::format("layer {} has a bias or an activation, which OpenBLAS has not",
                                    only.name));
        return std::make_unique<Product>(layers.front(), operands);
    }
};

} // namespace

std::unique_ptr<Library> linked_library() {
    return std::make_unique<OpenBlas>();
}

} // namespace clprobe::cpu_libraries
