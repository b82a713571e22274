#include "on_stub.hpp"

#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <iostream>

namespace clprobe::test {

Environment stub_environment(const std::string &behaviour) {
    return {{"OCL_ICD_VENDORS", CLPROBE_STUB_ICD},
            {"CLPROBE_STUB", behaviour},
            {"LC_ALL", "C.UTF-8"}}; // what is printed is not to depend on who runs the tests
}

Outcome child_on_stub(const std::string &behaviour, const std::function<std::string()> &body,
                      std::chrono::duration<double> limit, const Environment &more) {
    const auto main = [&] {
        try {
            std::cout << body() << std::flush;
        } catch (const std::exception &error) {
            std::cout << error.what() << std::flush;
        }
    };
    Environment environment = stub_environment(behaviour);
    for (const auto &[name, value] : more)
        environment[name] = value;
    return Child(main, environment).wait(limit);
}

std::string on_stub(const std::string &behaviour, const std::function<std::string()> &body) {
    const Outcome outcome = child_on_stub(behaviour, body);
    INFO(outcome.err);
    REQUIRE(outcome.exit_status == 0);
    return outcome.out;
}

} // namespace clprobe::test
