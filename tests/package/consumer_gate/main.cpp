#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>
#include <clprobe/expectations.hpp>

#include <cstdio>
#include <vector>

namespace {

/// Whether the report refutes nothing of what the file expects.
bool keeps_expectations(const clprobe::Report &report, const char *file) {
    bool refuted = false;
    for (const clprobe::CheckedExpectation &checked :
         clprobe::check(report, clprobe::read_expectations(file))) {
        std::printf("%s: %s, %s%s%s\n", checked.expectation.claim.c_str(),
                    clprobe::asked_text(checked.expectation).c_str(),
                    std::string(clprobe::name(checked.verdict)).c_str(),
                    checked.reason.empty() ? "" : ": ", checked.reason.c_str());
        refuted |= checked.verdict == clprobe::ExpectationVerdict::refuted;
    }
    return !refuted;
}

/// Whether nothing got worse since the earlier reports of the same device.
bool is_no_worse(const clprobe::Report &report, const std::vector<clprobe::Report> &bases) {
    const clprobe::Comparison comparison = clprobe::compare(bases, report);
    for (const clprobe::DeviceComparison &device : comparison.devices)
        for (const clprobe::FindingComparison &finding : device.findings)
            if (finding.verdict == clprobe::Verdict::worse)
                std::printf("%s got worse: %.3f of what it was\n", finding.key.c_str(),
                            finding.ratio);
    return !comparison.fails();
}

} // namespace

int main(int argc, char **argv) try {
    if (argc < 4)
        return 2;
    const clprobe::Report report = clprobe::read_report(argv[1]);
    std::vector<clprobe::Report> bases;
    for (int i = 3; i < argc; ++i)
        bases.push_back(clprobe::read_report(argv[i]));
    return keeps_expectations(report, argv[2]) && is_no_worse(report, bases) ? 0 : 1;
} catch (const clprobe::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
}
