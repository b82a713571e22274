#pragma once
#include <clprobe/network.hpp>

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

// oneDNN's descriptions of what networks have, by either of the versions that it comes in.
namespace clprobe::cpu_libraries {

using Memory = dnnl::memory;
using Arguments = std::unordered_map<int, Memory>;
using Format = Memory::format_tag;

/// An image is {1, channels, rows, columns}, a sequence {tokens, channels}.
inline bool is_image(const TensorShape &shape) {
    return shape.columns > 1 || shape.rows == 1;
}

inline Memory::dim dim(std::uint64_t size) {
    return static_cast<Memory::dim>(size);
}

inline Memory::dims dims_of(const TensorShape &shape) {
    if (is_image(shape))
        return {1, dim(shape.channels), dim(shape.rows), dim(shape.columns)};
    return {dim(shape.rows), dim(shape.channels)};
}

inline Memory::desc description(const Memory::dims &dims, Format format) {
    return {dims, Memory::data_type::f32, format};
}

/// Channel after channel.
inline Format plain_format(const Memory::dims &dims) {
    return dims.size() == 2 ? Format::cn : Format::nchw;
}

/// In the format that the library finds best.
inline Memory::desc any(const Memory::dims &dims) {
    return description(dims, Format::any);
}

// What the second and the third version have by different names.

inline Memory::dims dims_of(const Memory::desc &described) {
#if DNNL_VERSION_MAJOR >= 3
    return described.get_dims();
#else
    return described.dims();
#endif
}

inline void append(dnnl::post_ops &operations, dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(algorithm, alpha, beta);
#else
    operations.append_eltwise(1, algorithm, alpha, beta);
#endif
}

/// A primitive's description, of what is computed from what. Throws dnnl::error where the library
/// has no such primitive on this processor or for this shape.
template <typename Primitive, typename... Values>
typename Primitive::primitive_desc primitive_of(const dnnl::engine &engine,
                                                const dnnl::primitive_attr &attributes,
                                                const Values &...values) {
#if DNNL_VERSION_MAJOR >= 3
    return typename Primitive::primitive_desc(engine, values..., attributes);
#else
    return
        typename Primitive::primitive_desc(typename Primitive::desc(values...), attributes, engine);
#endif
}

/// In place, of each vector along that axis.
inline dnnl::softmax_forward::primitive_desc softmax_of(const dnnl::engine &engine,
                                                        const Memory::desc &described, int axis) {
    constexpr auto inference = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
    return primitive_of<dnnl::softmax_forward>(
        engine, {}, inference, dnnl::algorithm::softmax_accurate, described, described, axis);
#else
    return primitive_of<dnnl::softmax_forward>(engine, {}, inference, described, axis);
#endif
}

/// Of each row, with gains and biases.
inline dnnl::layer_normalization_forward::primitive_desc
layer_norm_of(const dnnl::engine &engine, const Memory::desc &rows, float epsilon) {
    constexpr auto inference = dnnl::prop_kind::forward_inference;
    const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    using Norm = dnnl::layer_normalization_forward;
#if DNNL_VERSION_MAJOR >= 3
    return primitive_of<Norm>(engine, {}, inference, rows, rows, epsilon, flags);
#else
    return primitive_of<Norm>(engine, {}, inference, rows, epsilon, flags);
#endif
}

inline dnnl::primitive_attr fused(Activation activation) {
    using dnnl::algorithm;
    dnnl::post_ops operations;
    if (activation == Activation::relu)
        append(operations, algorithm::eltwise_relu, 0, 0);
    else if (activation == Activation::relu6)
        append(operations, algorithm::eltwise_clip, 0, 6);
    else if (activation == Activation::hard_swish) // the second version takes no other numbers
        append(operations, algorithm::eltwise_hardswish, 1.0F / 6, 0.5F);
    else if (activation == Activation::gelu)
        append(operations, algorithm::eltwise_gelu_erf, 0, 0);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(operations);
    return attributes;
}

} // namespace clprobe::cpu_libraries
