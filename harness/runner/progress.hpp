#pragma once
#include <cstddef>
#include <string>

namespace clprobe::runner {

/// One line on stderr that says how far a run is, written over and over; nothing at all where
/// stderr is no terminal.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine &) = delete;
    ProgressLine &operator=(const ProgressLine &) = delete;

    /// The whole run: so many probes, with so many seconds of budget.
    void start(std::size_t probes, double seconds);
    void probe_started(const std::string &name, double seconds);
    /// `share` of that probe's budget is used up.
    void probe_progress(double share);
    /// Takes the line away, so that something else can be printed.
    void clear();

private:
    void draw(double share);

    bool enabled_;
    bool drawn_ = false;
    std::size_t probes_ = 0;
    std::size_t position_ = 0;
    double seconds_left_ = 0; ///< of the probes after this one
    double seconds_ = 0;      ///< of this one
    std::string name_;
};

} // namespace clprobe::runner
