#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::runner {

/// What `clprobe devices` was called with. `json` is "-" for standard output.
struct DevicesOptions {
    std::optional<std::filesystem::path> json;
    bool isolate = true;
    bool verbose = false;
};

/// What `clprobe list` was called with. `markdown` is the folder for the pages, "-" for standard
/// output.
struct ListOptions {
    std::vector<std::string> probes;
    std::optional<std::filesystem::path> json;
    std::optional<std::filesystem::path> markdown;
};

/// What `clprobe run` was called with, the environment's defaults filled in.
struct RunCommandOptions {
    std::vector<std::string> probes;
    std::optional<std::string> device;
    std::optional<std::string> profile;
    std::optional<std::filesystem::path> json;
    std::optional<std::filesystem::path> summary;
    std::optional<std::filesystem::path> csv;
    std::optional<std::filesystem::path> picture;
    std::optional<std::filesystem::path> resume;
    std::optional<std::uint64_t> seed;
    double timeout = 0; ///< 0: a generous multiple of each probe's budget
    bool isolate = true;
    bool verbose = false;
};

/// What `clprobe inspect` was called with.
struct InspectCommandOptions {
    std::vector<std::string> probes;
    std::optional<std::string> device;
    std::optional<std::filesystem::path> json;
    std::optional<std::filesystem::path> read;    ///< an earlier inspection, in place of a new one
    std::optional<std::filesystem::path> compare; ///< an earlier inspection to set it against
    double timeout = 0;                           ///< 0: generous
    bool disassemble = false;
    bool launch = false;
    bool isolate = true;
    bool verbose = false;
};

/// What `clprobe analyze` was called with.
struct AnalyzeOptions {
    std::vector<std::filesystem::path> files;
    std::optional<std::string> probe;
    std::string columns;  ///< which column of a CSV is what, as `CsvOptions` has it
    std::size_t skip = 0; ///< lines of a CSV before its header or rows
    std::optional<std::filesystem::path> json;
    std::optional<std::filesystem::path> summary;
    std::optional<std::filesystem::path> picture;
    bool verify = false;
};

/// What `clprobe new-probe` was called with.
struct NewProbeOptions {
    std::string probe;
    std::filesystem::path folder = ".";
    std::string name_space = "probes";
};

} // namespace clprobe::runner
