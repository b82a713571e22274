#include "measure/machine.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace clprobe;

TEST_CASE("unit.machine.a process that spins beside is noticed") {
    const auto before = processor_time();
    if (!before)
        SKIP("the system does not tell what its processors do");
    const LoadWatch watch;
    const pid_t spinning = fork();
    REQUIRE(spinning >= 0);
    if (spinning == 0)
        for (volatile bool on = true; on;) {
        }
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    kill(spinning, SIGKILL);
    waitpid(spinning, nullptr, 0);
    const MachineLoad load = watch.load();
    REQUIRE(load.others);
    CHECK(*load.others > 0.3); // one processor's worth, less what its neighbours took of it
}

TEST_CASE("unit.machine.the process's own work is not others'") {
    if (!processor_time())
        SKIP("the system does not tell what its processors do");
    const ProcessorTime before = *processor_time();
    ProcessorTime after = before; // how long it takes is up to what else runs
    while (after.own - before.own < 0.2)
        after = *processor_time();
    CHECK(after.busy - before.busy >= after.own - before.own - 0.05); // whole ticks
}

TEST_CASE("unit.machine.the host and what sways its drivers are recorded") {
    REQUIRE(setenv("POCL_AFFINITY", "1", 1) == 0);
    const HostInfo host = host_info();
    CHECK(host.processors > 0);
    CHECK_FALSE(host.system.empty());
    CHECK(host.environment.at("POCL_AFFINITY") == "1");
    CHECK_FALSE(host.environment.contains("PATH"));
    unsetenv("POCL_AFFINITY");
}
