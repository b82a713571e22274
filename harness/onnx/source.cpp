#include "source.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::onnx_import {
namespace {

std::int64_t product(Shape::const_iterator first, Shape::const_iterator last) {
    constexpr std::int64_t many = std::int64_t{1} << 50;
    std::int64_t result = 1;
    for (; first != last; ++first)
        result = *first > 0 && result > many / *first ? many : result * *first;
    return result;
}

std::int64_t before(const Shape &shape, std::size_t axis) {
    return product(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis));
}

std::int64_t behind(const Shape &shape, std::size_t axis) {
    return product(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end());
}

} // namespace

std::optional<TensorShape> tensor_of(const Shape &shape, std::size_t axis) {
    constexpr std::size_t most_dimensions = 4;
    if (axis >= shape.size() || shape.size() > most_dimensions ||
        std::ranges::any_of(shape, [](std::int64_t size) { return size < 1; }))
        return std::nullopt;
    std::vector<std::uint64_t> positions;
    for (std::size_t i = shape.size() > 2 ? 1 : 0; i < shape.size(); ++i)
        if (i != axis)
            positions.push_back(static_cast<std::uint64_t>(shape[i]));
    if (positions.size() > 2 || (shape.size() > 2 && (axis == 0 || shape.front() != 1)))
        return std::nullopt;
    positions.resize(2, 1);
    return TensorShape{static_cast<std::uint64_t>(shape[axis]), positions[0], positions[1]};
}

std::optional<Source> reshaped(const Source &source, const Shape &shape) {
    Source result = source;
    result.shape = shape;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == source.shape[source.axis] &&
            before(shape, i) == before(source.shape, source.axis) &&
            behind(shape, i) == behind(source.shape, source.axis)) {
            result.axis = i;
            return result;
        }
    // All of an image, channel after channel, as a dense layer at the end takes it.
    const std::int64_t all = product(source.shape.begin(), source.shape.end());
    if (before(source.shape, source.axis) == 1 && !shape.empty() && shape.back() == all) {
        result.axis = shape.size() - 1;
        result.flat = true;
        return result;
    }
    return std::nullopt;
}

std::optional<Source> transposed(const Source &source, const std::vector<double> &order) {
    const std::size_t count = source.shape.size();
    if (source.flat || order.size() != count)
        return std::nullopt;
    Source result = source;
    std::size_t last = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!(order[i] >= 0 && order[i] < static_cast<double>(count)))
            return std::nullopt;
        const auto from = static_cast<std::size_t>(order[i]);
        result.shape[i] = source.shape[from];
        if (from == source.axis)
            result.axis = i;
        else if (source.shape[from] != 1) {
            if (from < last)
                return std::nullopt;
            last = from;
        }
    }
    return result;
}

} // namespace clprobe::onnx_import
