#include "model/termination.hpp"

namespace clprobe {

void set_termination(Dataset &data, const Termination &ending) {
    data.text_attributes["ended"] = name(ending.status);
    data.text_attributes["ended_because"] = ending.reason;
    if (ending.voids_everything)
        data.text_attributes["ended_by"] = "verification";
}

std::optional<Termination> termination_of(const Dataset &data) {
    const auto status = parse_status(data.text_attribute("ended"));
    if (!status)
        return std::nullopt;
    return Termination{*status, data.text_attribute("ended_because"),
                       data.text_attribute("ended_by") == "verification"};
}

} // namespace clprobe
