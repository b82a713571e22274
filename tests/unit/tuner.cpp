#include "measure/tuner.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <map>

using namespace clprobe;

namespace {

/// A width and a number of groups; the fastest is 4 x 32.
struct Shape {
    int width = 1;
    int groups = 1;

    auto operator<=>(const Shape &) const = default;
};

double truth(const Shape &shape) {
    return 1 + std::abs(std::log2(shape.width / 4.0)) + std::abs(std::log2(shape.groups / 32.0));
}

/// What a test's device does with shapes, and what was asked of it.
struct FakeDevice {
    std::function<double(const Shape &)> seconds = truth;
    double time = 100;
    std::vector<Shape> first;
    std::map<Shape, int> again;

    TuningRules<Shape> rules() {
        return {.time =
                    [this](const Shape &shape) {
                        time -= 1;
                        first.push_back(shape);
                        return seconds(shape);
                    },
                .time_again =
                    [this](const Shape &shape) {
                        time -= 1;
                        ++again[shape];
                        return seconds(shape);
                    },
                .time_left = [this] { return time > 0; }};
    }
};

using Stage = std::function<std::vector<Shape>(const Shape &)>;
const std::vector<Stage> stages = {
    [](const Shape &best) {
        return std::vector<Shape>{{2, best.groups}, {4, best.groups}, {8, best.groups}};
    },
    [](const Shape &best) {
        return std::vector<Shape>{{best.width, 8}, {best.width, 32}, {best.width, 1}};
    }};

const std::function<bool()> always = [] { return true; };

} // namespace

TEST_CASE("unit.tuner.a descent finds the fastest, trying each once") {
    FakeDevice device;
    Tuner<Shape> tuner(device.rules());
    tuner.try_out({1, 1});
    tuner.descend({1, 1}, stages);
    REQUIRE(tuner.best() != nullptr);
    CHECK(*tuner.best() == Shape{4, 32});
    CHECK(device.first.size() == 1 + 3 + 2); // of the last three, one was tried before
    CHECK(tuner.tries() == device.first.size());
    CHECK(std::ranges::is_sorted(tuner.ranking(), {}, &Tuner<Shape>::Timed::seconds));
}

TEST_CASE("unit.tuner.a descent ends when the time does, the start being tried in any case") {
    FakeDevice device;
    device.time = 0;
    Tuner<Shape> tuner(device.rules());
    tuner.try_out({1, 1});
    tuner.descend({1, 1}, stages);
    CHECK(device.first == std::vector<Shape>{{1, 1}});
    CHECK(*tuner.best() == Shape{1, 1});
}

TEST_CASE("unit.tuner.a prediction orders the candidates") {
    FakeDevice device;
    device.time = 2;
    TuningRules<Shape> rules = device.rules();
    rules.predicted = truth;
    Tuner<Shape> tuner(rules);
    tuner.try_all({{1, 1}, {8, 32}, {1, 2}, {4, 32}});
    CHECK(device.first == std::vector<Shape>{{4, 32}, {8, 32}});
}

TEST_CASE("unit.tuner.halving compares ever fewer, and a lucky launch wins nothing") {
    FakeDevice device;
    int launches = 0;
    // The first times are off by more than the candidates differ, each in its own direction.
    device.seconds = [&](const Shape &shape) {
        return shape.width + (++launches <= 8 ? (9 - shape.width) * 2 : 0);
    };
    Tuner<Shape> tuner(device.rules());
    for (int width = 1; width <= 8; ++width)
        tuner.try_out({width, 1});
    CHECK(*tuner.best() == Shape{8, 1});
    tuner.halve(8, always);
    CHECK(*tuner.best() == Shape{1, 1});
    CHECK(device.again[{1, 1}] == 3);
    CHECK(device.again[{2, 1}] == 3);
    CHECK(device.again[{4, 1}] == 2);
    CHECK(device.again[{8, 1}] == 1);
}

TEST_CASE("unit.tuner.a candidate that does not run is recorded and costs the others nothing") {
    FakeDevice device;
    device.seconds = [](const Shape &shape) {
        if (shape.width == 2)
            throw BuildError("kernel", "-DWIDTH=2", -11, "no");
        if (shape.width == 8)
            throw Unsupported("too wide");
        return truth(shape);
    };
    Tuner<Shape> tuner(device.rules());
    tuner.try_all({{1, 1}, {2, 1}, {8, 1}, {2, 1}, {4, 1}});
    CHECK(*tuner.best() == Shape{4, 1});
    REQUIRE(tuner.failures().size() == 2);
    CHECK(tuner.failures()[0].candidate == Shape{2, 1});
    CHECK_FALSE(tuner.failures()[0].unsupported);
    CHECK(tuner.failures()[1].unsupported);
    Dataset data;
    record_failures(data, "shape", tuner);
    CHECK(data.number_attribute("shape.rejected") == 2);
    CHECK(data.text_attribute("shape.rejection") == "too wide");
}

TEST_CASE("unit.tuner.a wrong result ends the search, or leaves the candidate out") {
    FakeDevice device;
    device.seconds = [](const Shape &shape) {
        return shape.width == 2 ? throw VerificationError("wrong") : truth(shape);
    };
    Tuner<Shape> strict(device.rules());
    CHECK_THROWS_AS(strict.try_all({{1, 1}, {2, 1}}), VerificationError);
    TuningRules<Shape> rules = device.rules();
    rules.leave_out_wrong = true;
    Tuner<Shape> lenient(rules);
    lenient.try_all({{1, 1}, {2, 1}, {4, 1}});
    CHECK(lenient.ranking().size() == 2);
    CHECK(lenient.failures().size() == 1);
}

TEST_CASE("unit.tuner.a request to stop ends the search") {
    FakeDevice device;
    device.seconds = [](const Shape &) -> double { throw Cancelled(); };
    Tuner<Shape> tuner(device.rules());
    CHECK_THROWS_AS(tuner.try_out({1, 1}), Cancelled);
}
