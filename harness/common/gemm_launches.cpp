#include "common/gemm_launches.hpp"

namespace clprobe::probes {

BoundLaunch GemmLaunches::pack_left(const Buffer &matrix, const Argument &written) const {
    return {program_.kernel("pack_left"),
            gemm_.pack_left(),
            {matrix, written, shape_.m, shape_.k, gemm_.steps()}};
}

BoundLaunch GemmLaunches::pack_right(const Buffer &matrix, const Argument &written) const {
    return {program_.kernel("pack_right"),
            gemm_.pack_right(),
            {matrix, written, shape_.n, shape_.k, gemm_.steps()}};
}

BoundLaunch GemmLaunches::multiply(const Buffer &left, const Buffer &right, const Argument &written,
                                   std::uint32_t first, std::uint32_t blocks) const {
    BoundLaunch launch{
        program_.kernel("gemm"),
        gemm_.multiply(blocks),
        {left, right, written, shape_.m, shape_.n, packs() ? gemm_.steps() : shape_.k, first}};
    if (!packs())
        launch.arguments.emplace_back(plan_.group_tile.strip);
    return launch;
}

BoundLaunch GemmLaunches::add_parts(const Buffer &parts, const Argument &written) const {
    return {program_.kernel(gemm_.add_parts_kernel()),
            gemm_.add_parts(),
            {parts, written, shape_.m, shape_.n}};
}

} // namespace clprobe::probes
