#include "plots.hpp"

namespace clprobe::runner {

std::string plots_text(const Probe &probe, const ProbeRecord &record, const TextStyle &style) {
    std::string text;
    for (const Curve &curve : probe.curves(record.data))
        if (const std::string plot = plot_text(curve, record.findings, style); !plot.empty())
            text += plot + "\n";
    return text;
}

} // namespace clprobe::runner
