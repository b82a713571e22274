#pragma once
#include "levels_devices.hpp"

/// How the levels that were found compare with those that are there.
struct Verdicts {
    int curves = 0;
    int decided = 0;
    int clear = 0;       ///< true levels that must be seen
    int clear_found = 0; ///< of these, found: as to latency and size
    int reported = 0;
    int reported_false = 0; ///< no true level, or one that has been reported already

    void judge(const SyntheticDevice &device, const clprobe::Levels &found);
};
