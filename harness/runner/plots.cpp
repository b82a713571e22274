#include "plots.hpp"
#include "style.hpp"

#include <clprobe/file.hpp>

namespace clprobe::runner {

std::string plots_text(const Probe &probe, const ProbeRecord &record, const TextStyle &style) {
    std::string text;
    for (const Curve &curve : probe.curves(record.data))
        if (const std::string plot = plot_text(curve, record.findings, style); !plot.empty())
            text += plot + "\n";
    for (const HeatMap &map : probe.heat_maps(record.data))
        if (const std::string shown = heat_map_text(map, style); !shown.empty())
            text += shown + "\n";
    return text;
}

bool write_picture(const Registry &registry, const Report &report,
                   const std::filesystem::path &file) {
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes) {
            const Probe *probe = registry.find(record.probe);
            const auto picture = probe != nullptr ? probe->picture(record.data) : std::nullopt;
            if (!picture)
                continue;
            write_file(file, to_pgm(*picture));
            return true;
        }
    say("no probe of these left a picture");
    return false;
}

} // namespace clprobe::runner
