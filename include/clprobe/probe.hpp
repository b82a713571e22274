#pragma once
#include <clprobe/context.hpp>
#include <clprobe/finding.hpp>
#include <clprobe/network.hpp>
#include <clprobe/report.hpp>
#include <clprobe/sampling.hpp>
#include <clprobe/series.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

class Clock;
class Registry;
struct ProfiledLaunch;

/// How much time a run may take. `tiny` bounds sizes as well, for interpreters and tests.
enum class Profile { tiny, quick, standard, thorough };
/// As in reports and on the command line; nothing where the text is no profile.
[[nodiscard]] std::string_view name(Profile profile);
[[nodiscard]] std::optional<Profile> parse_profile(std::string_view text);

/// A series that a probe makes, or takes from others: what it is over, what was measured, and what
/// that means. The columns of its CSV are the axes and the measure.
struct SeriesShape {
    std::string name;
    std::vector<Axis> axes;
    Axis measure;
    std::string meaning;
    /// The axis whose labels each build of clprobe has others of, like the networks that come with
    /// it: points of labels that this one does not know are left out. Empty: none.
    std::string open_axis = {};
    /// Axes that earlier reports have not, and where on them what these measured lies.
    std::map<std::string, double> later_axes = {};
};

/// A build of one of a probe's kernel texts, whose kernels show what a compiler makes of the probe.
struct KernelVariant {
    std::string name; ///< tells it from the probe's others ("fma float4"); empty for the only one
    std::string text; ///< the kernel text's registered name
    std::string options;  ///< as for `Bench::build`
    std::string function; ///< empty: every kernel of the program
};

/// How work of one shape is best done on a device, as tuning found: for a run to begin with.
struct Choice {
    std::string kernel;       ///< the kernel text's registered name
    std::string sha256;       ///< of that text
    std::string shape;        ///< of the work: "1024x1024x1024"
    std::vector<double> plan; ///< coordinates of the row that describes it

    bool operator==(const Choice &) const = default;
};

/// What a probe is, for people and for the session: its page is generated from this.
struct ProbeInfo {
    std::string name;     ///< "compute/fma_rate"
    std::string question; ///< what it asks, in one sentence
    std::string method;   ///< how, in a paragraph or two
    std::vector<std::string> pitfalls;
    std::vector<std::string> sources;
    std::string needs;                   ///< what a device must have, for people; empty: nothing
    std::vector<std::string> depends_on; ///< probes whose findings it uses
    /// Probes whose findings it is set against where the run makes them, before it or after it;
    /// they are not run for it.
    std::vector<std::string> cross_checks;
    std::vector<FindingKey> findings;
    std::vector<SeriesShape> series;
    std::vector<std::string> kernels;
    double seconds = 5;                       ///< time budget at the standard profile
    std::optional<double> quick_seconds = {}; ///< at the quick one; by default a quarter of that
    bool on_request = false;                  ///< left out of a run that names no probes
    bool tunes = false;                       ///< it makes choices that `clprobe tune` searches
};

/// The seconds that a profile grants the probe.
[[nodiscard]] double budget(const ProbeInfo &probe, Profile profile);

class Bench;

/// One question to a device: `measure` runs the experiment, `interpret` says what it means.
class Probe {
public:
    virtual ~Probe() = default;

    [[nodiscard]] virtual const ProbeInfo &info() const = 0;
    /// Why this device cannot be asked; nothing where it can.
    [[nodiscard]] virtual std::optional<std::string> unsupported(const DeviceInfo &) const {
        return std::nullopt;
    }
    /// Fills `bench.data()`. What was measured before an exception stays in the report.
    virtual void measure(Bench &bench) const = 0;
    /// The findings that the data and facts allow: a pure function of them, the same to the last
    /// bit wherever it runs. Makes every key of `info().findings`, or says why not.
    [[nodiscard]] virtual std::vector<Finding> interpret(const Dataset &data,
                                                         const Facts &facts) const = 0;
    /// The builds to inspect on that device: not all that `measure` may try, but each kind, their
    /// options made by what makes them there. By default each of `info().kernels` without options,
    /// which is what most probes build.
    [[nodiscard]] virtual std::vector<KernelVariant> kernels(const DeviceInfo &device) const;
    /// The curves that a person may want to see beside the findings, from the same data.
    [[nodiscard]] virtual std::vector<Curve> curves(const Dataset &) const { return {}; }
    [[nodiscard]] virtual std::vector<HeatMap> heat_maps(const Dataset &) const { return {}; }
    [[nodiscard]] virtual std::vector<Tuning> tunings(const Dataset &) const { return {}; }
    /// What tuning chose, without `sha256`; nothing of a run that did not tune.
    [[nodiscard]] virtual std::vector<Choice> choices(const Dataset &) const { return {}; }
    /// What its work looks like, where that is a picture, from the same data.
    [[nodiscard]] virtual std::optional<Picture> picture(const Dataset &) const {
        return std::nullopt;
    }
};

/// One slope to be measured among several: its launch, and where its samples go. `at` are the
/// coordinates in `series` without the trips, which is the last axis.
struct Candidate {
    BoundLaunch launch;
    Series *series = nullptr;
    std::vector<double> at;
    std::uint32_t trips = 0; ///< 0: not calibrated yet
};

/// How `clprobe tune` searches for the best way to do each work.
struct Search {
    bool every_plan = false; ///< not only those that are likely, however long it takes
    std::string shape = {};  ///< only of shapes whose names have this in them
};

/// How the reasons begin for which a shape is left out that the search is not for, and all shapes
/// of the probe's own where the run is for a network.
inline constexpr std::string_view shape_not_asked_for = "the search was for";
inline constexpr std::string_view own_not_asked_for = "the run was asked for";

/// All that a probe sees of the harness. It owns what every probe would otherwise repeat: building
/// and recording kernels, bounded buffers, calibration, the clock, verification, the stopping rule,
/// and the time budget.
class Bench {
public:
    struct Options {
        Profile profile = Profile::standard;
        double seconds = 5;
        std::uint64_t seed = 0;
        std::stop_token stop;
        std::function<void(double)> progress;       ///< share of the probe's time that is used up
        std::vector<SeriesShape> series;            ///< what `ProbeInfo` has
        std::optional<Search> tune = {};            ///< search for what is best
        std::vector<Choice> choices = {};           ///< of earlier searches
        std::optional<BatchedNetwork> network = {}; ///< in place of the probe's own work
    };

    Bench(const Context &context, Clock &clock, const Registry &registry, Facts facts,
          Options options);

    [[nodiscard]] const DeviceInfo &device() const { return context_.device().info(); }
    [[nodiscard]] const Facts &facts() const { return facts_; }
    [[nodiscard]] const Context &context() const { return context_; }
    [[nodiscard]] Profile profile() const { return options_.profile; }
    [[nodiscard]] bool tiny() const { return options_.profile == Profile::tiny; }
    /// Whether the probe shall search for the best way to do each work, beyond its time budget.
    [[nodiscard]] const std::optional<Search> &tuning() const { return options_.tune; }
    /// What the run was asked for, by a probe of operators or networks: this one, or its layers, in
    /// place of those that the probe has findings of.
    [[nodiscard]] const std::optional<BatchedNetwork> &network() const { return options_.network; }
    /// The plan that an earlier search chose for work of that shape; null where there is none.
    [[nodiscard]] const std::vector<double> *choice(std::string_view kernel,
                                                    std::string_view shape) const;
    [[nodiscard]] Dataset &data() { return data_; }
    /// The data's series of that name and of the shape that `ProbeInfo::series` gives it, added
    /// where there is none yet. It stays where it is, also when others are added in this way.
    /// Throws std::invalid_argument where the probe has no series of that name.
    Series &series(std::string_view name);
    [[nodiscard]] std::mt19937_64 &random() { return random_; }
    /// Seconds of the probe's budget that are left, and all of them. Builds take none of it until
    /// they have taken as much again: a first run, whose kernels no driver has cached, finds as
    /// much as the second, in at most twice the time.
    [[nodiscard]] double remaining() const;
    [[nodiscard]] double budget() const { return options_.seconds; }
    /// What builds have taken that is not taken from the budget: nothing at the tiny profile, which
    /// finds little anyway.
    [[nodiscard]] double granted_to_builds() const;
    [[nodiscard]] LaunchBounds bounds() const;

    /// Builds the registered kernel text with these options ("-DWIDTH=4") and records it, its time
    /// and any failure. Throws BuildError.
    Program build(std::string_view text, const std::string &options);
    /// The function `function` of that program.
    Kernel kernel(std::string_view text, const std::string &function, const std::string &options);

    /// The most bytes that one buffer may have: a quarter of what the device grants.
    [[nodiscard]] std::size_t most_bytes() const;
    /// Throws Unsupported where `bytes` is more than that, Error where the driver refuses.
    Buffer buffer(std::size_t bytes, cl_mem_flags flags = CL_MEM_READ_WRITE);
    /// Throws Unsupported where that is more, or the device has no such image; Error where the
    /// driver refuses. Never ask for the largest image that a device claims: it can be 4 GiB.
    Image image(const ImageShape &shape, cl_mem_flags flags = CL_MEM_READ_WRITE);
    template <typename T>
    void write(const Buffer &buffer, std::span<const T> values) {
        const auto timed = transfer_timer();
        context_.write(buffer, values);
    }
    /// All of an image's texels, as Context::write_texels.
    void write_texels(const Image &image, const void *source) {
        const auto timed = transfer_timer();
        context_.write_texels(image, source);
    }
    template <typename T>
    std::vector<T> read(const Buffer &buffer, std::size_t first, std::size_t count) {
        const auto timed = transfer_timer();
        return context_.read<T>(buffer, first, count);
    }
    /// Seconds that `work` takes on the host's clock, the queue being empty when it begins; they
    /// count as transfer.
    double transfer(const std::function<void()> &work);

    /// One launch: prepared, timed by the session's clock, checked. Seconds.
    double launch(const BoundLaunch &launch, std::uint32_t trips = 1);
    /// One launch with its profiling timestamps and the host's time around it; no clock is needed
    /// for this.
    ProfiledLaunch launch_profiled(const BoundLaunch &launch, std::uint32_t trips = 1);
    /// Grows the trips by measuring until a launch takes `seconds` (0: the default target).
    std::uint32_t calibrate(const BoundLaunch &launch, double seconds = 0);
    /// Launches until consecutive times agree, or half a second is over.
    void warm_up(const BoundLaunch &launch, std::uint32_t trips);
    /// One block of (trips, time) samples at n/4, n/2 and n trips, in random order; calibrates a
    /// candidate that is not calibrated yet.
    void sample_block(Candidate &candidate, int block);
    /// Blocks of samples, round robin over the candidates so that each is spread over the time,
    /// until every slope satisfies the rule.
    StopReason sample(std::span<Candidate> candidates, const StoppingRule &rule);

    [[nodiscard]] const Elapsed &elapsed() const { return elapsed_; }
    [[nodiscard]] const std::vector<BuildRecord> &builds() const { return builds_; }

private:
    /// Adds the time it lives to one part of the elapsed time.
    class Timer {
    public:
        explicit Timer(double &sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
        Timer(const Timer &) = delete;
        Timer &operator=(const Timer &) = delete;
        ~Timer() {
            sum_ +=
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
        }

    private:
        double &sum_;
        std::chrono::steady_clock::time_point start_;
    };
    [[nodiscard]] Timer transfer_timer() { return Timer(elapsed_.transfer); }
    void check_cancelled() const;
    void check_granted(std::string_view what, std::size_t bytes) const;

    const Context &context_;
    Clock &clock_;
    const Registry &registry_;
    Facts facts_;
    Options options_;
    Dataset data_;
    std::mt19937_64 random_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Elapsed elapsed_;
    std::vector<BuildRecord> builds_;
};

} // namespace clprobe
