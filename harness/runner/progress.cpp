#include "progress.hpp"
#include "style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace clprobe::runner {
ProgressLine::ProgressLine() : enabled_(stderr_can_be_rewritten()) {}

void ProgressLine::start(std::size_t probes, double seconds) {
    probes_ = probes;
    seconds_left_ = seconds;
}

void ProgressLine::probe_started(const std::string &name, double seconds) {
    ++position_;
    name_ = name;
    seconds_ = seconds;
    seconds_left_ -= seconds;
    draw(0);
}

void ProgressLine::probe_progress(double share) {
    draw(share);
}

void ProgressLine::draw(double share) {
    if (!enabled_)
        return;
    const double left = seconds_left_ + seconds_ * std::max(0.0, 1 - share);
    fmt::print(stderr, "\r[{}/{}] {}  {:.0f} %  about {:.0f} s left\x1b[K", position_, probes_,
               name_, 100 * std::clamp(share, 0.0, 1.0), std::max(left, 1.0));
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressLine::clear() {
    if (!drawn_)
        return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
    drawn_ = false;
}

} // namespace clprobe::runner
