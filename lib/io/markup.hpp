#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Text that is not ours (names of devices, notes, words of drivers), as part of a document that
// gives some characters a meaning.
namespace clprobe {

/// As Markdown shows it unchanged, on one line: no markup, no tag, no end of a table's cell.
[[nodiscard]] std::string markdown_text(std::string_view text);

/// A table of cells that are Markdown already; the first row is its head. Empty without a row.
[[nodiscard]] std::string markdown_table(std::span<const std::vector<std::string>> rows);

/// As XML and HTML show it unchanged, between tags and in a quoted attribute. What XML 1.0 cannot
/// hold becomes "?".
[[nodiscard]] std::string xml_text(std::string_view text);

/// What became of one thing that was tested.
struct JunitCase {
    enum class Outcome { passed, failed, skipped };
    std::string group; ///< "memory/buffer_latency"
    std::string name;
    Outcome outcome = Outcome::passed;
    std::string message; ///< why it failed or was skipped, or what was seen
    double seconds = 0;
};

/// A report in JUnit's XML, as Jenkins and GitLab read it.
[[nodiscard]] std::string to_junit(std::string_view suite, std::span<const JunitCase> cases);

} // namespace clprobe
