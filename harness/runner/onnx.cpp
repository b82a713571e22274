#include "console.hpp"
#include "io/file.hpp"
#include "isolation.hpp"
#include "onnx.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <unistd.h>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 31U;

void expect_readable(const fs::path &file) {
    std::error_code failed;
    const std::uintmax_t size = fs::is_regular_file(file, failed) ? fs::file_size(file, failed) : 0;
    if (failed || !fs::is_regular_file(file, failed) || ::access(file.c_str(), R_OK) != 0)
        throw InputError("cannot read it: no such file, or none that may be read");
    if (size >= largest_file)
        throw InputError(
            "2 GiB or more, which no ONNX file may have: export the weights to another "
            "one (external data), which is not read");
    if (!fs::exists(program_beside("onnx")))
        throw InputError("this clprobe was built without the library of ONNX: ./bootstrap installs "
                         "it (Debian's libonnx-dev and libprotobuf-dev), then build it again; or "
                         "write the network as JSON (docs/networks.md)");
}

/// The program's answer. It is killed with what a hostile file makes it do.
Json answer_for(const fs::path &file) {
    const std::string stem = file.stem().string();
    const Interrupts interrupts;
    const ChildTask task{{{"parent", ::getpid()},
                          {"file", fs::absolute(file).string()},
                          {"name", stem.empty() ? "onnx" : stem},
                          {"source", file.filename().string()}},
                         60,
                         false,
                         interrupts.token(),
                         {},
                         {},
                         program_beside("onnx")};
    std::optional<Json> answer;
    const std::string end = run_child(task, [&](const Json &message) { answer = message; });
    if (task.stop.stop_requested())
        throw Cancelled();
    if (!answer)
        throw InputError(fmt::format("the library of ONNX {}", end));
    if (answer->contains("error"))
        throw InputError(answer->at("error").get<std::string>());
    return *std::move(answer);
}

} // namespace

Network read_onnx(const fs::path &file) {
    const Json answer = naming_file(file, [&] {
        expect_readable(file);
        return answer_for(file);
    });
    for (const Json &note : answer.at("notes"))
        say(note.get<std::string>());
    const auto left_out = answer.at("left_out").get<std::vector<std::string>>();
    if (!left_out.empty())
        say(fmt::format("left out, as it has no kernel and lies before the first layer or behind "
                        "the last:\n  {}",
                        fmt::join(left_out, "\n  ")));
    return read_network(answer.at("network").dump(), file);
}

} // namespace clprobe::runner
