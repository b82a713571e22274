#include <clprobe/report.hpp>

namespace clprobe {

std::string_view version() {
    return CLPROBE_VERSION;
}

} // namespace clprobe
