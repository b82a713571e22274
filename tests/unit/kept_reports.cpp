#include "kept_reports.hpp"

clprobe::Report kept_report(const std::string &file) {
    return clprobe::summary_of(clprobe::read_report(std::filesystem::path(CLPROBE_RESULTS) / file));
}

const std::vector<clprobe::Report> &kept_reports() {
    static const std::vector<clprobe::Report> reports = {
        kept_report("h200.json.gz"), kept_report("pocl-3.1.json.gz"),
        kept_report("pocl-5.0.json.gz"), kept_report("pocl-6.0.json.gz"),
        kept_report("rusticl-llvmpipe.json.gz")};
    return reports;
}
