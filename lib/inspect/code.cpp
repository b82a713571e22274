#include "inspect/code.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

using Lines = std::set<std::size_t>;

/// For each line those that may run right before it.
std::vector<std::vector<std::size_t>> predecessors_of(const std::vector<CodeLine> &code) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < code.size(); ++i)
        for (const std::string &label : code[i].labels)
            places.emplace(label, i);
    std::vector<std::vector<std::size_t>> before(code.size());
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code[i].goes_on && i + 1 < code.size())
            before[i + 1].push_back(i);
        if (const auto to = places.find(code[i].jump); to != places.end())
            before[to->second].push_back(i);
    }
    return before;
}

/// The natural loops, by the line that each is entered at: the lines from which a jump back to that
/// line can be reached without passing it.
std::map<std::size_t, Lines> loops_in(const std::vector<CodeLine> &code) {
    const auto before = predecessors_of(code);
    std::map<std::size_t, Lines> loops;
    for (std::size_t head = 0; head < code.size(); ++head)
        for (const std::size_t last : before[head]) {
            if (last < head)
                continue;
            Lines &loop = loops[head];
            loop.insert(head);
            std::vector<std::size_t> open = {last};
            while (!open.empty()) {
                const std::size_t line = open.back();
                open.pop_back();
                if (line >= head && loop.insert(line).second)
                    open.insert(open.end(), before[line].begin(), before[line].end());
            }
        }
    return loops;
}

void add(const CodeLine &line, InstructionCount &count) {
    count.instructions += line.instruction ? 1 : 0;
    count.slots += line.slot ? 1 : 0;
    count.fma += line.fma ? 1 : 0;
}

} // namespace

InstructionCount count(const std::vector<CodeLine> &code) {
    InstructionCount counted;
    for (const CodeLine &line : code)
        add(line, counted);
    return counted;
}

std::optional<InstructionCount> count_loop(const std::vector<CodeLine> &code) {
    const auto loops = loops_in(code);
    std::optional<InstructionCount> best;
    for (const auto &loop : loops) {
        const auto is_inside = [&](const auto &other) {
            return other.first != loop.first && loop.second.contains(other.first);
        };
        if (std::ranges::any_of(loops, is_inside))
            continue;
        InstructionCount counted;
        for (const std::size_t line : loop.second)
            add(code[line], counted);
        if (!best ||
            std::tie(counted.fma, counted.instructions) > std::tie(best->fma, best->instructions))
            best = counted;
    }
    return best;
}

} // namespace clprobe
