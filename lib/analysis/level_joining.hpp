#pragma once
#include <clprobe/levels.hpp>

#include <cstddef>
#include <span>

namespace clprobe {

/// Takes out a level. Of the one before, the knee then reaches over both rises, and its size lies
/// in the one that passes the middle of the two, in log value; behind the last level there is none.
void remove_level(Levels &found, std::size_t index);

/// Makes one of two neighbouring levels that differ by less than three times, where the step
/// between them is within 3.5 times the noise of what they are made of: of the difference of two
/// samples, one from each plateau, by how much those of one point differ, which were taken at
/// several times. Where other programs use a part of a cache that noise is their doing, and a
/// second run shows another step there, or none. The less noisy of the two stays, says so, and its
/// interval covers the other's value.
void join_levels_within_noise(Levels &found, std::span<const CurvePoint> curve);

} // namespace clprobe
