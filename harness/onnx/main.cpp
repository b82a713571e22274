// What `clprobe network FILE.onnx` starts: {"network": ..., "left_out": [...], "notes": [...]} is
// the answer, or {"error": ...}.

#include "importing.hpp"
#include "io/network.hpp"
#include "runner/beside.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <new>
#include <sys/resource.h>

namespace clprobe::onnx_import {
namespace {

/// ONNX allows a file of 2 GiB, and twice that is there at a time.
void limit_memory() {
    constexpr std::uint64_t most = std::uint64_t{6} << 30U;
    if constexpr (sizeof(rlim_t) == sizeof(most)) {
        const rlimit limit{most, most};
        ::setrlimit(RLIMIT_AS, &limit);
    }
}

void serve(const Json &request) {
    limit_memory();
    try {
        Graph graph = read_graph(request.at("file").get<std::string>());
        const std::string producer = graph.producer.empty() ? "" : ", by " + graph.producer;
        Imported found = imported(std::move(graph));
        Network &network = found.network;
        network.name = network.title = request.at("name").get<std::string>();
        network.source = request.at("source").get<std::string>() + producer;
        runner::send_to_clprobe(
            {{"network", to_json(network)}, {"left_out", found.left_out}, {"notes", found.notes}});
    } catch (const std::bad_alloc &) {
        throw InputError("it takes more memory than 6 GiB, or than there is");
    }
}

} // namespace
} // namespace clprobe::onnx_import

int main() {
    return clprobe::runner::answer_clprobe("clprobe network FILE.onnx",
                                           clprobe::onnx_import::serve);
}
