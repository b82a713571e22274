#include "analysis/datasheet_notes.hpp"
#include "analysis/families.hpp"
#include "model/text.hpp"

#include <clprobe/datasheet.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

using Place = DatasheetPart::Place;

/// The part that a key tells of, or all keys that begin so, and what its value is called there:
/// this, and of a longer key what stands behind.
struct Rule {
    std::string_view key;
    Place place = Place::other;
    std::string_view part;
    std::string_view name = {};
    std::string_view path = {}; ///< of the first level
};

/// From the inside out; of two that fit the first counts. Levels ("buffer.l1.size") and memories
/// ("buffer.memory.latency") have their part by that form, and a key that is not here has one of
/// its family's name.
constexpr std::array rules = {
    Rule{"compute_units", Place::unit, "compute units", "count"},
    Rule{"occupancy.max_threads_per_cu", Place::unit, "compute units", "threads each"},
    Rule{"occupancy", Place::unit, "compute units", "occupancy"},
    Rule{"warp", Place::unit, "compute units", "warp"},
    Rule{"clock", Place::unit, "compute units", "clock"},
    Rule{"barrier", Place::unit, "compute units", "barrier"},
    Rule{"divergence", Place::unit, "compute units", "divergence"},
    Rule{"fma", Place::unit, "arithmetic", "fma"},
    Rule{"instruction", Place::unit, "instructions"},
    Rule{"overlap", Place::unit, "arithmetic", "overlap"},
    Rule{"matrix.ptx", Place::unit, "arithmetic", "matrix ptx"},
    Rule{"subgroup", Place::unit, "arithmetic", "subgroup"},
    Rule{"register_file.bytes_per_cu", Place::unit, "registers", "size a unit"},
    Rule{"register_file", Place::unit, "registers", "file"},
    Rule{"registers", Place::unit, "registers"},
    Rule{"local_memory.bytes_per_cu", Place::unit, "local memory", "size a unit"},
    Rule{"local_memory", Place::unit, "local memory"},
    Rule{"local", Place::unit, "local memory"},
    Rule{"cache", Place::cache, "L1", "", "buffer"},
    Rule{"image.line_size", Place::cache, "image L1", "line size", "image"},
    Rule{"constant", Place::cache, "constant L1", "", "constant"},
    Rule{"memory", Place::memory, "memory", "", "buffer"},
    Rule{"access", Place::memory, "access"},
    Rule{"tlb", Place::memory, "TLB"},
    Rule{"page", Place::memory, "TLB", "page"},
    Rule{"image", Place::images, "images"},
    Rule{"transfer", Place::host, "transfers"},
    Rule{"launch", Place::host, "launches"},
    Rule{"build", Place::host, "builds"},
    Rule{"event_timer", Place::host, "timestamps"},
};

constexpr std::array<std::string_view, 3> paths = {"buffer", "image", "constant"};

/// The parts of a key as words.
std::string words(std::string_view key) {
    std::string text(key);
    std::ranges::replace_if(
        text, [](char c) { return c == '_' || c == '.'; }, ' ');
    return text;
}

/// Whether the key is the other one, or goes on behind it.
bool begins_with(std::string_view key, std::string_view beginning) {
    return key.starts_with(beginning) &&
           (key.size() == beginning.size() || key[beginning.size()] == '.');
}

/// Where a value stands among others, and what it is called there.
struct Position {
    Place place = Place::other;
    std::size_t rank = 0; ///< among the parts of the place
    DatasheetPart part;
    std::string name;

    [[nodiscard]] auto order() const { return std::tuple(place, rank, part.level); }
};

/// Of a level of a memory hierarchy: "buffer.l1.size", "cache.l1.shared_with_image".
std::optional<Position> position_in_hierarchy(std::string_view key) {
    const auto parts = split(key, '.');
    if (parts.size() < 3 || parts[0] == "tlb")
        return std::nullopt;
    const bool memory = parts[1] == "memory";
    const int level =
        parts[1].starts_with('l') ? number_in<int>(parts[1].substr(1)).value_or(0) : 0;
    if (!memory && level < 1)
        return std::nullopt;
    Position position;
    position.place = position.part.place = memory ? Place::memory : Place::cache;
    position.part.level = level;
    position.part.path = parts[0] == "cache" ? "buffer" : parts[0];
    position.rank =
        static_cast<std::size_t>(std::ranges::find(paths, position.part.path) - paths.begin());
    position.part.name = memory ? "memory" : fmt::format("L{}", level);
    if (position.rank > 0)
        position.part.name = fmt::format("{} {}", words(parts[0]), position.part.name);
    position.name = words(key.substr(parts[0].size() + parts[1].size() + 2));
    return position;
}

/// Null where none fits.
const Rule *rule_of(std::string_view key) {
    const auto *const rule = std::ranges::find_if(
        rules, [&](const Rule &candidate) { return begins_with(key, candidate.key); });
    return rule == rules.end() ? nullptr : rule;
}

Position position_of(std::string_view key) {
    if (auto position = position_in_hierarchy(key))
        return *std::move(position);
    Position position;
    const Rule *const rule = rule_of(key);
    std::string_view family = key_family(key);
    if (rule == nullptr) {
        position.rank = rules.size();
        position.part.name = words(family);
    } else {
        family = rule->key;
        position.place = position.part.place = rule->place;
        position.part.name = rule->part;
        position.part.path = rule->path;
        position.part.level = rule->place == Place::cache ? 1 : 0;
        position.rank = static_cast<std::size_t>(std::ranges::find(rules, rule->part, &Rule::part) -
                                                 rules.begin());
        if (!rule->path.empty())
            position.rank =
                static_cast<std::size_t>(std::ranges::find(paths, rule->path) - paths.begin());
        position.name = rule->name;
    }
    if (key.size() > family.size()) {
        position.name += position.name.empty() ? "" : " ";
        position.name += words(key.substr(family.size() + 1));
    }
    return position;
}

/// A finding and the probe that made it.
struct Source {
    const Finding *finding = nullptr;
    std::string_view probe;
};

/// The last finding of each key, in the order of the first.
std::vector<Source> sources_of(const DeviceRecord &record) {
    std::vector<Source> sources;
    std::map<std::string_view, std::size_t> places;
    for (const ProbeRecord &probe : record.probes)
        for (const Finding &finding : probe.findings) {
            const auto [place, added] = places.try_emplace(finding.key, sources.size());
            if (added)
                sources.emplace_back();
            sources[place->second] = {&finding, probe.probe};
        }
    return sources;
}

std::vector<DatasheetPart> parts_of(std::span<const Source> sources) {
    std::vector<std::pair<Position, const Finding *>> positions;
    for (const Source &source : sources)
        if (source.finding->value)
            positions.emplace_back(position_of(source.finding->key), source.finding);
    std::ranges::stable_sort(positions, {}, [](const auto &p) { return p.first.order(); });
    std::vector<DatasheetPart> parts;
    for (const auto &each : positions) {
        const Position &position = each.first;
        // Those without a place come in the order of their findings, a part's one after the other.
        auto part = std::ranges::find_if(parts, [&](const DatasheetPart &candidate) {
            return candidate.place == position.place && candidate.name == position.part.name;
        });
        if (part == parts.end())
            part = parts.insert(parts.end(), position.part);
        part->values.push_back({position.name, *each.second});
    }
    return parts;
}

/// What has no value first.
std::vector<DatasheetGap> gaps_of(const DeviceRecord &record, std::span<const Source> sources) {
    std::vector<DatasheetGap> gaps;
    std::map<std::pair<Status, std::string>, std::size_t> places;
    const auto add = [&](Status status, const std::string &reason, const std::string &key) {
        const auto [place, added] =
            places.try_emplace({status, without_numbers(reason)}, gaps.size());
        if (added)
            gaps.push_back({status, reason, {}});
        gaps[place->second].keys.push_back(key);
    };
    for (const auto &[finding, probe] : sources)
        if (finding->status == Status::suspect)
            add(finding->status, suspicion_in(finding->note), finding->key);
        else if (finding->status != Status::measured)
            add(finding->status, finding->note, finding->key);
    for (const ProbeRecord &probe : record.probes)
        if (probe.findings.empty() && probe.status != Status::measured)
            add(probe.status, probe.reason, probe.probe);
    std::ranges::stable_sort(gaps, {},
                             [](const DatasheetGap &gap) { return gap.status == Status::suspect; });
    return gaps;
}

bool is_rate(Unit unit) {
    return unit == Unit::flop_per_second || unit == Unit::op_per_second ||
           unit == Unit::byte_per_second || unit == Unit::texel_per_second;
}

/// The highest rate of memory: what all that moves bytes is measured by.
const Finding *memory_roof(std::span<const Source> sources) {
    const Finding *highest = nullptr;
    for (const auto &[finding, probe] : sources)
        if (finding->status == Status::measured && finding->unit == Unit::byte_per_second &&
            begins_with(finding->key, "buffer.memory") &&
            (highest == nullptr || *highest->value < *finding->value))
            highest = finding;
    return highest;
}

/// The FMA rate of the type that the key names, or of single precision.
const Finding *arithmetic_roof(std::string_view key, std::span<const Source> sources) {
    const Finding *roof = nullptr;
    for (const auto &[finding, probe] : sources) {
        const auto parts = split(finding->key, '.');
        if (finding->status != Status::measured || parts.size() != 3 || parts[0] != "fma" ||
            parts[2] != "rate")
            continue;
        if (std::ranges::count(split(key, '.'), parts[1]) > 0)
            return finding;
        if (parts[1] == "fp32")
            roof = finding;
    }
    return roof;
}

DatasheetRate rate_of(const Source &source, std::span<const Source> sources) {
    const Finding &finding = *source.finding;
    std::string name = words(finding.key);
    const bool of_memory = begins_with(finding.key, "buffer.memory");
    const std::string_view ending = of_memory ? " bandwidth" : " rate";
    if (name.ends_with(ending))
        name.resize(name.size() - ending.size());
    if (of_memory)
        name.erase(0, std::string_view("buffer ").size());
    const bool computes =
        source.probe.starts_with("compute/") || source.probe.starts_with("workloads/");
    const Finding *roof = nullptr;
    if (finding.unit == Unit::byte_per_second)
        roof = memory_roof(sources);
    else if (computes)
        roof = arithmetic_roof(finding.key, sources);
    constexpr double above = 1.1; // then it is no roof of this
    if (roof == nullptr || roof->key == finding.key || *finding.value > above * *roof->value)
        return {name, finding, "", {}, false};
    return {name, finding, roof->key, *finding.value / *roof->value, false};
}

/// What the highest rate is chosen among: the rates of memory are all shown, and so is a family's
/// rate of its own ("julia.rate"), which stands for its others; else each kind has one, by what
/// stands behind the family, or behind what its rule begins with ("fma.fp32", "atomic.local",
/// "matrix.ptx.fp16").
std::string_view kind_of(std::string_view key) {
    const Rule *const rule = rule_of(key);
    const std::string_view beginning = rule != nullptr ? rule->key : key_family(key);
    const bool of_memory = begins_with(key, "buffer.memory");
    return of_memory ? key : key.substr(0, key.find('.', beginning.size() + 1));
}

/// Families take turns, each with its roofs first. What is suspect, or neither a roof nor a share
/// of one, so that nothing says how high it is, comes last.
void mark_headlines(std::vector<DatasheetRate> &rates) {
    constexpr std::size_t most = 6;
    struct Candidate {
        DatasheetRate *rate = nullptr;
        enum class Rank { roof, share, other } rank = Rank::other;
        int turn = 0; ///< among those of its family
    };
    using Rank = Candidate::Rank;
    const auto rank_of = [&](const DatasheetRate &rate) {
        if (rate.finding.status == Status::suspect)
            return Rank::other;
        if (std::ranges::count(rates, rate.finding.key, &DatasheetRate::roof) > 0)
            return Rank::roof;
        return rate.share ? Rank::share : Rank::other;
    };
    std::vector<Candidate> candidates;
    for (DatasheetRate &rate : rates)
        candidates.push_back({&rate, rank_of(rate)});
    std::ranges::stable_sort(candidates, {}, &Candidate::rank);
    std::map<std::string_view, int> turns;
    for (Candidate &candidate : candidates)
        candidate.turn = turns[key_family(candidate.rate->finding.key)]++;
    std::ranges::stable_sort(candidates, {}, [](const Candidate &candidate) {
        return std::pair(candidate.rank == Rank::other, candidate.turn);
    });
    for (std::size_t i = 0; i < std::min(most, candidates.size()); ++i)
        candidates[i].rate->headline = true;
}

std::vector<DatasheetRate> rates_of(std::span<const Source> sources) {
    // The device's own limits have more lines than what programs reach.
    const auto most_of = [](std::string_view key) {
        return position_of(key).place == Place::other ? 4 : 6;
    };
    std::vector<Source> highest;
    for (const Source &source : sources) {
        const Finding &finding = *source.finding;
        if (!finding.value || finding.better != Better::higher || !is_rate(finding.unit))
            continue;
        const Position position = position_of(finding.key);
        if (position.place != Place::other && position.part.name != "arithmetic" &&
            position.part.name != "memory")
            continue;
        const auto same = std::ranges::find_if(highest, [&](const Source &other) {
            return kind_of(other.finding->key) == kind_of(finding.key);
        });
        if (same == highest.end())
            highest.push_back(source);
        else if (*same->finding->value < *finding.value)
            *same = source;
    }
    const auto stands_for_itself = [](const Source &source) {
        return kind_of(source.finding->key) == source.finding->key;
    };
    std::set<std::string_view> with_own;
    for (const Source &source : highest)
        if (stands_for_itself(source))
            with_own.insert(key_family(source.finding->key));
    std::vector<DatasheetRate> rates;
    std::map<std::string_view, int> counts;
    for (const Source &source : highest) {
        const std::string_view family = key_family(source.finding->key);
        if ((stands_for_itself(source) || !with_own.contains(family)) &&
            ++counts[family] <= most_of(source.finding->key))
            rates.push_back(rate_of(source, sources));
    }
    // The device's own limits before what programs reach.
    std::ranges::stable_sort(rates, {}, [](const DatasheetRate &rate) {
        const Position position = position_of(rate.finding.key);
        return std::pair(position.place, position.rank);
    });
    mark_headlines(rates);
    return rates;
}

} // namespace

const Finding *DatasheetPart::find(std::string_view value) const {
    const auto *const found = pointer_to(values, value, &DatasheetValue::name);
    return found == nullptr ? nullptr : &found->finding;
}

const DatasheetPart *Datasheet::find(std::string_view part) const {
    return pointer_to(parts, part, &DatasheetPart::name);
}

Datasheet datasheet_of(const DeviceRecord &record, std::span<const CheckedExpectation> checked) {
    const std::vector<Source> sources = sources_of(record);
    Datasheet sheet{
        record.device, parts_of(sources), rates_of(sources), {}, gaps_of(record, sources), {}};
    std::ranges::copy_if(checked, std::back_inserter(sheet.claims),
                         [&](const auto &each) { return each.device == record.device.slug; });
    std::vector<const Finding *> findings;
    for (const Source &source : sources)
        if (source.finding->value)
            findings.push_back(source.finding);
    sheet.notes = notes_of(sheet, findings);
    return sheet;
}

} // namespace clprobe
