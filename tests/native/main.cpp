// clprobe_native [SECONDS]: what plain C++ reaches on this machine's processors, as JSON, to hold
// OpenCL's figures on the same machine against. Not part of clprobe: nothing reads it but people
// and the scripts that compare.
#include "clock.hpp"
#include "fma.hpp"
#include "threads.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace {

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

} // namespace

int main(int argc, char **argv) {
    const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 1;
    if (!(seconds > 0) || seconds > 3600) {
        std::cerr << "usage: clprobe_native [SECONDS]\n";
        return 2;
    }
    const double before = native::measured_clock(seconds / 4);
    const native::FmaRate fp32 = native::fp32_rate(seconds);
    const native::FmaRate fp64 = native::fp64_rate(seconds);
    const double clock = std::max(before, native::measured_clock(seconds / 4));
    const unsigned processors = native::processors();
    const nlohmann::json report = {{"processors", processors},
                                   {"clock", clock},
                                   {"fma",
                                    {{"fp32", describe(fp32, clock, processors)},
                                     {"fp64", describe(fp64, clock, processors)}}}};
    std::cout << report.dump(4) << '\n';
}
