#pragma once
#include <clprobe/memory.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace clprobe {

/// The text of an OpenCL program: its name ("compute/fma_rate"), the source with its includes
/// already in place, and the SHA-256 of that source in lower-case hex.
struct KernelText {
    std::string name;
    std::string text;
    std::string sha256;
};

/// How many work-items a launch has, and in groups of how many, in one to three dimensions.
struct NdRange {
    std::array<std::size_t, 3> global{1, 1, 1};
    std::array<std::size_t, 3> local{1, 1, 1};
    unsigned dimensions = 1;

    /// `groups` groups of `group_size` work-items in one dimension.
    [[nodiscard]] static NdRange linear(std::size_t groups, std::size_t group_size) {
        return {{groups * group_size, 1, 1}, {group_size, 1, 1}, 1};
    }
    [[nodiscard]] std::size_t work_items() const { return global[0] * global[1] * global[2]; }
    [[nodiscard]] std::size_t group_size() const { return local[0] * local[1] * local[2]; }
    bool operator==(const NdRange &) const = default;
};

/// What a kernel takes as one of its arguments.
struct KernelArgument {
    enum class Space { by_value, global, constant, local };
    Space space = Space::by_value; ///< of what it points to; images and samplers are by value
    std::string type;              ///< as the source has it: "uint*", "image2d_t"
};

/// A kernel of a built program, with its arguments. Copies share one native kernel.
class Kernel {
public:
    /// A kernel of the host program's, which is retained. The device is only needed where its
    /// program was built for several. Throws Error where the handle is no kernel.
    explicit Kernel(cl_kernel adopted, cl_device_id device = nullptr);

    [[nodiscard]] const std::string &name() const;
    [[nodiscard]] cl_kernel native() const;

    void set(unsigned index, const Buffer &buffer);
    void set(unsigned index, const Image &image);
    void set(unsigned index, const Sampler &sampler);
    void set_local(unsigned index, std::size_t bytes);
    template <typename T>
    requires std::is_trivially_copyable_v<T>
    void set(unsigned index, const T &value) { set_bytes(index, sizeof value, &value); }
    void set_bytes(unsigned index, std::size_t bytes, const void *value);

    /// Throws Error where the driver does not tell, as without -cl-kernel-arg-info.
    [[nodiscard]] std::vector<KernelArgument> arguments() const;

    /// What the driver says of this kernel on its device; nothing where it does not answer.
    [[nodiscard]] std::optional<std::size_t> max_group_size() const;
    /// The only group that it may be launched with; nothing where its source demands none.
    [[nodiscard]] std::optional<std::array<std::size_t, 3>> required_group() const;
    [[nodiscard]] std::optional<std::size_t> preferred_multiple() const;
    [[nodiscard]] std::optional<std::uint64_t> private_memory() const;
    [[nodiscard]] std::optional<std::uint64_t> local_memory() const;

private:
    friend class Program;
    struct State;
    /// Takes over one reference of the handle.
    Kernel(std::string name, cl_kernel owned, cl_device_id device);

    std::shared_ptr<const State> state_;
};

/// A program built for one device.
class Program {
public:
    Program(std::string name, cl_program owned, cl_device_id device, std::string log,
            double build_seconds);

    /// Throws Error where the program has no kernel of that name.
    [[nodiscard]] Kernel kernel(const std::string &kernel_name) const;
    /// Of all its kernels, in alphabetical order. Throws Error where the driver does not tell.
    [[nodiscard]] std::vector<std::string> kernel_names() const;
    [[nodiscard]] const std::string &log() const;
    [[nodiscard]] double build_seconds() const;
    [[nodiscard]] std::vector<unsigned char> binary() const;
    [[nodiscard]] cl_program native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
};

} // namespace clprobe
