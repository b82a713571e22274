#pragma once
#include "io/csv.hpp"

#include <clprobe/series.hpp>

#include <string>
#include <string_view>
#include <vector>

inline const clprobe::Axis footprint_axis{"footprint", clprobe::Unit::byte, {}};
inline const clprobe::Axis latency_axis{"latency", clprobe::Unit::second, {}};

/// Layouts of a series "chase": latency over footprint, in seconds or in cycles.
std::vector<clprobe::Series> chase_layouts();
/// Layout of a series "read": bandwidth over footprint.
std::vector<clprobe::Series> read_layout();
/// Layout of a series "race": latency over a form, in words, and trips.
std::vector<clprobe::Series> race_layout();

/// The series that a text holds as "file.csv".
clprobe::Series read_csv(std::string_view text,
                         const std::vector<clprobe::Series> &layouts = chase_layouts(),
                         const clprobe::CsvOptions &options = {});

/// That the text has one row.
void check_row(std::string_view text, double bytes, double seconds,
               const clprobe::CsvOptions &options = {});

/// What is said of a file that is read.
std::vector<std::string> notes_of(std::string_view text, const clprobe::CsvOptions &options = {});

/// That its reading fails with an InputError whose message contains this one.
void check_refused(std::string_view text, const std::string &message,
                   const std::vector<clprobe::Series> &layouts = chase_layouts(),
                   const clprobe::CsvOptions &options = {});
