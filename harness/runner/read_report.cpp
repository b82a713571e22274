#include "read_report.hpp"

#include <clprobe/error.hpp>
#include <clprobe/file.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

namespace clprobe::runner {

Report read_report(const std::filesystem::path &file) {
    const std::string text = read_file(file);
    try {
        return report_from_json(parse_json(text));
    } catch (const InputError &error) {
        throw InputError(fmt::format("'{}': {}", file.string(), error.what()));
    }
}

} // namespace clprobe::runner
