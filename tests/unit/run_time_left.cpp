#include "runner/console.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using clprobe::runner::time_left;

TEST_CASE("unit.run_observer.the_time_left_goes_by_budgets_and_by_what_really_elapses") {
    CHECK(time_left(100, 0, 0) == Catch::Approx(100));
    // Half as fast, or twice as fast, as the budgets say.
    CHECK(time_left(100, 20, 40) > 100);
    CHECK(time_left(100, 20, 10) < 60);
    const double left = time_left(100, 40, 20);
    CHECK(left > 30);
    CHECK(left < 45);
    CHECK(time_left(100, 100, 50) == 0);
}
