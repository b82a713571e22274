#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace clprobe::workloads {
namespace {

/// Work-items that run together, whose arrangement in the tile is chosen.
constexpr unsigned neighbours = 32;

/// Instructions of a work-item for one slice, in vectors of four but for arithmetic and what is
/// stored turned.
struct Instructions {
    Instructions(const GroupTile &tile, unsigned left_fetches)
        : multiply_adds(double{1} * tile.item_rows * tile.item_columns * tile.slice) {
        const double items = tile.items();
        const double left = tile.tile_rows * tile.slice / 4.0 / items;
        const double right = tile.tile_columns * tile.slice / 4.0 / items;
        const double operands = (tile.item_rows + tile.item_columns) / 4.0 * tile.slice;
        others = operands + 2 * right + (4 + left_fetches + 4 * (left_fetches - 1)) * left;
    }
    double multiply_adds;
    double others;
};

double groups_of(const GemmShape &shape, const GroupTile &tile) {
    return std::ceil(double{1} * shape.m / tile.tile_rows) *
           std::ceil(double{1} * shape.n / tile.tile_columns) * tile.splits;
}
GroupNeeds needs_of(const GroupTile &tile) {
    return {tile.items(), tile.local_bytes(), tile.registers()};
}
/// How often a unit's resident groups give way to the next.
double waves(double groups, const GroupTile &tile, const Facts &facts) {
    const double of_a_unit = std::ceil(groups / units_of(facts));
    return std::ceil(of_a_unit / resident_groups(needs_of(tile), facts));
}

/// How many of the neighbours lie below each other, so that they read the fewest different
/// elements; 0 where the tile's work-items cannot be arranged in whole numbers of them.
unsigned best_lanes_down(const GroupTile &tile) {
    unsigned best = 0;
    double least = 0;
    for (const unsigned down : {8u, 4u, 16u, 2u}) {
        const unsigned beside = neighbours / down;
        const double read =
            double{1} * down * tile.item_rows + double{1} * beside * tile.item_columns;
        if (tile.tile_rows / tile.item_rows % down != 0 ||
            tile.tile_columns / tile.item_columns % beside != 0 || (best > 0 && read >= least))
            continue;
        best = down;
        least = read;
    }
    return best;
}

} // namespace

unsigned GroupTile::items() const {
    return std::max(1u, tile_rows / item_rows) * std::max(1u, tile_columns / item_columns);
}
std::size_t GroupTile::local_bytes() const {
    return sizeof(float) * 2 * slice * (tile_rows + 4 + tile_columns);
}
unsigned GroupTile::registers() const {
    const unsigned operands = (ahead ? 2 : 1) * (item_rows + item_columns);
    const unsigned fetched = slice * (tile_rows + tile_columns) / items();
    return item_rows * item_columns + operands + fetched;
}

std::string GroupTile::build_options() const {
    return fmt::format("-DTILE_ROWS={} -DTILE_COLUMNS={} -DSLICE={} -DITEM_ROWS={} "
                       "-DITEM_COLUMNS={} -DLANES_DOWN={} -DAHEAD={:d}",
                       tile_rows, tile_columns, slice, item_rows, item_columns, lanes_down, ahead);
}

std::string GroupTile::describe() const {
    return fmt::format("tiles of {} x {} by {} work-items, {} x {} each, slices of {}{}{}{}",
                       tile_rows, tile_columns, items(), item_rows, item_columns, slice,
                       ahead ? " read ahead" : "",
                       strip > 1 ? fmt::format(", strips of {}", strip) : "",
                       splits > 1 ? fmt::format(", the depth in {} parts", splits) : "");
}

std::optional<PredictedCall> predicted_by_local_memory(const GroupProducts &work,
                                                       const GroupTile &tile, const Facts &facts) {
    const GemmShape &shape = work.shape;
    const auto rate = facts.value("fma.fp32.rate");
    if (!rate || *rate <= 0)
        return std::nullopt;
    const double slices = std::ceil(shape.k / (double{1} * tile.slice * tile.splits));
    const double depth = slices * tile.slice;
    const double groups = groups_of(shape, tile) * work.products;

    const Instructions instructions(tile, work.left_fetches);
    const double flops = 2.0 * tile.tile_rows * tile.tile_columns * depth;
    const double of_a_unit = std::ceil(groups / units_of(facts));
    const double together = std::min(of_a_unit, resident_groups(needs_of(tile), facts));
    double multiplying = of_a_unit * units_of(facts) * flops / *rate *
                         (1 + instructions.others / instructions.multiply_adds) /
                         busy_share(together * tile.items(), facts);
    // Each step of a slice waits for its operands, which other groups of the unit do not hide:
    // their barriers keep them in step.
    multiplying += waves(groups, tile, facts) * depth * facts.value("local.latency").value_or(0);
    // Neighbours that read the same element read it each for itself: of vectors of four elements
    // local memory serves a few work-items at a time.
    const double exchanging = seconds_at(facts.value("local.bandwidth"),
                                         groups * depth * tile.items() *
                                             (tile.item_rows + tile.item_columns) * sizeof(float));
    // What groups fetch comes from beyond the first level, which is another in each unit.
    const auto shared = facts.value("buffer.l2.read_bandwidth");
    const auto memory = facts.value("buffer.memory.read_bandwidth");
    const double fetching = std::max(
        seconds_at(shared ? shared : memory,
                   groups * depth * (work.left_fetches * tile.tile_rows + tile.tile_columns) *
                       sizeof(float)),
        seconds_at(memory, work.operands));
    double seconds = at_the_same_time({multiplying, exchanging, fetching});
    // A slice takes no less than its fetch; other groups of the unit fetch meanwhile.
    const auto near = facts.value("buffer.l2.latency");
    const auto latency = near ? near : facts.value("buffer.memory.latency");
    if (latency)
        seconds = std::max(seconds, waves(groups, tile, facts) * slices * *latency);

    const bool in_parts = tile.splits > 1 || work.products > 1;
    const double result = 1.0 * sizeof(float) * shape.m * shape.n * work.products;
    if (in_parts)
        seconds += seconds_at(facts.value("buffer.memory.copy_bandwidth"),
                              (2.0 * tile.splits + 1) * result);
    const double launches = in_parts ? 2 : 1;
    return PredictedCall{seconds + fetch_and_store(launches, facts), launches};
}

std::vector<GroupTile> group_tiles_of_all_text(const DeviceInfo &device) {
    const GroupTile in_parts{.tile_rows = 32,
                             .tile_columns = 64,
                             .slice = 8,
                             .item_rows = 4,
                             .item_columns = 8,
                             .lanes_down = 4,
                             .ahead = true,
                             .strip = 2,
                             .splits = 3};
    if (device.max_work_group_size.value_or(0) < in_parts.items() ||
        device.local_memory.value_or(0) < in_parts.local_bytes())
        return {};
    GroupTile whole = in_parts;
    whole.ahead = false;
    whole.splits = 1;
    return {in_parts, whole};
}

bool fits_registers(const GroupTile &tile, const Facts &facts) {
    return tile.registers() <= facts.value("registers.spill_limit").value_or(64);
}

std::vector<GroupTile> group_tiles(const GroupProducts &work, const Facts &facts) {
    if (!has_own_local_memory(facts))
        return {};
    struct Size {
        unsigned rows, columns, slice, item_rows, item_columns;
    };
    static const std::vector<Size> of_one{
        {256, 128, 8, 16, 8}, {128, 256, 8, 8, 16}, {128, 128, 8, 16, 8}, {128, 128, 8, 8, 8},
        {128, 128, 16, 8, 8}, {64, 128, 16, 8, 8},  {128, 64, 16, 8, 8},  {64, 64, 16, 8, 8},
        {64, 64, 16, 4, 4},   {64, 96, 16, 4, 12},  {32, 128, 16, 4, 8},  {32, 96, 8, 4, 12},
        {32, 64, 16, 4, 4},   {32, 64, 8, 4, 8},    {32, 32, 16, 4, 4},   {32, 32, 8, 4, 4}};
    // Rows are few, and each of their elements takes several fetches.
    static const std::vector<Size> of_several{
        {64, 128, 16, 8, 8}, {128, 64, 16, 8, 8}, {64, 96, 16, 4, 12},  {64, 64, 16, 8, 8},
        {64, 64, 16, 8, 4},  {64, 64, 16, 4, 4},  {32, 192, 16, 4, 12}, {32, 192, 24, 4, 8},
        {32, 128, 16, 4, 8}, {32, 96, 16, 4, 12}, {32, 64, 16, 4, 4},   {16, 128, 32, 4, 4}};
    const bool several = work.products > 1;
    std::vector<GroupTile> tiles;
    for (const Size &size : several ? of_several : of_one) {
        GroupTile tile{size.rows, size.columns, size.slice, size.item_rows, size.item_columns};
        tile.lanes_down = best_lanes_down(tile);
        if (tile.lanes_down == 0 ||
            tile.items() > facts.device->max_work_group_size.value_or(256) ||
            tile.local_bytes() > facts.device->local_memory.value_or(0))
            continue;
        for (const bool ahead : {true, false}) {
            // It has never been faster where operands are fewer.
            if (ahead && (several || size.item_rows * size.item_columns < 64))
                continue;
            tile.ahead = ahead;
            tile.splits = 1;
            tile.strip = 8;
            // Groups that all run at once have no order.
            if (!several && waves(groups_of(work.shape, tile), tile, facts) > 1)
                tiles.push_back(tile);
            tile.strip = 1;
            tiles.push_back(tile);
            for (const unsigned splits : {2u, 3u, 4u, 6u, 8u}) {
                tile.splits = splits;
                if (splits * tile.slice <= work.shape.k && (!several || splits <= 4))
                    tiles.push_back(tile);
            }
        }
    }
    return tiles;
}

} // namespace clprobe::workloads
