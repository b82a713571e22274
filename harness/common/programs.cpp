#include "common/build_log.hpp"
#include "common/programs.hpp"

#include <clprobe/error.hpp>

namespace clprobe::probes {

const Program &Programs::with(const std::string &options) {
    const auto found = by_options_.find(options);
    return found != by_options_.end()
               ? found->second
               : by_options_.emplace(options, bench_.build(text_, options)).first->second;
}

const Program &Programs::with_ptx(const std::string &options) {
    try {
        return with(options);
    } catch (const BuildError &error) {
        throw Unsupported("the compiler does not take the inline PTX: " + first_error(error.log()));
    }
}

} // namespace clprobe::probes
