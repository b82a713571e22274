#include "runner/console.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace clprobe::runner;
using Catch::Approx;

TEST_CASE("unit.run_observer.the_time_left_goes_by_budgets_and_by_what_really_elapses") {
    TimeLeft time;
    time.run_started(100);
    time.probe_started(40);
    CHECK(time.left(0, 0) == Approx(100));
    // Half as fast, or twice as fast, as the budgets say.
    CHECK(time.left(40, 0.5) > 100);
    CHECK(time.left(10, 0.5) < 60);
    time.probe_finished();
    time.probe_started(60);
    const double left = time.left(20, 0);
    CHECK(left > 30);
    CHECK(left < 45);
    CHECK(time.left(50, 1.5) == 0);
}
