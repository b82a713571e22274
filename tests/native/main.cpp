// clprobe_native [--huge-pages] [SECONDS]: what plain C++ reaches on this machine's processors, as
// JSON, to hold OpenCL's figures on the same machine against. Not part of clprobe: nothing reads it
// but people and the scripts that compare (tests/results/native_shares.py).
#include "bandwidth.hpp"
#include "clock.hpp"
#include "fma.hpp"
#include "latency.hpp"
#include "threads.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

#ifdef __unix__
#include <unistd.h>
#endif

namespace {

constexpr std::size_t l1_bytes = std::size_t{24} << 10;      ///< fits the first level of all
constexpr std::size_t memory_bytes = std::size_t{256} << 20; ///< a processor: beyond its caches

/// Against two pipes a processor, as all of the last ten years' large x86 and Arm cores have at
/// least.
nlohmann::json describe(const native::FmaRate &rate, double clock, unsigned processors) {
    const double peak = 2.0 * 2 * rate.lanes * processors * clock;
    return {{"instructions", rate.instructions},
            {"lanes", rate.lanes},
            {"median", rate.median},
            {"best", rate.best},
            {"peak", peak},
            {"share", rate.best / peak}};
}

nlohmann::json describe(const std::vector<native::Bandwidth> &bandwidths) {
    nlohmann::json all;
    for (const native::Bandwidth &one : bandwidths)
        all[one.what] = {{"median", one.median}, {"best", one.best}};
    return all;
}

nlohmann::json describe(const std::vector<native::Latency> &curve) {
    nlohmann::json all = nlohmann::json::array();
    for (const native::Latency &one : curve)
        all.push_back({{"bytes", one.bytes}, {"median", one.median}, {"best", one.best}});
    return all;
}

/// What the system says of the first level; 0 where it does not tell.
long l1_of_the_system() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
    return std::max(0L, sysconf(_SC_LEVEL1_DCACHE_SIZE));
#else
    return 0;
#endif
}

struct Options {
    native::PageSize pages = native::PageSize::base;
    double seconds = 1;
};

/// Returns false where the arguments are none.
bool parse(int argc, char **argv, Options &options) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--huge-pages")
            options.pages = native::PageSize::huge;
        else
            options.seconds = std::strtod(argv[i], nullptr);
    return options.seconds > 0 && options.seconds <= 3600;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::cerr << "usage: clprobe_native [--huge-pages] [SECONDS]\n";
        return 2;
    }
    const auto [pages, seconds] = options;
    const double before = native::measured_clock(seconds / 4);
    const native::FmaRate fp32 = native::fp32_rate(seconds);
    const native::FmaRate fp64 = native::fp64_rate(seconds);
    const double clock = std::max(before, native::measured_clock(seconds / 4));
    const unsigned processors = native::processors();
    const nlohmann::json report = {
        {"processors", processors},
        {"clock", clock},
        {"l1_bytes", l1_of_the_system()},
        {"pages", pages == native::PageSize::huge ? "huge" : "base"},
        {"fma",
         {{"fp32", describe(fp32, clock, processors)},
          {"fp64", describe(fp64, clock, processors)}}},
        {"bandwidth",
         {{"instructions", native::vector_instructions()},
          {"l1", describe(native::bandwidths(l1_bytes, pages, seconds / 2))},
          {"memory", describe(native::bandwidths(memory_bytes, pages, seconds))}}},
        {"latency", describe(native::latency_by_footprint(pages))}};
    std::cout << report.dump(4) << '\n';
}
