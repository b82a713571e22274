#pragma once

namespace native {

/// The frequency that the processors run at while all are busy, in Hz: of a chain of dependent
/// additions and exclusive ors, a cycle each, the best of the rounds in `seconds`.
[[nodiscard]] double measured_clock(double seconds);

} // namespace native
