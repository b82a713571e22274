#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"
#include "workloads/attention/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace clprobe::probes::attention {
namespace {

using workloads::multiple_up;
using workloads::quotient_up;

/// What a score costs beside its multiply-adds, in instructions: the search for the largest, the
/// exponential, the sum.
constexpr double instructions_of_panels = 14;
constexpr double instructions_of_groups = 10;

bool fits_device(const ScoreTile &tile, const AttentionShape &shape, const DeviceInfo &device) {
    return tile.items() <= device.max_work_group_size.value_or(64) &&
           tile.local_bytes(shape.width) <= device.local_memory.value_or(0) &&
           Attention::unfit(shape, AttentionPlan::by_local_memory(tile)).empty();
}

std::vector<ScoreTile> score_tiles(const AttentionShape &shape, const Facts &facts) {
    if (!workloads::has_own_local_memory(facts))
        return {};
    struct Size {
        unsigned queries, keys, item_rows, item_columns;
    };
    constexpr std::array<Size, 5> sizes{
        {{64, 64, 8, 8}, {64, 64, 4, 8}, {64, 32, 8, 4}, {32, 64, 4, 8}, {32, 32, 4, 4}}};
    std::vector<ScoreTile> tiles;
    for (const Size &size : sizes)
        for (const bool ahead : {true, false})
            for (const unsigned splits : {1u, 2u, 3u, 4u, 6u, 8u}) {
                // More steps at once take the registers that keys fetched ahead do, and large
                // tiles.
                const bool large = size.item_rows * size.item_columns == 64;
                const unsigned unroll = ahead || large ? 2 : 4;
                const ScoreTile tile{size.queries, size.keys, size.item_rows, size.item_columns,
                                     unroll,       ahead,     splits};
                if (splits * tile.keys <= std::max(shape.length, tile.keys) &&
                    fits_device(tile, shape, *facts.device))
                    tiles.push_back(tile);
            }
    return tiles;
}

} // namespace

double AttentionShape::scores() const {
    return heads * (causal ? length * (length + 1.0) / 2 : double{1} * length * length);
}
float AttentionShape::scale() const {
    return static_cast<float>(1 / std::sqrt(double{1} * width));
}
std::string AttentionShape::name() const {
    return fmt::format("{}x{}x{}{}", heads, length, width, causal ? ".causal" : "");
}

std::size_t ScoreTile::local_bytes(unsigned width) const {
    return sizeof(float) *
           (std::size_t{queries + keys} * width + std::size_t{keys} * std::max(width, queries));
}
unsigned ScoreTile::registers(unsigned width) const {
    // Scores are used up before the next keys are fetched.
    const unsigned meanwhile =
        std::max(item_rows * item_columns, ahead ? keys * width / items() : 0);
    return meanwhile + item_rows * width / items_beside() + 4 * item_rows + 8;
}

AttentionPlan AttentionPlan::by_local_memory(const ScoreTile &tile) {
    AttentionPlan plan;
    plan.family = KernelFamily::local_memory;
    plan.group_tile = tile;
    return plan;
}

std::string AttentionPlan::describe() const {
    if (family == KernelFamily::panels)
        return fmt::format("{}, {} keys at a time", tile.describe(), keys);
    const ScoreTile &group = group_tile;
    return fmt::format("tiles of {} queries and {} keys by {} work-items, {} x {} each, unrolled "
                       "by {}{}{}",
                       group.queries, group.keys, group.items(), group.item_rows,
                       group.item_columns, group.unroll, group.ahead ? ", keys fetched ahead" : "",
                       group.splits > 1 ? fmt::format(", the keys in {} parts", group.splits) : "");
}

std::string Attention::unfit(const AttentionShape &shape, const AttentionPlan &plan) {
    const Tile &tile = plan.tile;
    if (plan.family == KernelFamily::panels) {
        if (tile.width < 4)
            return "rows of a tile are made of vectors of four elements at least";
        return plan.keys % tile.row_elements() != 0 ? "keys are no whole number of panels" : "";
    }
    const ScoreTile &group = plan.group_tile;
    if (shape.width % 32 != 0 || group.keys % 32 != 0)
        return "keys and the width of a head are no multiples of 32";
    if (group.queries % group.item_rows != 0 || group.keys % group.item_columns != 0 ||
        group.item_columns % 4 != 0 || shape.width % (4 * group.items_beside()) != 0 ||
        group.keys * shape.width / 4 % group.items() != 0 ||
        group.queries * shape.width / 4 % group.items() != 0 || group.items_beside() % 8 != 0)
        return "its work-items do not share a tile evenly";
    if (double{1} * shape.length * shape.width > 1 << 30)
        return "a head has more elements than the kernel counts";
    return "";
}

std::string Attention::build_options() const {
    const std::string of_shape =
        fmt::format("-DHEAD_WIDTH={} -DCAUSAL={:d}{}", shape_.width, shape_.causal,
                    by_tokens_ ? fmt::format(" -DCHANNELS={}", shape_.heads * shape_.width) : "");
    if (plan_.family == KernelFamily::panels)
        return fmt::format("{} -DKEYS={} {}", plan_.tile.build_options(), plan_.keys, of_shape);
    const ScoreTile &tile = plan_.group_tile;
    return fmt::format("-DTILE_QUERIES={} -DTILE_KEYS={} -DITEM_ROWS={} -DITEM_KEYS={} -DUNROLL={} "
                       "-DAHEAD={:d} {}",
                       tile.queries, tile.keys, tile.item_rows, tile.item_columns, tile.unroll,
                       tile.ahead, of_shape);
}

std::size_t Attention::key_panels_bytes() const {
    return sizeof(float) * shape_.heads * multiple_up(shape_.length, plan_.tile.row_elements()) *
           shape_.width;
}
std::size_t Attention::value_panels_bytes() const {
    const unsigned columns = plan_.tile.row_elements();
    return sizeof(float) * shape_.heads * multiple_up(shape_.length, columns) *
           multiple_up(shape_.width, columns);
}
NdRange Attention::pack(std::uint32_t heads) const {
    const std::size_t group = plan_.tiles_together;
    return {{multiple_up(quotient_up(shape_.length, plan_.tile.row_elements()), group), heads, 1},
            {group, 1, 1},
            2};
}
std::size_t Attention::parts_bytes() const {
    return sizeof(float) * shape_.elements() * plan_.group_tile.splits;
}
std::size_t Attention::measures_bytes() const {
    return 2 * sizeof(float) * shape_.heads * shape_.length * plan_.group_tile.splits;
}
std::string Attention::add_parts_kernel() const {
    return fmt::format("add_{}_parts", plan_.group_tile.splits);
}
NdRange Attention::add_parts() const {
    constexpr std::size_t group = 64;
    return {{multiple_up(shape_.elements() / 4, group), 1, 1}, {group, 1, 1}, 1};
}

std::uint32_t Attention::tiles() const {
    return quotient_up(shape_.length, plan_.family == KernelFamily::panels
                                          ? plan_.tile.rows
                                          : plan_.group_tile.queries);
}
NdRange Attention::attend(std::uint32_t heads) const {
    if (plan_.family == KernelFamily::panels)
        return {{multiple_up(tiles(), plan_.tiles_together), heads, 1},
                {plan_.tiles_together, 1, 1},
                2};
    const ScoreTile &tile = plan_.group_tile;
    return {{std::size_t{tiles()} * tile.items(), heads, tile.splits}, {tile.items(), 1, 1}, 3};
}

std::size_t Attention::most_bytes() const {
    if (plan_.family == KernelFamily::panels)
        return std::max(key_panels_bytes(), value_panels_bytes());
    return in_parts() ? parts_bytes() : 0;
}

/// Those of whole tiles: of causal ones, as far as the last query of each sees.
double Attention::computed_scores() const {
    const bool panels = plan_.family == KernelFamily::panels;
    const unsigned rows = panels ? plan_.tile.rows : plan_.group_tile.queries;
    const unsigned columns = panels ? plan_.tile.row_elements() : plan_.group_tile.keys;
    double scores = 0;
    for (std::uint32_t tile = 0; tile < tiles(); ++tile) {
        const std::uint32_t seen =
            shape_.causal ? std::min((tile + 1) * rows, shape_.length) : shape_.length;
        scores += 1.0 * rows * static_cast<double>(multiple_up(seen, columns));
    }
    return shape_.heads * scores;
}

std::optional<PredictedCall> Attention::predicted_call(const Facts &facts) const {
    return plan_.family == KernelFamily::panels ? predicted_of_panels(facts)
                                                : predicted_by_local_memory(facts);
}

std::optional<PredictedCall> Attention::predicted_of_panels(const Facts &facts) const {
    const Tile &tile = plan_.tile;
    const double scores = computed_scores();
    const auto output_width = static_cast<double>(multiple_up(shape_.width, tile.row_elements()));
    const double multiplied = scores * (shape_.width + output_width);
    // Of sums that wait in memory while the next keys are weighted: a load and a store.
    const double rescaled = scores / plan_.keys * output_width;
    // A CPU spreads a factor over a vector as it loads it.
    const double factors = workloads::on_cpu(facts) ? tile.width : 1;
    const double loaded =
        multiplied * (factors / tile.row_elements() + 1.0 / tile.rows) + 2 * rescaled + 4 * scores;
    const auto head = static_cast<double>(key_panels_bytes() + value_panels_bytes()) / shape_.heads;
    const auto seconds = workloads::predicted_seconds(
        {.flops = 2 * (multiplied + scores * instructions_of_panels + rescaled),
         .loaded = sizeof(float) * loaded,
         .bytes_beyond =
             [&](double size) { return head * shape_.heads * (head <= size ? 1 : tiles()); },
         .range = attend(shape_.heads)},
        facts);
    if (!seconds)
        return std::nullopt;
    const double packed = 4.0 * sizeof(float) * static_cast<double>(shape_.elements());
    constexpr double launches = 3;
    return PredictedCall{
        *seconds + workloads::seconds_at(facts.value("buffer.memory.copy_bandwidth"), packed),
        launches};
}

std::optional<PredictedCall> Attention::predicted_by_local_memory(const Facts &facts) const {
    const auto rate = facts.value("fma.fp32.rate");
    if (!rate || *rate <= 0)
        return std::nullopt;
    const ScoreTile &tile = plan_.group_tile;
    const double width = shape_.width;
    const double units = workloads::units_of(facts);
    const double groups = 1.0 * tiles() * shape_.heads * tile.splits;
    const double resident = std::min(
        std::ceil(groups / units),
        workloads::resident_groups(
            {tile.items(), tile.local_bytes(shape_.width), tile.registers(shape_.width)}, facts));
    const BlockCounts blocks = blocks_of_groups(units, resident);

    // Operands, in quads, for each element of both depths; what a block of keys needs besides.
    const double item = 1.0 * tile.item_rows * tile.item_columns;
    const double columns = width / tile.items_beside();
    const double read =
        (tile.item_rows + tile.item_columns) * width + (tile.item_rows + columns) * tile.keys;
    const double others = item * instructions_of_groups + tile.item_rows * columns +
                          4.0 * tile.keys * width / 4 / tile.items();
    const double multiplied = item * width + tile.item_rows * columns * tile.keys;
    // The unit with the most blocks decides.
    const double computed = units * blocks.heaviest_unit;
    const double flops = 2 * computed * tile.items() * (multiplied + read / 4 + others);
    // Each step waits for its operands, which other groups of the unit do not hide.
    const double multiplying =
        flops / *rate / workloads::busy_share(resident * tile.items(), facts) +
        blocks.longest_row * (width + tile.keys) * facts.value("local.latency").value_or(0);
    const double exchanging = workloads::seconds_at(facts.value("local.bandwidth"),
                                                    computed * tile.items() * read * sizeof(float));
    const auto shared = facts.value("buffer.l2.read_bandwidth");
    const auto memory = facts.value("buffer.memory.read_bandwidth");
    const auto operand = sizeof(float) * static_cast<double>(shape_.elements());
    const double fetching =
        std::max(workloads::seconds_at(shared ? shared : memory,
                                       blocks.all * 2 * tile.keys * width * sizeof(float)),
                 workloads::seconds_at(memory, 3 * operand));
    double seconds = workloads::at_the_same_time({multiplying, exchanging, fetching});
    // A block takes no less than its two fetches; other groups of the unit fetch meanwhile.
    const auto near = facts.value("buffer.l2.latency");
    const auto latency = near ? near : facts.value("buffer.memory.latency");
    if (latency)
        seconds = std::max(seconds, 2 * blocks.longest_row * *latency);
    if (in_parts())
        seconds += workloads::seconds_at(facts.value("buffer.memory.copy_bandwidth"),
                                         (2.0 * tile.splits + 1) * operand);
    const double launches = in_parts() ? 2 : 1;
    return PredictedCall{seconds + workloads::fetch_and_store(launches, facts), launches};
}

/// In the order of the launch: the first groups are dealt out to all units, others go to where one
/// ends first. Where they are very many they even out.
Attention::BlockCounts Attention::blocks_of_groups(double all_units, double resident) const {
    constexpr double many = 1 << 13;
    const ScoreTile &tile = plan_.group_tile;
    const std::uint32_t all = quotient_up(shape_.length, tile.keys);
    const double groups = 1.0 * tiles() * shape_.heads * tile.splits;
    if (groups > many) {
        const double blocks = computed_scores() / tile.queries / tile.keys;
        return {blocks, blocks / all_units, blocks / all_units / resident};
    }
    const auto units = static_cast<std::size_t>(std::min(all_units, groups));
    const auto places = static_cast<std::size_t>(std::min(resident * all_units, groups));
    using Row = std::pair<double, std::size_t>; // groups one after the other: blocks, and where
    std::priority_queue<Row, std::vector<Row>, std::greater<>> rows;
    for (std::size_t place = 0; place < places; ++place)
        rows.emplace(0, place);
    std::vector<double> of_units(units);
    BlockCounts counts;
    for (std::uint32_t part = 0; part < tile.splits; ++part)
        for (std::uint32_t head = 0; head < shape_.heads; ++head)
            for (std::uint32_t last = tiles(); last > 0; --last) {
                const std::uint32_t seen =
                    shape_.causal ? std::min(quotient_up(last * tile.queries, tile.keys), all)
                                  : all;
                const std::uint32_t begin = all * part / tile.splits;
                const std::uint32_t end = std::min(all * (part + 1) / tile.splits, seen);
                const double blocks = end > begin ? end - begin : 0;
                const Row first = rows.top();
                rows.pop();
                rows.emplace(first.first + blocks, first.second);
                of_units[first.second % units] += blocks;
                counts.all += blocks;
                counts.longest_row = std::max(counts.longest_row, first.first + blocks);
            }
    counts.heaviest_unit = std::ranges::max(of_units);
    return counts;
}

bool fits_registers(const AttentionPlan &plan, const Facts &facts) {
    constexpr unsigned others = 40; // addresses of arrays of its own, and ends of many loops
    if (plan.family == KernelFamily::panels)
        return workloads::fits_registers(plan.tile, facts, others);
    constexpr unsigned usual_width = 64;
    return plan.group_tile.registers(usual_width) <=
           facts.value("registers.spill_limit").value_or(64);
}

std::vector<AttentionPlan> attention_plans(const AttentionShape &shape, const Facts &facts) {
    const unsigned width = workloads::native_width(facts);
    const unsigned together = workloads::group_side(facts);
    std::vector<AttentionPlan> plans;
    for (const ScoreTile &tile : score_tiles(shape, facts))
        plans.push_back(AttentionPlan::by_local_memory(tile));
    if (plans.empty())
        for (const unsigned rows : {4u, 5u, 6u, 8u, 10u, 12u, 14u})
            for (const unsigned vectors : {1u, 2u, 3u})
                for (const unsigned unroll : {1u, 2u})
                    for (const unsigned panels : {2u, 4u, 8u, 16u})
                        if (const Tile tile{rows, vectors, width, 1, unroll};
                            rows * vectors <= 28 && panels * tile.row_elements() <= 512)
                            plans.push_back({KernelFamily::panels,
                                             tile,
                                             panels * tile.row_elements(),
                                             {},
                                             together});
    workloads::sort_by_prediction<AttentionPlan>(plans, facts, [&](const AttentionPlan &plan) {
        return Attention(shape, plan).predicted_seconds(facts);
    });
    return plans;
}

std::vector<std::pair<AttentionShape, AttentionPlan>> calls_of_all_text(const DeviceInfo &device) {
    const AttentionShape whole{1, 64, 32};
    const AttentionShape causal{1, 64, 32, true};
    std::vector<std::pair<AttentionShape, AttentionPlan>> calls{
        {whole, {}}, {causal, {KernelFamily::panels, {5, 2, 8, 1, 2}, 32, {}}}};
    const ScoreTile tile{32, 32, 4, 4, 1, false, 1};
    ScoreTile in_parts = tile;
    in_parts.ahead = true;
    in_parts.splits = 3;
    if (fits_device(tile, whole, device)) {
        calls.emplace_back(whole, AttentionPlan::by_local_memory(in_parts));
        calls.emplace_back(causal, AttentionPlan::by_local_memory(tile));
    }
    return calls;
}

} // namespace clprobe::probes::attention
