#include "analysis/datasheet_notes.hpp"
#include "analysis/families.hpp"
#include "model/text.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace clprobe {
namespace {

using Findings = std::span<const Finding *const>;
using Place = DatasheetPart::Place;

std::string shown(const Finding &finding) {
    return format({*finding.value, finding.unit}, 3);
}

bool is_measured(const Finding *finding) {
    return finding != nullptr && finding->status == Status::measured;
}

Interval interval_of(const Finding &finding) {
    return finding.interval.value_or(Interval{*finding.value, *finding.value});
}

/// How many times as good the first is as the second, at least: nothing where their intervals, or
/// their signs, leave that open.
std::optional<double> surely_better(const Finding &good, const Finding &bad) {
    const auto [good_low, good_high] = interval_of(good);
    const auto [bad_low, bad_high] = interval_of(bad);
    if (good_low <= 0 || bad_low <= 0)
        return std::nullopt;
    const double least = good.better == Better::higher ? good_low / bad_high : bad_low / good_high;
    return least > 1 ? std::optional(least) : std::nullopt;
}

double times_better(const Finding &good, const Finding &bad) {
    return good.better == Better::higher ? *good.value / *bad.value : *bad.value / *good.value;
}

/// "2.2 times", "36 times".
std::string times(double ratio) {
    return fmt::format("{} times", format({ratio, Unit::one}, 2));
}

/// What bounds a kernel by the operations that it does for each byte.
void add_limits(const Datasheet &sheet, Findings findings, std::vector<DatasheetNote> &notes) {
    const Finding *const peak = find(findings, "fma.fp32.rate");
    if (!is_measured(peak))
        return;
    DatasheetNote note{"limits", "", {peak->key}};
    for (std::size_t i = sheet.parts.size(); i > 0; --i) {
        const DatasheetPart &part = sheet.parts[i - 1];
        const Finding *const bandwidth = part.find("read bandwidth");
        if (part.path != "buffer" || !is_measured(bandwidth) || *bandwidth->value <= 0)
            continue;
        const bool first = note.keys.size() == 1;
        note.text +=
            fmt::format("{}{:.2g}{} ({})", first ? "bandwidth below " : ", ",
                        *peak->value / *bandwidth->value, first ? " fp32 flop/B" : "", part.name);
        note.keys.push_back(bandwidth->key);
    }
    note.text += "; else arithmetic";
    if (note.keys.size() > 1)
        notes.push_back(std::move(note));
}

/// Levels that may be one cache, read from near and from far.
void add_partitions(const Datasheet &sheet, Findings findings, std::vector<DatasheetNote> &notes) {
    const Finding *const partitions = find(findings, "atomic.global.partitions");
    if (!is_measured(partitions) || *partitions->value < 2)
        return;
    const DatasheetPart *before = nullptr;
    for (const DatasheetPart &part : sheet.parts) {
        if (part.place != Place::cache || part.path != "buffer")
            continue;
        const Finding *const part_size = before == nullptr ? nullptr : before->find("size");
        const Finding *const size = part.find("size");
        if (is_measured(part_size) && is_measured(size) && interval_of(*part_size).low > 0 &&
            interval_of(*size).low <= *partitions->value * interval_of(*part_size).high &&
            interval_of(*size).high >= *partitions->value * interval_of(*part_size).low)
            notes.push_back({"caches",
                             fmt::format("{} may be the near part of {}, which is {} times its "
                                         "size: atomics find {} partitions",
                                         before->name, part.name,
                                         format({*size->value / *part_size->value, Unit::one}, 2),
                                         shown(*partitions)),
                             {part_size->key, size->key, partitions->key}});
        before = &part;
    }
}

/// The local size that a method tells of: "256" or "16 x 2" of "528 groups of 256".
std::string local_size_in(std::string_view method) {
    constexpr std::string_view before = "groups of ";
    const auto at = method.find(before);
    if (at == std::string_view::npos)
        return {};
    const std::string_view rest = method.substr(at + before.size());
    return std::string(trimmed(rest.substr(0, rest.find_first_not_of("0123456789 x"))));
}

/// The components of the vectors that a method tells of: "4" of "8 chains of float4".
std::string vector_width_in(std::string_view method) {
    constexpr std::array<std::string_view, 11> types = {"float",  "double", "half",  "int",
                                                        "uint",   "char",   "uchar", "short",
                                                        "ushort", "long",   "ulong"};
    std::size_t end = 0;
    for (std::size_t at = 0; at < method.size(); at = end + 1) {
        const auto is_part = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0;
        };
        end = at;
        while (end < method.size() && is_part(method[end]))
            ++end;
        const std::string_view word = method.substr(at, end - at);
        const auto digits = std::min(word.find_first_of("0123456789"), word.size());
        if (std::ranges::count(types, word.substr(0, digits)) == 0)
            continue;
        const auto width = word.substr(digits);
        if (width.empty() || number_in<int>(width))
            return width.empty() ? "1" : std::string(width);
    }
    return {};
}

bool is_of(const Datasheet &sheet, std::string_view part, const Finding &finding) {
    const DatasheetPart *const found = sheet.find(part);
    return found != nullptr && std::ranges::any_of(found->values, [&](const DatasheetValue &value) {
               return value.finding.key == finding.key;
           });
}

/// "fma fp32, fp64, memory read": a first word that is the last name's too is left out.
std::string listed(const std::vector<std::string> &names) {
    std::string text;
    std::string_view last;
    for (const std::string &name : names) {
        const std::string_view first = std::string_view(name).substr(0, name.find(' ') + 1);
        text += fmt::format("{}{}", text.empty() ? "" : ", ",
                            first == last ? std::string_view(name).substr(first.size()) : name);
        last = first;
    }
    return text;
}

/// Which rates are reached with what, as their methods tell: "256 for fma fp32; 128 for memory
/// write".
DatasheetNote launches_of(const Datasheet &sheet, std::string topic,
                          std::string (*in)(std::string_view)) {
    std::vector<std::pair<std::string, std::vector<std::string>>> users;
    DatasheetNote note{std::move(topic), "", {}};
    for (const DatasheetRate &rate : sheet.rates) {
        const std::string what = in(rate.finding.method);
        if (what.empty() ||
            !(is_of(sheet, "arithmetic", rate.finding) || is_of(sheet, "memory", rate.finding)))
            continue;
        note.keys.push_back(rate.finding.key);
        auto user = std::ranges::find(users, what, &decltype(users)::value_type::first);
        if (user == users.end())
            user = users.insert(user, {what, {}});
        user->second.push_back(rate.name);
    }
    for (const auto &[what, names] : users)
        note.text += fmt::format("{}{} for {}", note.text.empty() ? "" : "; ", what, listed(names));
    return note;
}

void add_local_sizes(const Datasheet &sheet, Findings findings, std::vector<DatasheetNote> &notes) {
    DatasheetNote note = launches_of(sheet, "local size", local_size_in);
    for (const Finding *const finding : findings) {
        constexpr std::string_view ending = ".best_local_size";
        if (!finding->key.ends_with(ending))
            continue;
        const auto [low, high] = interval_of(*finding);
        std::string text = fmt::format("{} for {}", shown(*finding),
                                       finding->key.substr(0, finding->key.size() - ending.size()));
        if (low < high)
            text += fmt::format(", {} to {} being as good", format({low, Unit::one}, 6),
                                format({high, Unit::one}, 6));
        note.text = note.text.empty() ? text : text + "; " + note.text;
        note.keys.insert(note.keys.begin(), finding->key);
    }
    if (!note.keys.empty())
        notes.push_back(std::move(note));
}

/// A level on the way to memory: what lies in it is no larger than its end.
struct Reach {
    const Finding *latency = nullptr;   ///< null where that is not settled
    const Finding *bandwidth = nullptr; ///< likewise
    Interval end;
};

constexpr double endless = std::numeric_limits<double>::infinity();

/// The levels on the way through buffers, or images, the fastest first, as far as their sizes are
/// settled.
std::vector<Reach> levels_on(const Datasheet &sheet, std::string_view path) {
    const auto settled = [](const Finding *finding) {
        return is_measured(finding) ? finding : nullptr;
    };
    std::vector<Reach> levels;
    for (const DatasheetPart &part : sheet.parts) {
        if (part.path != path)
            continue;
        const Finding *const size = settled(part.find("size"));
        if (part.place == Place::cache && size == nullptr)
            break;
        levels.push_back({settled(part.find("latency")), settled(part.find("read bandwidth")),
                          size == nullptr ? Interval{endless, endless} : interval_of(*size)});
    }
    return levels;
}

/// The sizes at which one of these levels ends, apart as far as their intervals are.
std::vector<Interval> ends_of(const std::vector<Reach> &some, const std::vector<Reach> &others) {
    std::vector<Interval> all;
    for (const auto *const levels : {&some, &others})
        for (const Reach &level : *levels)
            all.push_back(level.end);
    std::ranges::sort(all, {}, &Interval::low);
    std::vector<Interval> ends;
    for (const Interval &end : all)
        if (ends.empty() || end.low > ends.back().high)
            ends.push_back(end);
        else
            ends.back().high = std::max(ends.back().high, end.high);
    return ends;
}

/// Which of the two is better, and how many times: "a buffer, 2.2 times better".
struct Choice {
    std::string better; ///< "alike" where neither is
    std::string times;
};

Choice choose(const Finding &buffer, const Finding &image) {
    if (surely_better(buffer, image))
        return {"a buffer", format({times_better(buffer, image), Unit::one}, 2)};
    if (surely_better(image, buffer))
        return {"an image", format({times_better(image, buffer), Unit::one}, 2)};
    return {"alike", ""};
}

/// Whether a table is read faster as a buffer or as an image, in one respect, for each of the sizes
/// at which that may change: "a buffer, 2.2 times better up to 215 KiB, 1.1 beyond".
std::string comparison(const std::vector<Reach> &buffer, const std::vector<Reach> &image,
                       const Finding *Reach::*respect, std::vector<std::string> &keys) {
    struct Band {
        Choice choice;
        double end;
    };
    std::vector<Band> bands;
    for (const Interval &end : ends_of(buffer, image)) {
        const auto holds = [&](const Reach &level) { return level.end.low >= end.low; };
        const auto in_buffer = std::ranges::find_if(buffer, holds);
        const auto in_image = std::ranges::find_if(image, holds);
        if (in_buffer == buffer.end() || in_image == image.end())
            break;
        const Finding *const first = (*in_buffer).*respect;
        const Finding *const second = (*in_image).*respect;
        if (first == nullptr || second == nullptr)
            break;
        keys.insert(keys.end(), {first->key, second->key});
        const Choice choice = choose(*first, *second);
        if (!bands.empty() && bands.back().choice.better == choice.better &&
            bands.back().choice.times == choice.times)
            bands.back().end = end.low;
        else
            bands.push_back({choice, end.low});
    }
    std::string text;
    std::string better; // the one named last
    for (const auto &[choice, end] : bands) {
        if (!text.empty())
            text += ", ";
        if (choice.times.empty())
            text += choice.better;
        else if (choice.better == better)
            text += choice.times;
        else
            text += fmt::format("{}, {}{}", choice.better, choice.times,
                                better.empty() ? " times better" : "");
        if (!choice.times.empty())
            better = choice.better;
        if (!std::isinf(end))
            text += fmt::format(" up to {}", format({end, Unit::byte}, 3));
        else if (bands.size() > 1)
            text += " beyond";
    }
    return text;
}

void add_tables(const Datasheet &sheet, std::vector<DatasheetNote> &notes) {
    const std::vector<Reach> buffer = levels_on(sheet, "buffer");
    const std::vector<Reach> image = levels_on(sheet, "image");
    DatasheetNote note{"buffer/image", "", {}};
    const auto tell = [&](std::string_view what, const Finding *Reach::*respect) {
        const std::string text = comparison(buffer, image, respect, note.keys);
        if (!text.empty())
            note.text += fmt::format("{}{}: {}", note.text.empty() ? "" : "; ", what, text);
    };
    tell("latency", &Reach::latency);
    tell("bandwidth", &Reach::bandwidth);
    if (!note.keys.empty())
        notes.push_back(std::move(note));
}

/// Whether a small table is better copied to local memory.
void add_local_memory(const Datasheet &sheet, Findings findings,
                      std::vector<DatasheetNote> &notes) {
    const Finding *const local = find(findings, "local.latency");
    const Finding *const cache = find(findings, "buffer.l1.latency");
    const Finding *const own = find(findings, "local.own_memory");
    if (!is_measured(local) || !is_measured(cache))
        return;
    DatasheetNote note{"local memory", "", {local->key, cache->key}};
    if (surely_better(*local, *cache))
        note.text =
            fmt::format("latency {} shorter than L1's", times(times_better(*local, *cache)));
    else if (surely_better(*cache, *local))
        note.text = fmt::format("latency {} longer than L1's", times(times_better(*cache, *local)));
    else
        note.text = "latency as L1's";
    if (sheet.device.local_memory)
        note.text +=
            fmt::format(", up to {} a group",
                        format({static_cast<double>(*sheet.device.local_memory), Unit::byte}, 3));
    if (is_measured(own)) {
        note.text +=
            *own->value > 0 ? ", evicting nothing from L1" : ", kept in L1 as all memory is";
        note.keys.push_back(own->key);
    }
    notes.push_back(std::move(note));
}

/// What is left of the rate of words in a row where they lie apart, and the stride from which on it
/// pays to copy them to where they lie in a row, at that rate, and to go through the copy once.
void add_strides(Findings findings, std::vector<DatasheetNote> &notes) {
    const auto rate = [&](std::string_view operation, std::string_view pattern) {
        const Finding *const found =
            find(findings, fmt::format("access.{}.{}", operation, pattern));
        return is_measured(found) && *found->value > 0 ? found : nullptr;
    };
    const Finding *const reads = rate("read", "stride1");
    const Finding *const writes = rate("write", "stride1");
    for (const std::string_view operation : {"read", "write"}) {
        const Finding *const in_a_row = operation == "read" ? reads : writes;
        if (in_a_row == nullptr)
            continue;
        DatasheetNote note{"strides", "", {in_a_row->key}};
        std::string advice;
        for (int stride = 2; stride <= 64; stride *= 2)
            if (const Finding *const apart = rate(operation, fmt::format("stride{}", stride))) {
                const bool first = note.text.empty();
                note.text += fmt::format(
                    "{}{} {} %{}", first ? fmt::format("{}: stride ", operation) : ", ", stride,
                    format({100 * *apart->value / *in_a_row->value, Unit::one}, 2),
                    first ? " of stride 1" : "");
                note.keys.push_back(apart->key);
                if (advice.empty() && reads != nullptr && writes != nullptr &&
                    1 / *apart->value >
                        1 / *in_a_row->value + 1 / *reads->value + 1 / *writes->value)
                    advice =
                        fmt::format("; a transposing copy at full rate pays from {} on", stride);
            }
        note.text += advice;
        if (note.keys.size() > 1)
            notes.push_back(std::move(note));
    }
}

/// A way of doing something that is several times slower than one which differs from it in one word
/// of the key.
struct Contrast {
    std::string slow; ///< "contended"
    std::string fast; ///< "spread"
    double ratio = 1;
    const Finding *slow_finding = nullptr;
    const Finding *fast_finding = nullptr;
};

/// What both keys are of: "atomic global int add".
std::string common_words(const Contrast &contrast) {
    std::vector<std::string> words;
    for (const auto part : split(contrast.slow_finding->key, '.'))
        if (part != contrast.slow && part != "rate")
            words.emplace_back(part);
    return fmt::format("{}", fmt::join(words, " "));
}

/// Whether that part of a key is a parameter, or a level, and no way of doing something.
bool is_parameter(std::string_view part) {
    return part == "memory" || number_in<double>(part) ||
           number_in<int>(part.substr(part.starts_with('l') ? 1 : 0));
}

bool is_instruction(const Finding &finding) {
    return key_family(finding.key) == "instruction";
}

/// Of instructions, of which none does what another one does, and of strides and the like.
bool has_own_note(const Finding &finding) {
    return is_instruction(finding) || key_family(finding.key) == "access";
}

bool is_speed(const Finding &finding) {
    return finding.better != Better::none && *finding.value > 0 && finding.unit != Unit::one &&
           finding.unit != Unit::byte && finding.unit != Unit::joule;
}

/// The findings of one unit, by their keys with one word left open.
std::map<std::pair<std::string, Unit>, std::vector<const Finding *>> alike(Findings findings) {
    std::map<std::pair<std::string, Unit>, std::vector<const Finding *>> groups;
    for (const Finding *const finding : findings) {
        if (!is_measured(finding) || !is_speed(*finding) || has_own_note(*finding))
            continue;
        const auto parts = split(finding->key, '.');
        // What differs in all but the family is no other way of doing the same.
        for (std::size_t place = 1; parts.size() > 2 && place < parts.size(); ++place) {
            auto pattern = parts;
            pattern[place] = "*";
            if (!is_parameter(parts[place]))
                groups[{fmt::format("{}", fmt::join(pattern, ".")), finding->unit}].push_back(
                    finding);
        }
    }
    return groups;
}

void add_slow_ways(Findings findings, std::vector<DatasheetNote> &notes) {
    constexpr double several = 3;
    constexpr std::size_t most = 5;
    std::vector<Contrast> worst; // of each family and slow word
    for (const auto &[pattern, members] : alike(findings)) {
        const Finding &best = **std::ranges::max_element(members, {}, [](const Finding *finding) {
            return finding->better == Better::higher ? *finding->value : -*finding->value;
        });
        for (const Finding *const finding : members) {
            const double ratio = times_better(best, *finding);
            if (finding->better != best.better || ratio < several || !surely_better(best, *finding))
                continue;
            const Contrast contrast{differing_part(finding->key, pattern.first),
                                    differing_part(best.key, pattern.first), ratio, finding, &best};
            const auto same = std::ranges::find_if(worst, [&](const Contrast &other) {
                return other.slow == contrast.slow &&
                       key_family(other.slow_finding->key) == key_family(finding->key);
            });
            if (same == worst.end())
                worst.push_back(contrast);
            else if (same->ratio < ratio)
                *same = contrast;
        }
    }
    std::ranges::stable_sort(worst, std::greater<>(), &Contrast::ratio);
    worst.resize(std::min(worst.size(), most));
    for (const Contrast &contrast : worst)
        notes.push_back({"slow",
                         fmt::format("{}: {} {} slower than {}", common_words(contrast),
                                     contrast.slow, times(contrast.ratio), contrast.fast),
                         {contrast.slow_finding->key, contrast.fast_finding->key}});
}

/// Instructions of a type for each multiply-add of single precision, those of one share together:
/// "add, mul 0.5; divide 0.026".
void add_instructions(Findings findings, std::string_view type, std::vector<DatasheetNote> &notes) {
    const Finding *const fma = find(findings, "fma.fp32.rate");
    if (!is_measured(fma) || *fma->value <= 0)
        return;
    DatasheetNote note{"instructions", "", {fma->key}};
    std::vector<std::pair<double, std::string>> shares;
    for (const Finding *const finding : findings) {
        const auto parts = split(finding->key, '.');
        if (!is_instruction(*finding) || !is_measured(finding) || parts.size() != 4 ||
            parts[1] != type || parts[3] != "rate")
            continue;
        // A multiply-add counts two there and here, a dot product of four bytes eight.
        const double each = parts[2].starts_with("dot4") ? 8 : parts[2].starts_with("mad") ? 2 : 1;
        shares.emplace_back(2 * *finding->value / *fma->value / each, parts[2]);
        note.keys.push_back(finding->key);
    }
    if (shares.empty())
        return;
    std::ranges::stable_sort(shares, std::greater<>(), &std::pair<double, std::string>::first);
    std::string last;
    for (const auto &[share, name] : shares) {
        const std::string text = format({share, Unit::one}, 2);
        note.text += note.text.empty() ? name
                     : text == last    ? fmt::format(", {}", name)
                                       : fmt::format(" {}; {}", last, name);
        last = text;
    }
    note.text = fmt::format("{} for each multiply-add of fp32: {} {}", type, note.text, last);
    notes.push_back(std::move(note));
}

} // namespace

const Finding *find(std::span<const Finding *const> findings, std::string_view key) {
    const auto found =
        std::ranges::find_if(findings, [&](const Finding *finding) { return finding->key == key; });
    return found == findings.end() ? nullptr : *found;
}

std::vector<DatasheetNote> notes_of(const Datasheet &sheet, Findings findings) {
    std::vector<DatasheetNote> notes;
    add_limits(sheet, findings, notes);
    add_partitions(sheet, findings, notes);
    add_local_sizes(sheet, findings, notes);
    if (DatasheetNote widths = launches_of(sheet, "vector width", vector_width_in);
        !widths.keys.empty())
        notes.push_back(std::move(widths));
    add_tables(sheet, notes);
    add_strides(findings, notes);
    add_local_memory(sheet, findings, notes);
    add_slow_ways(findings, notes);
    for (const std::string_view type : {"int32", "fp32"})
        add_instructions(findings, type, notes);
    return notes;
}

} // namespace clprobe
