#include "measure/ending.hpp"

namespace clprobe {

void set_ending(Dataset &data, const Ending &ending) {
    data.words["ended"] = name(ending.status);
    data.words["ended_because"] = ending.reason;
    if (ending.voids_everything)
        data.words["ended_by"] = "verification";
}

std::optional<Ending> ending_of(const Dataset &data) {
    const auto status = parse_status(data.word("ended"));
    if (!status)
        return std::nullopt;
    return Ending{*status, data.word("ended_because"), data.word("ended_by") == "verification"};
}

} // namespace clprobe
