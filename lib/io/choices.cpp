#include "io/choices.hpp"
#include "io/json_members.hpp"

namespace clprobe {

void members(const auto &each, Either<Choice> auto &choice) {
    each("kernel", choice.kernel);
    each("sha256", choice.sha256);
    each("shape", choice.shape);
    each("plan", choice.plan);
}

Json to_json(const std::vector<Choice> &choices) {
    return {{"choices", json_of(choices)}};
}

std::vector<Choice> choices_from_json(const Json &json) {
    std::vector<Choice> choices;
    read(JsonNode(json)["choices"], choices);
    return choices;
}

} // namespace clprobe
