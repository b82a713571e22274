#pragma once
#include "levels_devices.hpp"

/// How the levels that were found compare with those that are there.
struct Verdicts {
    int curves = 0;
    int decided = 0;
    /// True levels, and how many of them are found: as to latency and size.
    struct Found {
        int levels = 0;
        int found = 0;
    };
    Found clear;
    Found standing_out;
    int reported = 0;
    int reported_false = 0; ///< no true level, or one that has been reported already

    void judge(const SyntheticDevice &device, const clprobe::Levels &found);
};
