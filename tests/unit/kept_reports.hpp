#pragma once
#include <clprobe/report.hpp>

#include <string>
#include <vector>

/// A report of docs/results/.
[[nodiscard]] clprobe::Report kept_report(const std::string &file);
/// Of each driver one, without samples.
[[nodiscard]] const std::vector<clprobe::Report> &kept_reports();
