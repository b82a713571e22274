#pragma once
#include "reference.hpp"

#include <clprobe/network.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

// A library of the processor's that computes networks, beside which `clprobe network --against cpu`
// sets a device: each in a program of its own, so that nothing else needs it, and so that its
// threads are started in an environment that is known.
namespace clprobe::cpu_libraries {

/// A network that lies ready in a library's own formats.
class Prepared {
public:
    Prepared() = default;
    Prepared(const Prepared &) = delete;
    Prepared &operator=(const Prepared &) = delete;
    virtual ~Prepared() = default;

    /// Once, from the input to the last layer's output.
    virtual void run() = 0;
    /// Which of the library's kernels each layer has.
    [[nodiscard]] virtual std::vector<std::string> implementations() const = 0;
    /// How far a rounding error may grow in that layer, against a sum of its products in any order:
    /// 1 but for algorithms that multiply something else.
    [[nodiscard]] virtual double error_growth(std::size_t layer) const = 0;
    /// What the last run left of that layer.
    [[nodiscard]] virtual Tensor output(std::size_t layer) const = 0;
};

/// What is linked to the program is one of these.
class Library {
public:
    Library() = default;
    Library(const Library &) = delete;
    Library &operator=(const Library &) = delete;
    virtual ~Library() = default;

    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string version() const = 0;
    /// With these weights and this input. Throws Error, naming the layer, where it has nothing for
    /// one.
    [[nodiscard]] virtual std::unique_ptr<Prepared> prepare(const Network &network,
                                                            const Operands &operands) = 0;
};

[[nodiscard]] std::unique_ptr<Library> linked_library();

} // namespace clprobe::cpu_libraries
