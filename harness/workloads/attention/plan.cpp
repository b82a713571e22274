#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"
#include "workloads/attention/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace clprobe::probes::attention {
namespace {

using workloads::multiple_up;
using workloads::quotient_up;

/// What a score costs beside its multiply-adds, in instructions: the search for the largest, the
/// exponential, the sum.
constexpr double instructions_of_panels = 14;
constexpr double instructions_of_groups = 10;

/// Work-items that run together, which read an element that several of them need once.
constexpr double neighbours = 32;

/// Groups that a compute unit holds at the same time.
double resident_groups(const ScoreTile &tile, unsigned width, const Facts &facts) {
    double most = 1e9;
    const auto limit = [&](const char *key, double needed) {
        const auto available = facts.value(key);
        most = std::min(most, available ? std::floor(*available / needed) : 1);
    };
    limit("local_memory.bytes_per_cu", static_cast<double>(tile.local_bytes(width)));
    limit("occupancy.max_threads_per_cu", tile.items());
    limit("register_file.bytes_per_cu", 4.0 * tile.registers(width) * tile.items());
    return std::max(most, 1.0);
}

/// The share of a unit's multiply-adds that so many work-items of it can issue. Each issues one
/// after the other, and has four on their way at most.
double issued_share(double work_items, double units, const Facts &facts) {
    const auto rate = facts.value("fma.fp32.rate");
    const auto latency = facts.value("fma.fp32.latency");
    if (!rate || !latency || *rate * *latency <= 0)
        return 1;
    constexpr double on_their_way = 4;
    return std::min(1.0, work_items * on_their_way / (*rate / 2 / units * *latency));
}

bool fits_device(const ScoreTile &tile, const AttentionShape &shape, const DeviceInfo &device) {
    return tile.items() <= device.max_work_group_size.value_or(64) &&
           tile.local_bytes(shape.width) <= device.local_memory.value_or(0) &&
           Attention::unfit(shape, AttentionPlan::by_local_memory(tile)).empty();
}

std::vector<ScoreTile> score_tiles(const AttentionShape &shape, const Facts &facts) {
    if (!facts.device || workloads::on_cpu(facts))
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
    return {{quotient_up(shape_.length, plan_.tile.row_elements()), heads, 1}, {1, 1, 1}, 2};
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
        return {{tiles(), heads, 1}, {1, 1, 1}, 2};
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

std::optional<double> Attention::predicted_seconds(const Facts &facts) const {
    return plan_.family == KernelFamily::panels ? predicted_of_panels(facts)
                                                : predicted_by_local_memory(facts);
}

std::optional<double> Attention::predicted_of_panels(const Facts &facts) const {
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
    const auto copy = facts.value("buffer.memory.copy_bandwidth");
    constexpr int launches = 3;
    return *seconds + (copy && *copy > 0 ? packed / *copy : 0) +
           launches * facts.value("launch.back_to_back").value_or(0);
}

std::optional<double> Attention::predicted_by_local_memory(const Facts &facts) const {
    const auto rate = facts.value("fma.fp32.rate");
    if (!rate || *rate <= 0)
        return std::nullopt;
    const ScoreTile &tile = plan_.group_tile;
    const double width = shape_.width;
    const double groups = 1.0 * tiles() * shape_.heads * tile.splits;
    const double units = std::max(1.0, facts.value("compute_units").value_or(1));
    // Of causal tiles, whose keys differ in number, the mean.
    const double scores = computed_scores() / groups;
    const double blocks = std::ceil(scores / (1.0 * tile.queries * tile.keys));

    // Operands, in quads, for each element of both depths; what a block of keys needs besides.
    const double item = 1.0 * tile.item_rows * tile.item_columns;
    const double columns = width / tile.items_beside();
    const double loads = (tile.item_rows + tile.item_columns) * width / 4 +
                         (tile.item_rows + columns) * tile.keys / 4;
    const double others = item * instructions_of_groups + tile.item_rows * columns +
                          4.0 * tile.keys * width / 4 / tile.items();
    const double multiplied = item * width + tile.item_rows * columns * tile.keys;
    const double share = multiplied / (multiplied + loads + others);
    const double of_a_unit = std::ceil(groups / units);
    const double resident = resident_groups(tile, shape_.width, facts);
    double slowest = of_a_unit * units * scores * 4 * width / *rate / share /
                     issued_share(std::min(resident, of_a_unit) * tile.items(), units, facts);
    const auto bound = [&](std::optional<double> bandwidth, double bytes) {
        if (bandwidth && *bandwidth > 0)
            slowest = std::max(slowest, bytes / *bandwidth);
    };
    // Neighbours that read the same element read it once.
    const double beside = std::min(neighbours, double{1} * tile.items_beside());
    const double read = neighbours / beside * tile.item_rows * (width + tile.keys) +
                        beside * (tile.item_columns * width + columns * tile.keys);
    bound(facts.value("local.bandwidth"),
          groups * blocks * tile.items() / neighbours * read * sizeof(float));
    const auto shared = facts.value("buffer.l2.read_bandwidth");
    const auto memory = facts.value("buffer.memory.read_bandwidth");
    bound(shared ? shared : memory, groups * blocks * 2 * tile.keys * width * sizeof(float));
    const auto operand = sizeof(float) * static_cast<double>(shape_.elements());
    bound(memory, 3 * operand);
    // A block takes no less than its two fetches; other groups of the unit fetch meanwhile.
    const auto near = facts.value("buffer.l2.latency");
    const auto latency = near ? near : facts.value("buffer.memory.latency");
    if (latency)
        slowest = std::max(slowest, std::ceil(of_a_unit / resident) * 2 * blocks * *latency);
    const auto copy = facts.value("buffer.memory.copy_bandwidth");
    if (in_parts() && copy && *copy > 0)
        slowest += (2.0 * tile.splits + 1) * operand / *copy;
    return slowest + facts.value("launch.back_to_back").value_or(0) * (in_parts() ? 2 : 1);
}

bool fits_registers(const AttentionPlan &plan, const Facts &facts) {
    if (plan.family == KernelFamily::panels)
        return workloads::fits_registers(plan.tile, facts);
    constexpr unsigned usual_width = 64;
    return plan.group_tile.registers(usual_width) <=
           facts.value("registers.spill_limit").value_or(64);
}

std::vector<AttentionPlan> attention_plans(const AttentionShape &shape, const Facts &facts) {
    const unsigned width = workloads::native_width(facts);
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
                            plans.push_back(
                                {KernelFamily::panels, tile, panels * tile.row_elements(), {}});
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
