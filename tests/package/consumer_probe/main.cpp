#include <clprobe/page.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/session.hpp>

#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

int main() {
    const std::vector<clprobe::Device> devices = clprobe::enumerate();
    if (devices.empty()) {
        std::puts("no OpenCL device");
        return 4;
    }
    const clprobe::Registry registry = clprobe::builtin_probes();
    const std::vector<std::string> names{"host/event_timer"};
    clprobe::RunOptions options;
    options.profile = clprobe::Profile::quick;
    clprobe::Observer silent;
    const clprobe::Report report =
        clprobe::run(registry, names, std::span(devices).first(1), options, silent);
    for (const clprobe::Finding &finding : report.devices.at(0).probes.at(0).findings) {
        const std::string value =
            finding.value ? clprobe::format({*finding.value, finding.unit}) : finding.note;
        std::printf("%s: %s\n", finding.key.c_str(), value.c_str());
    }
    if (clprobe::can_make_pages())
        std::ofstream("page.html") << clprobe::page(std::span(&report, 1), registry);
    return report.devices[0].probes[0].findings.empty() ? 1 : 0;
}
