#include "commands.hpp"
#include "comparing.hpp"
#include "console.hpp"
#include "io/against_cpu.hpp"
#include "io/file.hpp"
#include "io/network.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "names.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <random>
#include <set>
#include <thread>
#include <unistd.h>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// Variables by which libraries of the processor's bind their threads or choose their kernels: a
/// binding that was meant for another program has put all threads on one core, and a processor's
/// name chose kernels of another one.
const std::array<std::string, 8> unwanted_variables{"OMP_",  "GOMP_", "KMP_",    "OPENBLAS_",
                                                    "GOTO_", "DNNL_", "ONEDNN_", "MKL_"};

void check_options(const Options &options) {
    if (options.against != "cpu")
        throw InputError(
            fmt::format("--against {}: it takes cpu, the processor's libraries", options.against));
    if (options.type != "fp32" || options.batch != 1)
        throw InputError("--against measures in fp32 at batch 1, as no kernel does else yet");
    if (!options.report.empty())
        throw InputError("--against measures: it takes no --report");
    if (!fs::exists(program_beside("onednn")))
        throw InputError("there is no library of the processor's beside this clprobe: ./bootstrap "
                         "installs oneDNN (Debian's libdnnl-dev), then build it again");
}

/// A device and what it found that does not have to be found in each round.
struct MeasuredDevice {
    DeviceInfo info;
    TimedSide side;
    Report base; ///< of the probes that those of operators and networks want
};

/// A library with so many threads.
struct MeasuredLibrary {
    fs::path program;
    unsigned threads = 1;
    bool products_alone = false; ///< it has nothing else
    TimedSide side;
    std::set<std::string> wrong; ///< the networks of which a result was wrong
};

std::vector<MeasuredLibrary> libraries() {
    std::vector<MeasuredLibrary> all;
    const unsigned most = std::max(1u, std::thread::hardware_concurrency());
    for (const unsigned threads : std::set<unsigned>{1, most})
        all.push_back({program_beside("onednn"), threads, false, {}, {}});
    if (fs::exists(program_beside("openblas")))
        all.push_back({program_beside("openblas"), most, true, {}, {}});
    return all;
}

bool is_product(const Network &network) {
    const Layer &first = network.layers.front();
    return network.layers.size() == 1 && first.op == Operator::dense && !first.bias &&
           first.activation == Activation::none;
}

/// "22 jit:avx2, gemm:jit".
std::string counted_names(const std::vector<std::string> &names) {
    std::vector<std::string> kinds;
    for (const std::string &name : names)
        if (std::ranges::count(kinds, name) == 0)
            kinds.push_back(name);
    for (std::string &kind : kinds)
        if (const auto count = std::ranges::count(names, kind); count > 1)
            kind = fmt::format("{} {}", count, kind);
    return fmt::format("{}", fmt::join(kinds, ", "));
}

/// Those of the environment that are not passed on, for people.
std::string left_out_variables() {
    std::vector<std::string> names;
    for (char **entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        for (const std::string &beginning : unwanted_variables)
            if (text.starts_with(beginning))
                names.push_back(text.substr(0, text.find('=')));
    }
    return names.empty() ? "" : fmt::format(", without {}", fmt::join(names, ", "));
}

class Turns {
public:
    Turns(const std::optional<Network> &whole, const Options &options, const Registry &registry,
          const RunOptions &run)
        : whole_(whole), options_(options), run_(run),
          worker_(registry, {options.timeout, options.driver_output, true, run.stop}),
          libraries_(libraries()) {
        // The rate is every share's roof: it is measured for as long as the rest.
        std::vector<std::string> probes{"compute/fma_rate", "host/transfer", "workloads/network"};
        if (!whole)
            probes.insert(probes.end(), {"workloads/convolution", "workloads/gemm",
                                         "workloads/attention", "workloads/softmax_norm"});
        planned_ = plan(registry, probes, run.profile);
        if (whole) {
            networks_ = single_layers(*whole);
            networks_.push_back(*whole);
        }
    }

    /// Nothing, having said why, where there is no device.
    bool find_devices() {
        const Listing listing = worker_.list();
        if (listing.devices.empty()) {
            say(listing.problem);
            return false;
        }
        std::vector<std::size_t> chosen(listing.devices.size());
        for (std::size_t i = 0; i < chosen.size(); ++i)
            chosen[i] = i;
        if (options_.device)
            chosen = select(listing.devices, *options_.device);
        for (const std::size_t index : chosen) {
            const DeviceInfo &info = listing.devices[index];
            TimedSide side;
            side.name = info.slug.substr(0, info.slug.find('-')); // "gpu0"
            side.title =
                fmt::format("{} ({}, driver {})", info.name, info.platform, info.driver_version);
            devices_.push_back({info, side, new_report(run_, {"clprobe", "network"})});
        }
        return true;
    }

    AgainstCpu take() {
        for (MeasuredDevice &device : devices_)
            run_probes(prerequisites(), device.info, worker_, run_, device.info.slug + ": ",
                       device.base);
        for (unsigned round = 0; round < options_.rounds; ++round) {
            const bool devices_first = round % 2 == 0; // also, the first says what there is to do
            if (devices_first)
                measure_devices(round);
            for (MeasuredLibrary &library : libraries_)
                measure(library, round);
            if (!devices_first)
                measure_devices(round);
        }
        AgainstCpu table{networks_, {}, options_.rounds};
        for (MeasuredDevice &device : devices_)
            table.sides.push_back(std::move(device.side));
        for (MeasuredLibrary &library : libraries_)
            if (!library.side.times.empty())
                table.sides.push_back(std::move(library.side));
        return table;
    }

    /// Whether a probe failed or a result was wrong, which has been said.
    [[nodiscard]] bool failed() const { return failed_; }

private:
    /// Those whose findings the times are set against.
    [[nodiscard]] std::vector<PlannedProbe> prerequisites() const {
        std::vector<PlannedProbe> probes;
        std::ranges::copy_if(planned_, std::back_inserter(probes), [](const PlannedProbe &planned) {
            return !planned.probe->info().on_request;
        });
        return probes;
    }

    [[nodiscard]] std::string position(unsigned round) const {
        return fmt::format("round {} of {}, ", round + 1, options_.rounds);
    }

    void measure_devices(unsigned round) {
        for (MeasuredDevice &device : devices_) {
            Report report = device.base;
            run_probes(planned_, device.info, worker_, run_,
                       fmt::format("{}{}: ", position(round), device.info.slug), report);
            const DeviceRecord &record = report.devices.front();
            for (const ProbeRecord &probe : record.probes)
                say_trouble(device.info, probe);
            if (!whole_)
                for (const Network &network : computations_of(record))
                    if (std::ranges::count(networks_, network.name, &Network::name) == 0)
                        networks_.push_back(network);
            add_times(device.side, networks_, whole_ ? &*whole_ : nullptr, record);
            device.side.roof = Facts{device.info, findings_of(record)}.value("fma.fp32.rate");
            device.side.device = record;
        }
    }

    [[nodiscard]] static std::vector<Finding> findings_of(const DeviceRecord &record) {
        std::vector<Finding> all;
        for (const ProbeRecord &probe : record.probes)
            all.insert(all.end(), probe.findings.begin(), probe.findings.end());
        return all;
    }

    void say_trouble(const DeviceInfo &device, const ProbeRecord &probe) {
        if (probe.status == Status::failed) {
            say(fmt::format("{}: {} failed: {}", device.slug, probe.probe, probe.reason));
            failed_ = true;
        }
        constexpr double much = 0.2;
        if (probe.load.others.value_or(0) > much && !said_busy_) {
            say(fmt::format("the machine is busy with other work ({:.1f} processors of it): times "
                            "may be too long",
                            *probe.load.others));
            said_busy_ = true;
        }
    }

    void measure(MeasuredLibrary &library, unsigned round) {
        Json networks = Json::array();
        for (const Network &network : networks_)
            if (!library.products_alone || is_product(network))
                networks.push_back(to_json(network));
        if (networks.empty())
            return;
        const double generous = 60 + 30 * static_cast<double>(networks.size());
        const std::string threads = fmt::format("{}", library.threads);
        const ChildTask task{{{"parent", ::getpid()},
                              {"threads", library.threads},
                              {"seed", run_.seed},
                              {"seconds", seconds_of_turn()},
                              {"networks", std::move(networks)}},
                             options_.timeout > 0 ? options_.timeout : generous,
                             options_.driver_output,
                             run_.stop,
                             {{"OMP_NUM_THREADS", threads}, {"OPENBLAS_NUM_THREADS", threads}},
                             {unwanted_variables.begin(), unwanted_variables.end()},
                             library.program};
        bool answered = false;
        ProgressLine progress;
        const std::string end = run_child(task, [&](const Json &message) {
            answered |= take_message(library, message);
            progress.show(fmt::format("{}{} {}", position(round), library.side.name,
                                      message.value("network", "")));
        });
        if (run_.stop.stop_requested())
            throw Cancelled();
        if (!answered)
            throw Error(fmt::format("{} {}", library.program.filename().string(), end));
    }

    /// For each computation.
    [[nodiscard]] double seconds_of_turn() const {
        switch (run_.profile) {
        case Profile::tiny:
            return 0.01;
        case Profile::quick:
            return 0.3;
        case Profile::standard:
            return 1;
        case Profile::thorough:
            break;
        }
        return 3;
    }

    /// Whether it was the last one.
    bool take_message(MeasuredLibrary &library, const Json &message) {
        TimedSide &side = library.side;
        if (message.contains("error"))
            throw Error(fmt::format("{}: {}", side.name, message.at("error").get<std::string>()));
        if (message.contains("library")) {
            const std::string threads = counted(library.threads, "thread");
            const auto name = message.at("library").get<std::string>();
            side.name = library.threads == 1 ? fmt::format("{}, {}", name, threads) : name;
            side.title = fmt::format("{} {}, {}{}", name, message.at("version").get<std::string>(),
                                     threads, left_out_variables());
        }
        if (message.contains("roof")) // what else ran can but lower it
            side.roof = std::max(side.roof.value_or(0), message.at("roof").get<double>());
        if (message.contains("network"))
            take_times(library, message.at("network").get<std::string>(), message);
        return message.contains("answer");
    }

    void take_times(MeasuredLibrary &library, const std::string &network, const Json &message) {
        CallTimes &times = library.side.times[network];
        if (message.contains("wrong") && library.wrong.insert(network).second) {
            times = {};
            times.absent = "wrong: " + message.at("wrong").get<std::string>();
            say(fmt::format("{}: {} is {}", library.side.name, network, times.absent));
            failed_ = true;
        }
        if (library.wrong.contains(network))
            return;
        times.absent = message.value("absent", "");
        if (!message.contains("seconds"))
            return;
        const auto seconds = message.at("seconds").get<std::vector<double>>();
        times.seconds.insert(times.seconds.end(), seconds.begin(), seconds.end());
        times.implementation =
            counted_names(message.at("implementations").get<std::vector<std::string>>());
    }

    const std::optional<Network> &whole_;
    const Options &options_;
    const RunOptions &run_;
    Worker worker_;
    std::vector<PlannedProbe> planned_;
    std::vector<Network> networks_;
    std::vector<MeasuredDevice> devices_;
    std::vector<MeasuredLibrary> libraries_;
    bool failed_ = false;
    bool said_busy_ = false;
};

} // namespace

int against_cpu_command(const std::optional<Network> &network, const Options &options,
                        const Registry &registry) {
    check_options(options);
    if (options.json)
        ensure_writable(*options.json);
    const Interrupts interrupts;
    std::random_device random;
    RunOptions run{profile_named(options.profile.value_or("standard")), random(),
                   interrupts.token()};
    if (network)
        run.network = BatchedNetwork{*network};
    Turns turns(network, options, registry, run);
    if (!turns.find_devices())
        return exit_no_device;
    const AgainstCpu table = turns.take();
    if (options.json)
        write_file(*options.json, to_text(to_json(table)));
    if (options.json != "-")
        std::cout << (options.as_markdown ? against_cpu_markdown(table)
                                          : against_cpu_text(table, style_of_stdout()));
    return turns.failed() ? exit_failed : exit_done;
}

} // namespace clprobe::runner
