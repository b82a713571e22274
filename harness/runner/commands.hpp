#pragma once
#include <clprobe/network.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::runner {

// Scripts rely on these; a run that a signal stopped has exit_interrupted() (console.hpp).
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< a probe failed, or findings differ where they must not
inline constexpr int exit_usage = 2;  ///< wrong usage, or input that cannot be read
inline constexpr int exit_no_device = 3;
inline constexpr int exit_untestable = 4; ///< `check --only`: that expectation cannot be tested

/// What a command was called with, the environment's defaults filled in: each has some of these. A
/// file "-" is standard input or output.
struct Options {
    std::vector<std::string> probes;
    std::vector<std::filesystem::path> files;
    std::optional<std::string> probe;
    std::optional<std::string> device;
    std::optional<std::string> profile;
    std::optional<std::filesystem::path> json;
    std::optional<std::filesystem::path> summary;
    std::optional<std::filesystem::path> csv;
    std::optional<std::filesystem::path> picture;
    std::optional<std::filesystem::path> markdown; ///< the folder for the pages
    std::optional<std::filesystem::path> resume;
    std::optional<std::filesystem::path> read;    ///< an earlier inspection, in place of a new one
    std::optional<std::filesystem::path> compare; ///< an earlier inspection to set it against
    std::filesystem::path report;                 ///< of `show`, `check` and `network`
    std::optional<std::filesystem::path> junit;
    std::optional<std::filesystem::path> html;       ///< the page
    std::vector<std::filesystem::path> expectations; ///< to show on it, or in the datasheet
    std::optional<std::uint64_t> seed;
    double timeout = 0;   ///< 0: a generous multiple of each probe's budget
    std::string columns;  ///< which column of a CSV is what, as `CsvOptions` has it
    std::size_t skip = 0; ///< lines of a CSV before its header or rows
    std::filesystem::path folder = ".";
    std::string name_space = "probes";
    std::optional<std::size_t> only; ///< of `check`: the number of one expectation, from 1
    // export
    std::string format;
    std::filesystem::path output = "-"; ///< the file, or the folder of several
    // network
    std::string network; ///< a file, or the name of one that comes with clprobe
    std::optional<std::filesystem::path> save; ///< the network itself, as a file
    std::string type = "fp32";
    std::uint64_t batch = 1;
    std::string against;  ///< "cpu": measure, beside the processor's own libraries
    unsigned rounds = 3;  ///< of that
    bool measure = false; ///< by the kernels of `workloads/network`
    // compare and ab
    std::optional<double> min_effect;                 ///< per cent
    std::optional<std::filesystem::path> min_effects; ///< per cent by key
    std::string base_environment;                     ///< 'VAR=x OTHER=y'
    std::string new_environment;
    std::size_t pairs = 5;
    bool strict = false;
    bool confirm = false;
    bool calibrate = false;
    bool as_markdown = false; ///< on standard output
    bool disassemble = false;
    bool launch = false;
    bool verify = false;
    std::optional<Search> tune;                  ///< `tune` is a run that searches
    std::optional<BatchedNetwork> tuned_network; ///< in place of the probes' own work
    bool isolate = true;
    bool verbose = false;
    bool driver_output = false; ///< pass on what drivers print
};

// The commands of the program. Each returns the exit status and throws Error (InputError: wrong
// usage or input) for what ends it early.

int devices_command(const Options &options, const Registry &registry);
int list_command(const Options &options, const Registry &registry);
int run_command(Options options, const Registry &registry, std::vector<std::string> command_line);
/// A run that searches, of these probes, or of those that compute a network.
int tune_command(Options options, const Registry &registry, std::vector<std::string> command_line);
int inspect_command(const Options &options, const Registry &registry);
int analyze_command(const Options &options, const Registry &registry);
int check_command(const Options &options, const Registry &registry);
int export_command(const Options &options, const Registry &registry);
int ab_command(const Options &options, const Registry &registry);
int compare_command(const Options &options, const Registry &registry);
int html_command(const Options &options, const Registry &registry);
int show_command(const Options &options, const Registry &registry);
int network_command(const Options &options, const Registry &registry);
/// `network --against cpu`: that network with its layers, or, without one, all operators and
/// networks that devices run.
int against_cpu_command(const std::optional<Network> &network, const Options &options,
                        const Registry &registry);
int new_probe_command(const Options &options, const Registry &registry);

} // namespace clprobe::runner
