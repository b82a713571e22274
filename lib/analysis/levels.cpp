#include <clprobe/levels.hpp>

#include <cmath>

namespace clprobe {

Levels find_levels(std::span<const CurvePoint> curve, CurveKind kind) {
    const Segmentation segments = find_breaks(curve);
    Levels found{{}, segments.noise, segments.decided, segments.reason};
    for (std::size_t i = 0; i < segments.plateaus.size(); ++i) {
        const Plateau &plateau = segments.plateaus[i];
        Level level{plateau.level,
                    plateau.interval,
                    {curve[plateau.first].x, curve[plateau.last].x},
                    std::nullopt,
                    {}};
        if (i < segments.breaks.size()) {
            level.knee = segments.breaks[i].x;
            level.size = std::sqrt(level.knee.low * level.knee.high);
            if ((segments.breaks[i].ratio > 1) != (kind == CurveKind::latency))
                continue;
        }
        found.levels.push_back(level);
    }
    return found;
}

} // namespace clprobe
