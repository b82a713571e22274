#include "host/launch/launch.hpp"

namespace clprobe::probes {
namespace {

using namespace launch;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "host/launch";
    info.question = "What does a launch cost, on the host and on the device?";
    info.method =
        "A kernel of one work-item that raises a count is launched over and over, by the bare "
        "calls with nothing between them, and the count is read after each batch: a launch that "
        "did not take place is noticed. Rounds of everything in random order are spread over the "
        "probe's time.\n\n"
        "Single launches, each waited for by clFinish before the next, give the round trip by the "
        "host's clock; others, on a queue with profiling, give dispatch (QUEUED to START) and the "
        "device's own time (START to END) by its timestamps, where host/event_timer found these "
        "sound. The intervals of their quantiles are those of order statistics, widened to what "
        "stretches of the probe's time differ by, and by a tick of the timestamps. Batches of 1 "
        "to 1000 launches, fewer where these take long, give what each launch adds: the slope of "
        "time over the number of launches in the upper tenfold. Bursts of up to 50 enqueues give "
        "the cost of that call alone, the same with events, in turn, that of an event.\n\n"
        "Launches in a row of a kernel that does nothing show what the host needs for each. What "
        "the device needs between two is seen by long ones, with a work-group for each compute "
        "unit: dependent chains of steps are made by one launch, or shared out among up to 50, "
        "each four times as long as what an empty one adds, so that the host is ahead. All go on "
        "where the one before came to, which is read afterwards. What each launch more takes is "
        "the gap.\n\n"
        "All but dispatch and the device's time are measured on a queue without profiling. The "
        "first launch is that of a program with a constant that no build had before, so that "
        "nothing of it lies in a cache of the driver's.";
    info.pitfalls = {
        "A queue with profiling doubles what launches in a row take on some drivers.",
        "Timestamps of kernels this short show how the driver takes them as much as the kernel: "
        "some take QUEUED late, or by another clock. Where QUEUED to END is longer than the host "
        "waits, they are suspect.",
        "The device's time is not that of an empty kernel: a word is read and written, or nobody "
        "would know that it ran.",
        "An event costs nothing where the driver makes one for every command anyway.",
        "The gap grows with the groups that a launch begins and ends: on an H200 from 1.5 us for a "
        "single work-item to 2.5 us for 12 groups a unit. It is that of one group a unit; caches "
        "that a launch finds empty come on top of it.",
        "A mean hides that one launch in a hundred takes ten times as long: hence the quantiles.",
        "The host's calls go at its pace of this run, which other work on the machine decides: "
        "their intervals are never narrower than 35 % to either side, those of launches that are "
        "waited for than 20 %, and 50 % at p99 and on a CPU. The device's own time for next to "
        "nothing moves with them: by a fifth between runs of one H200."};
    info.sources = {"OpenCL 3.0 specification, section 5.14, profiling operations",
                    "G. J. Hahn and W. Q. Meeker, Statistical Intervals (1991), section 5.2, "
                    "intervals for a percentile"};
    info.findings = finding_keys();
    info.series = {{launches, axes<LaunchRow>(), {"time", Unit::second, {}}, "one launch"},
                   {calls,
                    axes<CallRow>(),
                    {"time", Unit::second, {}},
                    "host time of one call, the mean of a loop of them"},
                   {batches,
                    axes<BatchRow>(),
                    {"time", Unit::second, {}},
                    "host time of so many launches in a row, until all are done"},
                   {long_launches,
                    axes<LongRow>(),
                    {"time", Unit::second, {}},
                    "host time of so many steps of a chain, shared out among so many launches"}};
    info.kernels = {"host/launch"};
    info.seconds = 3;
    info.quick_seconds = 1;
    return info;
}

class Launch final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_host_launch() {
    return std::make_unique<Launch>();
}

} // namespace clprobe::probes
