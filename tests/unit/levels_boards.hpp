#pragma once
#include "synthetic.hpp"

#include <clprobe/levels.hpp>

#include <vector>

/// A curve of latency as people take it of a board, with what is true of it.
struct Board {
    std::vector<clprobe::CurvePoint> points;
    std::vector<double> sizes; ///< B, of each cache, the fastest first
    double last_octave = 0;    ///< by how much (relative) the curve rises there without noise
};

/// A chase by one core, one sample at each power of two from 1, 2 or 4 KiB on, drawn so:
/// - two or three caches, as often; the first of 16 to 64 KiB (powers of two and 48 KiB) with 3 to
/// 5
///   cycles of 1 to 3 GHz; the second of 128 KiB to 2 MiB and at least 4 times the first, 2.5 to 5
///   times as slow; the third of 1 to 32 MiB and at least 4 times the second, 2 to 4 times as slow;
///   both powers of two, or half as much again; memory is 3 to 10 times as slow as the last cache;
/// - of each cache one of four ends sharply at its size, its point being as fast as those before;
/// one
///   ends at 0.7 to 0.98 of its size, so that the point there is as slow as the next level; one
///   loses its hits evenly from 0.7 to 0.95 of its size to 1.05 to 1.6 of it; one has the hits of
///   random accesses, size / footprint;
/// - in two of three a TLB with a reach of 128 KiB to 1 MiB adds up to 0.6 of the second cache's
///   latency, times 1 - reach / footprint; in half a second one of 1 to 8 MiB up to 0.4 of
///   memory's;
/// - the curve ends 2 to 64 times beyond the last cache; noise is log-normal, 0.2 to 2 %,
/// log-uniform;
///   in one of five curves one point beyond the first four takes 1.1 to 1.5 times as long; values
///   have four digits.
Board board(Random &random);
