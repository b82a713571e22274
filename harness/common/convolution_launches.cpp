#include "common/convolution_launches.hpp"

#include <vector>

namespace clprobe::probes {

BoundLaunch ConvolutionLaunches::pack_input(const Buffer &planes, const Argument &written) const {
    return {program_.kernel("pack_input"),
            convolution_.pack_input(),
            {planes, written, shape_.input_channels, shape_.input_height, shape_.input_width,
             shape_.input_halo, convolution_.input().block}};
}

BoundLaunch ConvolutionLaunches::pack_weights(const Buffer &weights, const Buffer &biases,
                                              const Argument &written) const {
    std::vector<Argument> arguments{weights, biases, written, shape_.output_channels,
                                    convolution_.inputs()};
    if (plan_.winograd) {
        arguments.emplace_back(convolution_.columns());
        arguments.emplace_back(by_local_memory() ? 1 : convolution_.panels());
    } else {
        arguments.emplace_back(convolution_.weight_rows());
        if (by_local_memory())
            arguments.emplace_back(shape_.kernel * shape_.kernel);
    }
    return {program_.kernel("pack_weights"), convolution_.pack_weights(), arguments};
}

BoundLaunch ConvolutionLaunches::transform_input(const Buffer &input,
                                                 const Argument &written) const {
    return {program_.kernel("transform_input"),
            convolution_.transform_input(),
            {input, written, shape_.input_height, shape_.input_width, shape_.input_halo,
             convolution_.squares_of_row()}};
}

BoundLaunch ConvolutionLaunches::convolve(const Buffer &input, const Buffer &weights,
                                          const Argument &written, std::uint32_t first,
                                          std::uint32_t panels) const {
    std::vector<Argument> arguments;
    if (plan_.winograd && by_local_memory())
        arguments = {input,
                     weights,
                     written,
                     convolution_.squares(),
                     convolution_.squares_of_row(),
                     convolution_.columns(),
                     shape_.input_height,
                     shape_.input_width,
                     shape_.input_halo,
                     convolution_.input().block,
                     first,
                     convolution_.part()};
    else if (plan_.winograd)
        arguments = {input,
                     weights,
                     written,
                     convolution_.blocks(),
                     convolution_.output().blocks(),
                     convolution_.squares(),
                     plan_.tiles,
                     first};
    else if (by_local_memory())
        arguments = {input,
                     weights,
                     written,
                     convolution_.pixels(),
                     shape_.output_width(),
                     convolution_.columns(),
                     shape_.input_width,
                     shape_.input_halo,
                     convolution_.input().block,
                     shape_.output_halo,
                     convolution_.output().block,
                     shape_.kernel,
                     shape_.stride,
                     first,
                     plan_.group_tile.strip,
                     shape_.input_height};
    else
        arguments = {input,
                     weights,
                     written,
                     convolution_.blocks(),
                     convolution_.output_vectors(),
                     shape_.input_height,
                     shape_.input_width,
                     shape_.input_halo,
                     shape_.output_halo,
                     plan_.tiles,
                     first,
                     shape_.images};
    return {program_.kernel("convolution"), convolution_.convolve(panels), arguments};
}

BoundLaunch ConvolutionLaunches::add_parts(const Buffer &parts, const Buffer &weights,
                                           const Argument &written) const {
    if (plan_.winograd)
        return {program_.kernel(convolution_.add_parts_kernel()),
                convolution_.add_parts(),
                {parts, weights, written, convolution_.output().blocks(),
                 convolution_.squares_of_row(), shape_.output_height(), shape_.output_width(),
                 shape_.output_halo, convolution_.output().block}};
    return {program_.kernel(convolution_.add_parts_kernel()),
            convolution_.add_parts(),
            {parts, weights, written, convolution_.pixels(), shape_.output_width(),
             convolution_.columns(), shape_.output_halo, convolution_.output().block,
             shape_.output_height()}};
}

} // namespace clprobe::probes
