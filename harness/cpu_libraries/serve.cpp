// What `clprobe network --against cpu` starts for each library, and for one thread and for all. Its
// answers: {"library": ...}, {"roof": ...}, a message for each network, and at last {"answer":
// true}.

#include "fma.hpp"
#include "io/network.hpp"
#include "library.hpp"
#include "runner/beside.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <string>

namespace clprobe::cpu_libraries {
namespace {

using runner::send_to_clprobe;
using Time = std::chrono::steady_clock;

double since(Time::time_point start) {
    return std::chrono::duration<double>(Time::now() - start).count();
}

/// Runs it, and says what is wrong in any layer; empty where all is right.
std::string problem_of(Prepared &prepared, const Network &network, const Operands &operands,
                       std::uint64_t seed) {
    prepared.run();
    const std::vector<SizedLayer> layers = sized_layers(network);
    std::vector<Tensor> outputs;
    for (std::size_t i = 0; i < layers.size(); ++i)
        outputs.push_back(prepared.output(i));
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::vector<const Tensor *> inputs;
        for (const std::size_t from : sources_of(network, i))
            inputs.push_back(from == from_input ? &operands.input : &outputs[from]);
        if (std::string wrong = wrong_output(layers[i], operands.layers[i], inputs, outputs[i],
                                             prepared.error_growth(i), seed);
            !wrong.empty())
            return wrong;
    }
    return "";
}

/// Seconds of a call: of a network each run by itself, of an operator the mean of as many in a row
/// as take 4 ms, as its kernels on a device are timed.
std::vector<double> time(Prepared &prepared, bool alone, double seconds) {
    const auto timed = [&](int calls) {
        const auto start = Time::now();
        for (int i = 0; i < calls; ++i)
            prepared.run();
        return since(start) / calls;
    };
    const double once = std::max(std::min(timed(1), timed(1)), 1e-7);
    const int calls = alone ? 1 : static_cast<int>(std::clamp(std::ceil(4e-3 / once), 1.0, 400.0));
    std::vector<double> samples;
    const auto start = Time::now();
    constexpr std::size_t fewest = 3;
    constexpr std::size_t most = 1000;
    while (samples.size() < fewest || (samples.size() < most && since(start) < seconds))
        samples.push_back(timed(calls));
    return samples;
}

Json measure(Library &library, const Network &network, const Json &request) {
    const auto seed = request.at("seed").get<std::uint64_t>();
    const Operands operands = random_operands(network, seed);
    const auto prepared = library.prepare(network, operands);
    if (std::string wrong = problem_of(*prepared, network, operands, seed); !wrong.empty())
        return {{"wrong", wrong}};
    return {{"seconds",
             time(*prepared, network.layers.size() > 1, request.at("seconds").get<double>())},
            {"implementations", prepared->implementations()}};
}

void serve(const Json &request) {
    const auto library = linked_library();
    send_to_clprobe({{"library", library->name()}, {"version", library->version()}});
    const auto threads = request.at("threads").get<unsigned>();
    send_to_clprobe({{"roof", native::fp32_rate(0.1, threads).median}});
    for (const Json &text : request.at("networks")) {
        const Network network = read_network(text.dump(), "a request");
        Json message;
        try {
            message = measure(*library, network, request);
        } catch (const Error &error) {
            message = {{"absent", error.what()}};
        } catch (const std::bad_alloc &) {
            message = {{"absent", "it takes more memory than there is"}};
        }
        message["network"] = network.name;
        send_to_clprobe(message);
    }
    send_to_clprobe({{"answer", true}});
}

} // namespace
} // namespace clprobe::cpu_libraries

int main() {
    return clprobe::runner::answer_clprobe("clprobe network --against cpu",
                                           clprobe::cpu_libraries::serve);
}
