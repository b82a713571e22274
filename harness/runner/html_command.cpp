#include "commands.hpp"
#include "io/file.hpp"
#include "output.hpp"

#include <clprobe/page.hpp>
#include <clprobe/report.hpp>

namespace clprobe::runner {

int html_command(const Options &options, const Registry &registry) {
    ensure_pages();
    std::vector<Report> reports;
    for (const std::filesystem::path &file : options.files)
        reports.push_back(read_report(file));
    write_file(*options.html, page(reports, registry, expectations_of(options)));
    return exit_done;
}

} // namespace clprobe::runner
