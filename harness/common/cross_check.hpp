#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>

#include <string>
#include <vector>

namespace clprobe::probes {

/// Two probes that find the same levels, each in its own way: `<prefix>.l<n>.<own>` are the sizes
/// that one finds, `<prefix>.l<n>.<other>` those of the other.
struct CrossCheck {
    std::string prefix; ///< "buffer"
    std::string own;    ///< "size"
    std::string other;  ///< "read_size"
    std::string by;     ///< what the other goes by, for people: "bandwidth"
};

[[nodiscard]] bool meet(const Interval &a, const Interval &b);

/// Adds a note to all findings of a level whose size none of the facts' sizes meets (by their
/// intervals): the two may count levels differently.
void note_disagreement(std::vector<Finding> &findings, const Facts &facts,
                       const CrossCheck &opinion);

} // namespace clprobe::probes
