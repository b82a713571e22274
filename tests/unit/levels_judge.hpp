#pragma once
#include "levels_devices.hpp"

/// How the levels that were found compare with those that are there.
struct Verdicts {
    int curves = 0;
    int decided = 0;
    int standing_out = 0; ///< of the true levels
    int found = 0;        ///< of these, as to latency and size
    int reported = 0;
    int reported_false = 0; ///< no true level, or one that has been reported already

    void judge(const SyntheticDevice &device, const clprobe::Levels &reading);
};
