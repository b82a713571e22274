#include "common/launch_size.hpp"
#include "compute/dot_product/arrays.hpp"
#include "opencl/device_limits.hpp"

#include <algorithm>
#include <bit>

namespace clprobe::probes::dot_product {
namespace {

constexpr std::size_t vector_bytes = 4 * sizeof(float);

Argument argument(const std::variant<Buffer, Image> &array) {
    return std::visit([](const auto &memory) { return Argument(memory); }, array);
}

} // namespace

const char *name(Memory memory) {
    return memory == Memory::buffer ? "buffer" : "image";
}

Extent extent_for(const Bench &bench, const Program &program) {
    const DeviceInfo &device = bench.device();
    std::vector<std::string> filling{"fill_buffer"};
    if (device.images)
        filling.insert(filling.end(), {"fill_image", "poison_image"});
    const auto group = static_cast<std::uint32_t>(group_size(bench, program, filling, 64));
    if (bench.tiny())
        return {16, 64, 16, group};
    const std::size_t wanted = std::size_t{device.type == DeviceType::cpu ? 16u : 512u} << 20;
    const auto memory = static_cast<std::size_t>(device.global_memory.value_or(1 << 30));
    const std::size_t bytes = std::min({wanted, bench.most_bytes(), memory / 64});
    // Trips enough for a slope, and work-items enough for a large device.
    constexpr std::size_t large = std::size_t{64} << 20;
    Extent extent{bytes < large ? 256u : 1024u, 256, 256, group};
    const std::size_t rows =
        std::min(bytes / (extent.width * vector_bytes), largest_image_height(device));
    extent.height = std::max(extent.rows, static_cast<std::uint32_t>(std::bit_floor(rows)));
    return extent;
}

Arrays::Arrays(Bench &bench, const Program &program, Memory memory, const Extent &extent)
    : bench_(bench), memory_(memory), extent_(extent), texel_(bench.buffer(vector_bytes)) {
    const bool image = memory == Memory::image;
    for (std::uint32_t &key : keys_) {
        key = static_cast<std::uint32_t>(bench.random()());
        // Whoever reads them checks what it did.
        bench.launch({program.kernel(image ? "fill_image" : "fill_buffer"),
                      image ? extent.all() : extent.all_in_a_row(),
                      {argument(arrays_.emplace_back(make())), key}});
    }
    arrays_.push_back(make());
    if (!image)
        return;
    poison_ = BoundLaunch{program.kernel("poison_image"), extent.all(), {argument(arrays_.back())}};
    read_ = BoundLaunch{program.kernel("read_texel"),
                        NdRange::linear(1, 1),
                        {argument(arrays_.back()), Argument(), texel_}};
}

Arrays::Array Arrays::make() {
    if (memory_ == Memory::buffer)
        return bench_.buffer(vector_bytes * extent_.width * extent_.height);
    return bench_.image({{CL_RGBA, CL_FLOAT}, extent_.width, extent_.height});
}

std::vector<Argument> Arrays::arguments() const {
    std::vector<Argument> arguments;
    for (const Array &array : arrays_)
        arguments.push_back(argument(array));
    return arguments;
}

void Arrays::poison() {
    const Context &context = bench_.context();
    if (const Buffer *buffer = std::get_if<Buffer>(&arrays_[3]))
        context.fill(*buffer, clprobe::poison);
    else
        poison_->enqueue(context);
}

Vector<float> Arrays::result(std::uint32_t column, std::uint32_t row) {
    Vector<float> vector{};
    std::vector<float> values;
    if (const Buffer *buffer = std::get_if<Buffer>(&arrays_[3])) {
        values = bench_.read<float>(*buffer, 4 * (std::size_t{row} * extent_.width + column), 4);
    } else {
        read_->set(1, std::array{column, row}).enqueue(bench_.context());
        values = bench_.read<float>(texel_, 0, 4);
    }
    std::ranges::copy(values, vector.begin());
    return vector;
}

Vector<double> Arrays::expected(const Variant &variant, std::uint32_t column,
                                std::uint32_t row) const {
    const std::uint32_t element = row * extent_.width + column;
    return combined(variant, value(element, keys_[0]), value(element, keys_[1]),
                    value(element, keys_[2]));
}

} // namespace clprobe::probes::dot_product
