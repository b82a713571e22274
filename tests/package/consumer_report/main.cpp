#include <clprobe/datasheet.hpp>
#include <clprobe/error.hpp>
#include <clprobe/exports.hpp>
#include <clprobe/report.hpp>
#include <clprobe/teardown.hpp>

#include <cstdio>

int main(int argc, char **argv) try {
    if (argc != 2)
        return 2;
    const clprobe::Report report = clprobe::read_report(argv[1]);
    for (const clprobe::DeviceRecord &device : report.devices)
        for (const clprobe::ProbeRecord &probe : device.probes)
            for (const clprobe::Finding &finding : probe.findings)
                if (finding.status == clprobe::Status::measured)
                    std::printf("%s %s = %s\n", device.device.slug.c_str(), finding.key.c_str(),
                                clprobe::format({*finding.value, finding.unit}).c_str());
    std::fputs(clprobe::findings_csv(report).c_str(), stdout);
    for (const clprobe::DeviceRecord &device : report.devices) {
        const clprobe::Datasheet sheet = clprobe::datasheet_of(device);
        for (const clprobe::DatasheetRate &rate : sheet.rates)
            if (rate.share)
                std::printf("%s: %.0f %% of %s\n", rate.name.c_str(), 100 * *rate.share,
                            rate.roof.c_str());
        for (const clprobe::DatasheetNote &note : sheet.notes)
            std::printf("%s: %s\n", note.topic.c_str(), note.text.c_str());
        const std::vector<clprobe::SizedLayer> layers =
            clprobe::sized_layers(clprobe::known_networks().front());
        const clprobe::Teardown teardown =
            clprobe::teardown_of(layers, device, clprobe::ElementType::fp32);
        if (teardown.whole.predicted)
            std::printf("%g s, bound by %s\n", teardown.whole.predicted->seconds,
                        teardown.whole.bound.c_str());
        for (const clprobe::AbsentFinding &absent : teardown.absent)
            std::printf("%s: %s\n", absent.key.c_str(), absent.reason.c_str());
    }
    return 0;
} catch (const clprobe::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
