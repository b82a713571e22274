#include <clprobe/error.hpp>
#include <clprobe/expectations.hpp>

#include <cstdio>

int main(int argc, char **argv) try {
    if (argc != 3)
        return 2;
    const clprobe::Report report = clprobe::read_report(argv[1]);
    bool refuted = false;
    for (const clprobe::CheckedExpectation &checked :
         clprobe::check(report, clprobe::read_expectations(argv[2]))) {
        std::printf("%s: %s, %s%s%s\n", checked.expectation.claim.c_str(),
                    clprobe::asked_text(checked.expectation).c_str(),
                    std::string(clprobe::name(checked.verdict)).c_str(),
                    checked.reason.empty() ? "" : ": ", checked.reason.c_str());
        refuted |= checked.verdict == clprobe::ExpectationVerdict::refuted;
    }
    return refuted ? 1 : 0;
} catch (const clprobe::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
}
