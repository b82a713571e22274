#pragma once

namespace clprobe {

/// The probability that Student's t with so many degrees of freedom (above 0, may be infinite)
/// exceeds `t`.
[[nodiscard]] double student_tail(double t, double freedom);

/// The `t` that it exceeds with that probability, which lies between 0 and 0.5.
[[nodiscard]] double student_point(double probability, double freedom);

} // namespace clprobe
