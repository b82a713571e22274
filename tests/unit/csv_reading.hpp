#pragma once
#include <clprobe/csv.hpp>
#include <clprobe/series.hpp>

#include <string>
#include <string_view>
#include <vector>

inline const clprobe::Axis footprint_axis{"footprint", clprobe::Unit::byte, {}};
inline const clprobe::Axis latency_axis{"latency", clprobe::Unit::second, {}};

/// Layout of a series "chase": latency over footprint.
std::vector<clprobe::Series> chase_layout();

/// The series that a text holds as "file.csv".
clprobe::Series read_csv(std::string_view text,
                         const std::vector<clprobe::Series> &layouts = chase_layout());

/// That its reading fails with an InputError whose message contains this one.
void check_refused(std::string_view text, const std::string &message,
                   const std::vector<clprobe::Series> &layouts = chase_layout());
