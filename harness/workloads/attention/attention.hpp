#pragma once
#include "common/operands.hpp"
#include "common/operator_calls.hpp"

#include <clprobe/kernel.hpp>
#include <clprobe/launch.hpp>
#include <clprobe/memory.hpp>
#include <clprobe/predicted_call.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/workloads.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace clprobe::probes::attention {

using workloads::KernelFamily;
using workloads::Tile;

inline constexpr const char *kernel_text = "workloads/attention";

/// O = softmax(Q K^T / sqrt(width)) V for each head, all four of `length` rows of `width` elements,
/// head after head (those of all sequences of a batch), in single precision.
struct AttentionShape {
    std::uint32_t heads = 1;
    std::uint32_t length = 1; ///< queries, and keys
    std::uint32_t width = 32; ///< of a head
    bool causal = false;      ///< a query sees the keys up to its own row only

    static constexpr std::array<const char *, 2> causal_names{"no", "yes"};
    static auto columns() {
        constexpr double most = 1 << 16;
        return std::tuple{column("heads", &AttentionShape::heads).between(1, most),
                          column("length", &AttentionShape::length).between(1, most),
                          column("width", &AttentionShape::width).between(1, 1024),
                          column("causal", &AttentionShape::causal, causal_names)};
    }
    /// Queries with a key that each sees.
    [[nodiscard]] double scores() const;
    /// Of both products, a multiply-add counting two.
    [[nodiscard]] double flops() const { return 4 * scores() * width; }
    /// Elements of Q, and of each of the others.
    [[nodiscard]] std::size_t elements() const { return std::size_t{heads} * length * width; }
    /// What scores are multiplied by.
    [[nodiscard]] float scale() const;
    /// "8x1024x64", "8x1024x64.causal".
    [[nodiscard]] std::string name() const;

    bool operator==(const AttentionShape &) const = default;
};

/// The shapes that have findings: a small one, ViT-S, GPT-2's length by eight heads of its width,
/// the same as it is in a decoder, and a batch of eight with 16 heads each.
inline constexpr std::array<AttentionShape, 5> shapes{
    {{1, 64, 32}, {6, 197, 64}, {8, 1024, 64}, {8, 1024, 64, true}, {128, 2048, 64}}};

/// What a work-group makes by way of local memory, and how: the macros of
/// kernels/workloads/attention_local.clh.
struct ScoreTile {
    unsigned queries = 64;
    unsigned keys = 64;
    unsigned item_rows = 8;    ///< queries that a work-item holds in registers
    unsigned item_columns = 8; ///< and keys
    unsigned unroll = 2;
    bool ahead = true;   ///< the next keys are fetched while the values are used
    unsigned splits = 1; ///< of the keys, put together in the end: 1, 2, 3, 4, 6 or 8

    static constexpr std::array<const char *, 2> ahead_names{"no", "yes"};
    static auto columns() {
        return std::tuple{column("group_queries", &ScoreTile::queries).between(4, 1024),
                          column("group_keys", &ScoreTile::keys).between(4, 1024),
                          column("item_rows", &ScoreTile::item_rows).between(1, 64),
                          column("item_columns", &ScoreTile::item_columns).between(4, 64),
                          column("group_unroll", &ScoreTile::unroll).between(1, 16),
                          column("ahead", &ScoreTile::ahead, ahead_names),
                          column("splits", &ScoreTile::splits).between(1, 8)};
    }
    /// Work-items of the group, beside each other along keys, and all.
    [[nodiscard]] unsigned items_beside() const { return std::max(1u, keys / item_columns); }
    [[nodiscard]] unsigned items() const {
        return std::max(1u, queries / item_rows) * items_beside();
    }
    [[nodiscard]] std::size_t local_bytes(unsigned width) const;
    /// That a work-item needs, or a few more.
    [[nodiscard]] unsigned registers(unsigned width) const;

    bool operator==(const ScoreTile &) const = default;
};

/// A way to compute it: in the family of panels a tile for each work-item and how many keys it
/// takes at a time, in that of local memory a tile for each work-group.
struct AttentionPlan {
    KernelFamily family = KernelFamily::panels;
    Tile tile = {.rows = 4, .vectors = 1, .width = 4, .step = 1, .unroll = 1};
    unsigned keys = 64; ///< a multiple of the elements in a tile's row
    ScoreTile group_tile = {};
    unsigned tiles_together = 1; ///< in the family of panels, the work-items of a group

    static auto columns() {
        return std::tuple{
            column("family", &AttentionPlan::family, workloads::family_names),
            part(&AttentionPlan::tile), column("keys", &AttentionPlan::keys).between(1, 4096),
            part(&AttentionPlan::group_tile),
            column("tiles_together", &AttentionPlan::tiles_together).between(1, 1024)};
    }
    [[nodiscard]] static AttentionPlan by_local_memory(const ScoreTile &tile);
    [[nodiscard]] std::string describe() const;

    bool operator==(const AttentionPlan &) const = default;
};

/// The launches of the kernel text by that plan. In the family of panels:
///
///     pack_keys(K, key_panels, uint length, uint first_head)
///     pack_values(V, value_panels, uint length, uint first_head)
///     attention(Q, key_panels, value_panels, O, uint length, float scale, uint first_head)
///
/// In the family of local memory, the second only where the keys are split, and then the first
/// writes the parts:
///
///     attention(Q, K, V, O or parts, measures, uint length, uint heads, float scale,
///               uint first_head)
///     add_<splits>_parts(parts, measures, O, uint heads * length, uint length)
///
/// Of one matrix whose rows are tokens, each with the queries of all heads, then the keys, then the
/// values, Q, K and V are the same buffer, and O has a row of all heads for each token.
class Attention {
public:
    /// `by_tokens`: of such a matrix, with the heads that the shape has.
    Attention(const AttentionShape &shape, const AttentionPlan &plan, bool by_tokens = false)
        : shape_(shape), plan_(plan), by_tokens_(by_tokens) {}

    [[nodiscard]] const AttentionShape &shape() const { return shape_; }
    [[nodiscard]] bool packs() const { return plan_.family == KernelFamily::panels; }
    /// Why the plan cannot be used for that shape; empty where it can.
    [[nodiscard]] static std::string unfit(const AttentionShape &shape, const AttentionPlan &plan);

    [[nodiscard]] std::string build_options() const;
    [[nodiscard]] bool in_parts() const {
        return plan_.family == KernelFamily::local_memory && plan_.group_tile.splits > 1;
    }
    /// Of the family of panels.
    [[nodiscard]] std::size_t key_panels_bytes() const;
    [[nodiscard]] std::size_t value_panels_bytes() const;
    [[nodiscard]] NdRange pack(std::uint32_t heads) const;
    /// Of the family of local memory.
    [[nodiscard]] std::size_t parts_bytes() const;
    [[nodiscard]] std::size_t measures_bytes() const;
    [[nodiscard]] std::string add_parts_kernel() const;
    [[nodiscard]] NdRange add_parts() const;

    [[nodiscard]] NdRange attend(std::uint32_t heads) const;
    /// Bytes of the largest buffer that it needs beside Q, K, V and O.
    [[nodiscard]] std::size_t most_bytes() const;

    /// The launches' work by this device's findings. Nothing where the rate of multiply-adds was
    /// not measured.
    [[nodiscard]] std::optional<PredictedCall> predicted_call(const Facts &facts) const;
    /// Seconds that they add to others in a row: `seconds_in_a_row` of it.
    [[nodiscard]] std::optional<double> predicted_seconds(const Facts &facts) const {
        return seconds_in_a_row(predicted_call(facts), facts);
    }

private:
    [[nodiscard]] std::uint32_t tiles() const; ///< of a head
    [[nodiscard]] double computed_scores() const;
    /// Blocks of keys that groups go through: of causal ones some have more than others.
    struct BlockCounts {
        double all = 0;
        double heaviest_unit = 0; ///< of all groups of one unit
        double longest_row = 0;   ///< of groups that take turns in one place of a unit
    };
    [[nodiscard]] BlockCounts blocks_of_groups(double all_units, double resident) const;
    [[nodiscard]] std::optional<PredictedCall> predicted_of_panels(const Facts &facts) const;
    [[nodiscard]] std::optional<PredictedCall> predicted_by_local_memory(const Facts &facts) const;

    AttentionShape shape_;
    AttentionPlan plan_;
    bool by_tokens_;
};

/// What the launches of a call read and write.
struct AttentionBuffers {
    Buffer queries;
    Buffer keys;
    Buffer values;
    Buffer results;
    Buffer key_panels;   ///< of the family of panels
    Buffer value_panels; ///< likewise
    Buffer parts;        ///< the results, where there is one part
    Buffer measures;     ///< of the family of local memory
};
/// With those that lie between, as far as the plan has them, of `make`.
[[nodiscard]] AttentionBuffers
attention_buffers(const Attention &attention, const Buffer &queries, const Buffer &keys,
                  const Buffer &values, const Buffer &results,
                  const std::function<Buffer(std::size_t bytes)> &make);
/// The launches of a call, of so many heads each at most. `written` makes an argument of a buffer
/// that a launch writes; `first` says whether it is the first to.
[[nodiscard]] std::vector<BoundLaunch>
attention_launches(const Program &program, const Attention &attention,
                   const AttentionBuffers &buffers, std::uint32_t most_heads,
                   const std::function<Argument(const Buffer &, bool first)> &written);

/// Whether a work-item finds registers for what it holds.
[[nodiscard]] bool fits_registers(const AttentionPlan &plan, const Facts &facts);

/// Plans to choose from on that device, the likeliest first; those that do not fit the registers
/// come after all others. By local memory wherever that is a memory of its own and has room for a
/// tile.
[[nodiscard]] std::vector<AttentionPlan> attention_plans(const AttentionShape &shape,
                                                         const Facts &facts);
/// Shapes and plans that reach all of the kernels' text, for devices that take others.
[[nodiscard]] std::vector<std::pair<AttentionShape, AttentionPlan>>
calls_of_all_text(const DeviceInfo &device);

/// The host's side: operands, and what is computed of them in double precision.
struct HostOperands {
    std::vector<float> queries;
    std::vector<float> keys;
    std::vector<float> values;
};
/// Random reals from -1 to 1.
[[nodiscard]] HostOperands random_operands(const AttentionShape &shape, std::mt19937_64 &random);
/// Scores of 80 and -80, in random order.
[[nodiscard]] HostOperands loud_operands(const AttentionShape &shape, std::mt19937_64 &random);
/// Each query is so much nearer to one of the keys that it sees, often its own, than to others that
/// these have no weight in single precision; values are whole numbers. `chosen`: those keys, by
/// head and query. No rounding is left: O is those rows of V to the last bit.
struct Lookup {
    HostOperands operands;
    std::vector<std::uint32_t> chosen;
};
[[nodiscard]] Lookup lookup_operands(const AttentionShape &shape, std::mt19937_64 &random);

/// A row of O, each element as `error_of` takes it: `terms` counts the roundings that any order of
/// the sums, any blocks of keys and an exponential of four units leave at most.
[[nodiscard]] std::vector<ExactSum> host_row(const AttentionShape &shape,
                                             const HostOperands &operands, std::size_t row);

using RaceRow = operators::RaceRow<AttentionShape, AttentionPlan>;
using CallRow = operators::CallRow<AttentionShape, AttentionPlan>;

namespace series {
inline const std::string race = "race"; ///< calls by plans that were tried
inline const std::string call = "call"; ///< of the chosen plan of each shape
} // namespace series

namespace entry = operators::entry;

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);
/// The plans of those shapes that were raced.
[[nodiscard]] std::vector<Choice> choices_of(const Dataset &data);

} // namespace clprobe::probes::attention
