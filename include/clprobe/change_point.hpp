#pragma once
#include <vector>

namespace clprobe {

/// Repeated samples of a positive quantity at one place of a curve.
struct CurvePoint {
    double x = 0;
    std::vector<double> samples;
};

} // namespace clprobe
