#include "workloads/attention/attention.hpp"

#include <algorithm>

namespace clprobe::probes::attention {

AttentionBuffers attention_buffers(const Attention &attention, const Buffer &queries,
                                   const Buffer &keys, const Buffer &values, const Buffer &results,
                                   const std::function<Buffer(std::size_t bytes)> &make) {
    const bool packs = attention.packs();
    return {.queries = queries,
            .keys = keys,
            .values = values,
            .results = results,
            .key_panels = packs ? make(attention.key_panels_bytes()) : keys,
            .value_panels = packs ? make(attention.value_panels_bytes()) : values,
            .parts = attention.in_parts() ? make(attention.parts_bytes()) : results,
            .measures = packs ? results : make(attention.measures_bytes())};
}

std::vector<BoundLaunch>
attention_launches(const Program &program, const Attention &attention,
                   const AttentionBuffers &buffers, std::uint32_t most_heads,
                   const std::function<Argument(const Buffer &, bool first)> &written) {
    const AttentionShape &shape = attention.shape();
    std::vector<BoundLaunch> launches;
    for (std::uint32_t first = 0; first < shape.heads; first += most_heads) {
        const std::uint32_t heads = std::min(most_heads, shape.heads - first);
        const auto to = [&](const Buffer &buffer) { return written(buffer, first == 0); };
        if (attention.packs()) {
            launches.push_back({program.kernel("pack_keys"),
                                attention.pack(heads),
                                {buffers.keys, to(buffers.key_panels), shape.length, first}});
            launches.push_back({program.kernel("pack_values"),
                                attention.pack(heads),
                                {buffers.values, to(buffers.value_panels), shape.length, first}});
            launches.push_back({program.kernel("attention"),
                                attention.attend(heads),
                                {buffers.queries, buffers.key_panels, buffers.value_panels,
                                 to(buffers.parts), shape.length, shape.scale(), first}});
        } else {
            launches.push_back(
                {program.kernel("attention"),
                 attention.attend(heads),
                 {buffers.queries, buffers.keys, buffers.values, to(buffers.parts),
                  to(buffers.measures), shape.length, shape.heads, shape.scale(), first}});
        }
    }
    if (attention.in_parts())
        launches.push_back({program.kernel(attention.add_parts_kernel()),
                            attention.add_parts(),
                            {buffers.parts, buffers.measures, written(buffers.results, true),
                             shape.heads * shape.length, shape.length}});
    return launches;
}

} // namespace clprobe::probes::attention
