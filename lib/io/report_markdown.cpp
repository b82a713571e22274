#include "io/markup.hpp"
#include "io/report_markdown.hpp"
#include "io/terminal.hpp"

#include <fmt/format.h>

#include <vector>

namespace clprobe {

std::string device_markdown(const DeviceInfo &device) {
    return fmt::format("## {}\n\n{}, driver {}.\n", markdown_text(device.name),
                       markdown_text(device.platform), markdown_text(device.driver_version));
}

std::string probe_markdown(const ProbeRecord &record) {
    std::string text = fmt::format("\n### {}\n", markdown_text(record.probe));
    if (record.status != Status::measured)
        text += fmt::format("\n{}: {}\n", name(record.status), markdown_text(record.reason));
    std::vector<std::vector<std::string>> rows = {{"finding", "measured", "how"}};
    for (const Finding &finding : record.findings) {
        std::string value = value_text(finding, {.utf8 = true});
        if (finding.status != Status::measured)
            value += fmt::format("{}{}", value.empty() ? "" : ", ", name(finding.status));
        std::string how = finding.note;
        if (!finding.method.empty())
            how += (how.empty() ? "" : "; ") + finding.method;
        rows.push_back({markdown_text(finding.key), markdown_text(value), markdown_text(how)});
    }
    return text + (rows.size() > 1 ? "\n" + markdown_table(rows) : "");
}

} // namespace clprobe
