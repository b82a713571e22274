#include "common/allowances.hpp"
#include "common/launch_size.hpp"
#include "common/recurrence.hpp"
#include "common/verdicts.hpp"
#include "measure/clock.hpp"

#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr const char *text = "host/build";
constexpr const char *series_name = "builds";
constexpr const char *no_binary = "binary.refused"; ///< text: why
constexpr std::size_t usual = 64;                   ///< steps of the kernel that findings are of
constexpr std::size_t work_items = 4;

const FindingKey time_key{"build.time", Unit::second, Better::lower,
                          "from the source of a kernel of 64 steps, written out, which no driver "
                          "has built before, to the end of its first launch"};
const FindingKey step_key{"build.step.time", Unit::second, Better::lower,
                          "what each further step adds to that"};
const FindingKey cached_key{"build.cached.time", Unit::second, Better::lower,
                            "the same of a source that was built just before"};
const FindingKey binary_key{"build.binary.time", Unit::second, Better::lower,
                            "the same from the binary that the driver gave of the program"};

/// How the chain is written, and what the driver is given: a source that it has not built before,
/// that source again, or the program's binary.
enum class Form { written_out, unrolled, loop };
enum class Source { fresh, again, binary };

struct BuildRow {
    Form form = Form::written_out;
    Source source = Source::fresh;
    std::size_t steps = usual;

    static auto columns() {
        constexpr std::array forms{"written_out", "unrolled", "loop"};
        constexpr std::array sources{"fresh", "again", "binary"};
        return std::tuple{column("form", &BuildRow::form, forms),
                          column("source", &BuildRow::source, sources),
                          column("steps", &BuildRow::steps)};
    }
    bool operator==(const BuildRow &) const = default;
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = text;
    info.question = "How long does the driver's compiler take, by the length of a kernel, and what "
                    "is left of that where it has built the kernel before?";
    info.method =
        "A kernel that is a chain of 1, 16, 64 or 256 multiplications and additions, written out "
        "one after "
        "the other; of 64 also as a loop that a pragma says to unroll, and one that it says not "
        "to. Each build has a number in its source that no build had before, so that nothing of it "
        "lies in a cache of the driver's. The time is that of the build, by the host's clock, and "
        "of the first launch, in which many drivers compile in truth.\n\n"
        "Then the same source is built again, and a program is made of the binary that the driver "
        "gives of the first. Rounds of all are spread over the time; findings are medians. What a "
        "step adds is the difference of the longest chain and the shortest.\n\n"
        "Each first launch's words are those that the host computes, with that number in them: a "
        "program that was built before, or is another one, is noticed.";
    info.pitfalls = {
        "Each build that is new stays in the cache of a driver that keeps one on disk.",
        "A binary may be a text for the driver's own compiler (PTX, SPIR-V), which then goes on "
        "from there, or finds what it made of it in its cache.",
        "Real kernels are longer and have more kinds of operations: times compare drivers, and "
        "tell whether to cache, not what a given kernel takes.",
        "The compiler runs on the host's processor, at the pace that other work there leaves: "
        "intervals are never narrower than 35 % to either side."};
    info.sources = {"OpenCL 3.0 specification, section 5.8, program objects"};
    info.findings = {time_key, step_key, cached_key, binary_key};
    info.series = {{series_name,
                    axes<BuildRow>(),
                    {"time", Unit::second, {}},
                    "from the source, or the binary, to the end of the first launch"}};
    info.kernels = {text};
    info.seconds = 3;
    info.quick_seconds = 1;
    return info;
}

std::string options_of(const BuildRow &row) {
    constexpr std::array forms{"", " -DUNROLLED", " -DLOOP"};
    return fmt::format("-DSTEPS={}{}", row.steps, forms.at(static_cast<std::size_t>(row.form)));
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), multiplier_(static_cast<std::uint32_t>(bench.random()()) | 5U),
          increment_(static_cast<std::uint32_t>(bench.random()()) | 1U),
          out_(bench.buffer(work_items * sizeof(std::uint32_t))) {}

    void run() {
        constexpr int enough = 3;
        static_cast<void>(fresh({})); // the first build of a process loads the compiler
        for (int round = 0; round == 0 || time_left(round < enough ? bench_.budget() : 0); ++round)
            take_round(round);
    }

private:
    /// Or so many seconds beyond it. As builds are what is measured here, none of their time is
    /// granted besides.
    [[nodiscard]] bool time_left(double beyond) const {
        return !bench_.tiny() && bench_.remaining() - bench_.granted_to_builds() > -beyond;
    }

    void take_round(int round) {
        for (const std::size_t steps : {1u, 16u, 256u})
            if (!bench_.tiny() || steps < usual)
                take({Form::written_out, Source::fresh, steps}, round);
        for (const Form form : {Form::unrolled, Form::loop})
            take({form, Source::fresh, usual}, round);
        const auto [program, nonce] = take({Form::written_out, Source::fresh, usual}, round);
        const BuildRow again{Form::written_out, Source::again, usual};
        add(again, round, nonce, bench_.build(text, with_nonce(again, nonce)));
        try {
            add({Form::written_out, Source::binary, usual}, round, nonce,
                bench_.context().build_binary(text, program.binary()));
        } catch (const Error &error) {
            if (!error.code())
                throw;
            bench_.data().text_attributes[no_binary] = error.what();
        }
    }

    [[nodiscard]] static std::string with_nonce(const BuildRow &row, std::uint32_t nonce) {
        return fmt::format("{} -DNONCE={}u", options_of(row), nonce);
    }

    /// A program that no driver has built before, and its number.
    [[nodiscard]] std::pair<Program, std::uint32_t> fresh(const BuildRow &row) {
        // The time of day: a run with the same seed must not meet the same programs.
        const auto now = std::chrono::system_clock::now().time_since_epoch().count();
        const auto nonce = static_cast<std::uint32_t>(now);
        return {bench_.build(text, with_nonce(row, nonce)), nonce};
    }

    std::pair<Program, std::uint32_t> take(const BuildRow &row, int round) {
        auto made = fresh(row);
        add(row, round, made.second, made.first);
        return made;
    }

    void add(const BuildRow &row, int round, std::uint32_t nonce, const Program &program) {
        const double begin = steady_time(); // some drivers compile for a kernel
        const Kernel kernel = program.kernel("chain");
        const std::size_t group = group_size(bench_, kernel, work_items);
        const double made = steady_time() - begin;
        const BoundLaunch first{kernel,
                                NdRange::linear(work_items / group, group),
                                {output(out_), multiplier_, increment_},
                                check_words(work_items, [=, a = multiplier_, c = increment_](
                                                            std::size_t item, std::uint32_t) {
                                    return after_steps(static_cast<std::uint32_t>(item) ^ nonce, a,
                                                       c, static_cast<std::uint32_t>(row.steps));
                                })};
        const ProfiledLaunch launched = bench_.launch_profiled(first);
        Point &point = bench_.series(series_name).point(coordinates(row));
        point.samples.push_back(program.build_seconds() + made + launched.host_end -
                                launched.host_begin);
        point.block.push_back(round);
    }

    Bench &bench_;
    std::uint32_t multiplier_;
    std::uint32_t increment_;
    Buffer out_;
};

/// The times of that row's builds, in the order of the rounds; none where there were none.
std::vector<double> times_of_row(const Dataset &data, const BuildRow &wanted) {
    for (const auto &[row, trips, samples] : samples_by_row<BuildRow>(data.find(series_name)))
        if (row == wanted)
            return {samples.begin(), samples.end()};
    return {};
}

/// The median of these, each of a round.
Finding median_of(const FindingKey &key, const std::vector<double> &times,
                  const std::string &reason) {
    if (times.empty() || !(median(times) > 0))
        return undecided(key, reason, {series_name});
    const auto [least, most] = std::ranges::minmax(times);
    Finding finding = measured(key, median(times),
                               times.size() > 1 ? repeat_interval(times) : Interval{least, most});
    finding.interval->low = std::max(0.0, finding.interval->low);
    finding.method = fmt::format("median of {} builds", times.size());
    finding.evidence = {series_name};
    widen_to(finding, calls_of_host);
    return finding;
}

/// What each step more takes, by the longest and the shortest chain of each round.
Finding step_time(const Dataset &data) {
    std::map<std::size_t, std::vector<double>> times;
    for (const auto &[row, trips, samples] : samples_by_row<BuildRow>(data.find(series_name)))
        if (row.form == Form::written_out && row.source == Source::fresh && !samples.empty())
            times[row.steps] = {samples.begin(), samples.end()};
    if (times.size() < 2)
        return undecided(step_key, "chains of one length only were built", {series_name});
    const auto &[few, fast] = *times.begin();
    const auto &[many, slow] = *times.rbegin();
    std::vector<double> each;
    for (std::size_t i = 0; i < std::min(fast.size(), slow.size()); ++i)
        each.push_back((slow[i] - fast[i]) / static_cast<double>(many - few));
    Finding finding = median_of(step_key, each, "longer chains take no longer");
    if (finding.value && finding.interval->low <= 0)
        return undecided(step_key, "what a step adds is hidden by the noise", {series_name});
    if (finding.value)
        finding.method += fmt::format(" of {} steps over those of {}", many, few);
    return finding;
}

class Build final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data, const Facts &) const override;
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &) const override {
        std::vector<KernelVariant> variants;
        for (const auto &[name, form] :
             {std::pair{"written out", Form::written_out}, std::pair{"unrolled", Form::unrolled},
              std::pair{"loop", Form::loop}})
            variants.push_back({name, text, options_of({form, Source::fresh, usual}), {}});
        return variants;
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        Curve curve{series_name, {"steps", Unit::one, {}}, {"time", Unit::second, {}}, {}};
        for (const auto &[row, trips, samples] : samples_by_row<BuildRow>(data.find(series_name)))
            if (row.form == Form::written_out && row.source == Source::fresh && !samples.empty())
                curve.points.push_back({static_cast<double>(row.steps),
                                        median(std::vector(samples.begin(), samples.end()))});
        return {curve};
    }

private:
    ProbeInfo info_ = describe();
};

std::vector<Finding> Build::interpret(const Dataset &data, const Facts &) const {
    const auto of = [&](const FindingKey &key, Form form, Source source) {
        return median_of(key, times_of_row(data, {form, source, usual}),
                         "no build of it was timed");
    };
    Finding fresh = of(time_key, Form::written_out, Source::fresh);
    for (const auto &[form, name] :
         {std::pair{Form::unrolled, "a loop that is unrolled"}, std::pair{Form::loop, "a loop"}})
        if (const auto times = times_of_row(data, {form, Source::fresh, usual});
            fresh.value && !times.empty())
            fresh.method +=
                fmt::format("; as {} {}", name, format({median(times), Unit::second}, 3));
    Finding binary = of(binary_key, Form::written_out, Source::binary);
    if (const std::string reason = data.text_attribute(no_binary); !binary.value && !reason.empty())
        binary = without_value(binary_key, Status::unsupported, reason);
    return {fresh, step_time(data), of(cached_key, Form::written_out, Source::again), binary};
}

} // namespace

std::unique_ptr<Probe> make_host_build() {
    return std::make_unique<Build>();
}

} // namespace clprobe::probes
