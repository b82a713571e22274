#pragma once
#include <clprobe/probe.hpp>

#include <map>
#include <string>
#include <utility>

namespace clprobe::probes {

/// The programs of one kernel text, each built when it is first asked for.
class Programs {
public:
    Programs(Bench &bench, std::string text) : bench_(bench), text_(std::move(text)) {}

    /// Throws BuildError.
    [[nodiscard]] const Program &with(const std::string &options);
    /// Of which a part is inline PTX. Throws Unsupported, with the compiler's words, where it does
    /// not take that.
    [[nodiscard]] const Program &with_ptx(const std::string &options);

private:
    Bench &bench_;
    std::string text_;
    std::map<std::string, Program> by_options_;
};

} // namespace clprobe::probes
