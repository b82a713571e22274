#pragma once
#include "memory/buffer_bandwidth/streams.hpp"

#include <optional>

namespace clprobe::probes::buffer_bandwidth {

/// Finds the fastest shape of an operation: what suits this kind of device first, then one property
/// after the other (a coordinate descent), the best of each being kept. Samples go to `times`; only
/// `reserve` seconds of the probe's budget are left over. Nothing where no shape works.
[[nodiscard]] std::optional<StreamShape>
fastest_shape(Bench &bench, Streams &streams, Operation operation, Series &times, double reserve);
/// A shape to begin with, whose groups may be larger than is allowed.
[[nodiscard]] StreamShape first_shape(const Bench &bench, Operation operation);

} // namespace clprobe::probes::buffer_bandwidth
