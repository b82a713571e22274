#pragma once
#include <clprobe/levels.hpp>

#include <string>
#include <vector>

/// A curve of one sample a point: "2:39.5 4:39.8 ..." are places and values.
std::vector<clprobe::CurvePoint> published(const std::string &text);

/// A level that a reader of the curve expects: the range of its size, and its value.
struct ExpectedLevel {
    clprobe::Interval size;
    double value = 0;
};

constexpr clprobe::Interval no_size{0, 0}; ///< of the last level

/// Checks that these are the levels: decided, and each value within 3 %.
void check_levels(const clprobe::Levels &found, const std::vector<ExpectedLevel> &expected);
