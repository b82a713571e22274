#include "compute/dot_product/dot_product.hpp"
#include "synthetic.hpp"

#include <clprobe/registry.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

using namespace clprobe;
using namespace clprobe::probes::dot_product;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double vectors = 1 << 16;
constexpr double memory_rate = 25e9; // B/s
constexpr double arithmetic = 100e9; // flop/s
constexpr double launch = 20e-6;     // s

/// Seconds that a device takes for a vector which memory and arithmetic limit.
double seconds_for(const Variant &variant) {
    return std::max(variant.bytes() / memory_rate, variant.flops / arithmetic);
}

void add_times(Dataset &data, Memory memory, const Variant &variant, double noise, int blocks) {
    Series &times = data.add(series::rate, axes<RateRow>(), {"time", Unit::second, {}});
    Random random(variant.published);
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {4.0, 8.0, 16.0}) {
            std::vector<double> at = coordinates(ProgramRow{memory, variant.published});
            at.insert(at.end(), {32, 2, trips});
            Point &point = times.point(at);
            point.samples.push_back((launch + trips * vectors * seconds_for(variant)) *
                                    (1 + noise * random.normal()));
            point.block.push_back(block);
        }
}

Dataset device(double noise = 0, int blocks = 8) {
    Dataset data;
    data.number_attributes[entry::vectors] = vectors;
    data.number_attributes[entry::verified] = 100;
    for (const Memory memory : all_memories)
        for (const Variant &variant : variants)
            add_times(data, memory, variant, noise, blocks);
    return data;
}

Facts known() {
    Facts facts;
    facts.device.emplace();
    return facts;
}

const Finding &find(const std::vector<Finding> &findings, std::string_view key) {
    const auto found = std::ranges::find(findings, key, &Finding::key);
    REQUIRE(found != findings.end());
    return *found;
}

void add_fact(Facts &facts, const std::string &key, Unit unit, double value) {
    facts.findings.push_back(measured({key, unit, Better::higher, ""}, value, {value, value}));
}

/// Every value that was computed, by its operation and operands: equal ones have one number.
struct Ledger {
    std::map<std::tuple<char, int, int>, int> values;
    unsigned written_multiplications = 0;
    unsigned multiplications = 0;
    unsigned additions = 0;
    int next = 0;

    int result(char operation, int a, int b) {
        const auto [found, added] =
            values.try_emplace({operation, std::min(a, b), std::max(a, b)}, next);
        next += added ? 1 : 0;
        if (operation == '*') {
            ++written_multiplications;
            multiplications += added ? 1 : 0;
        } else {
            additions += added ? 1 : 0;
        }
        return found->second;
    }
};

/// A value that is no number, but knows how it came about.
struct Symbol {
    Ledger *ledger = nullptr;
    int number = 0;

    friend Symbol operator*(const Symbol &a, const Symbol &b) {
        return {a.ledger, a.ledger->result('*', a.number, b.number)};
    }
    friend Symbol operator+(const Symbol &a, const Symbol &b) {
        return {a.ledger, a.ledger->result('+', a.number, b.number)};
    }
};

Vector<Symbol> inputs(Ledger &ledger) {
    Vector<Symbol> vector;
    for (Symbol &symbol : vector)
        symbol = {&ledger, ledger.next++};
    return vector;
}

} // namespace

TEST_CASE("unit.dot_product.multiplications_are_the_write_ups") {
    const unsigned least[] = {16, 48, 94, 158, 254};
    for (std::size_t i = 0; i < variants.size(); ++i) {
        Ledger ledger;
        const auto x = inputs(ledger);
        const auto y = inputs(ledger);
        const auto z = inputs(ledger);
        static_cast<void>(combined(variants[i], x, y, z));
        CHECK(ledger.written_multiplications == variants[i].published);
        CHECK(ledger.multiplications == least[i]);
        CHECK(ledger.multiplications + ledger.additions == variants[i].flops);
    }
    CHECK(variants[0].bytes() == 48);
    CHECK(variants[4].bytes() == 64);
}

TEST_CASE("unit.dot_product.pairs_are_all_products") {
    const Vector<double> x = {1, 2, 3, 4};
    const Vector<double> y = {10, 100, 1000, 10000};
    CHECK(combined(variants[0], x, y, {}) == Vector<double>{43210, 34120, 21430, 12340});
    CHECK(combined(variants[1], x, y, {1, 0, 0, 0})[0] == 43210 + 10 + 1);
}

TEST_CASE("unit.dot_product.values_are_random_and_bounded") {
    double sum = 0;
    for (std::uint32_t element = 0; element < 4096; ++element) {
        const auto vector = value(element, 12345);
        CHECK(vector != value(element, 12346));
        CHECK(vector != value(element + 1, 12345));
        for (const double number : vector) {
            REQUIRE(number >= 0.25);
            REQUIRE(number < 0.75);
            REQUIRE(static_cast<double>(static_cast<float>(number)) == number);
            sum += number / (4 * 4096);
        }
    }
    CHECK(std::abs(sum - 0.5) < 0.01);
}

TEST_CASE("unit.dot_product.finds_what_limits") {
    const auto findings = findings_of(device(), known());
    CHECK(findings.size() == finding_keys().size());
    const Finding &rate = find(findings, "dot_product.rate");
    CHECK(rate.status == Status::measured);
    CHECK(*rate.value == Approx(arithmetic));
    CHECK(*find(findings, "dot_product.bandwidth").value == Approx(memory_rate));
    CHECK(*find(findings, "dot_product.image.16.rate").value == Approx(28 * memory_rate / 48));
    CHECK(*find(findings, "dot_product.buffer.48.rate").value == Approx(92 * memory_rate / 64));
    const Finding &last = find(findings, "dot_product.buffer.261.rate");
    CHECK(*last.value == Approx(arithmetic));
    CHECK_THAT(last.method, ContainsSubstring("261 multiplications over buffers") &&
                                ContainsSubstring("32 x 2") && ContainsSubstring("50 Gop/s"));
}

TEST_CASE("unit.dot_product.noise_is_in_the_interval") {
    const Finding rate = find(findings_of(device(0.02, 12), known()), "dot_product.image.107.rate");
    REQUIRE(rate.interval);
    CHECK(rate.interval->contains(202 / seconds_for(variants[2])));
    CHECK(rate.interval->half_width() < 0.2 * *rate.value);
}

TEST_CASE("unit.dot_product.too_good_is_suspect") {
    Facts facts = known();
    add_fact(facts, "fma.fp32.rate", Unit::flop_per_second, 0.5 * arithmetic);
    add_fact(facts, "buffer.memory.copy_bandwidth", Unit::byte_per_second, 0.5 * memory_rate);
    auto findings = findings_of(device(), facts);
    CHECK(find(findings, "dot_product.rate").status == Status::suspect);
    CHECK(find(findings, "dot_product.bandwidth").status == Status::suspect);
    add_fact(facts, "buffer.memory.read_bandwidth", Unit::byte_per_second, memory_rate);
    findings = findings_of(device(), facts);
    CHECK(find(findings, "dot_product.bandwidth").status == Status::measured);
}

TEST_CASE("unit.dot_product.without_images_there_are_buffers") {
    Dataset data;
    data.number_attributes = device().number_attributes;
    data.text_attributes[entry::no_images] = "the device has no images";
    for (const Variant &variant : variants)
        add_times(data, Memory::buffer, variant, 0, 8);
    const auto findings = findings_of(data, known());
    CHECK(find(findings, "dot_product.image.48.rate").status == Status::unsupported);
    CHECK(find(findings, "dot_product.buffer.48.rate").status == Status::measured);
    CHECK(find(findings, "dot_product.rate").status == Status::measured);
}

TEST_CASE("unit.dot_product.finds_nothing_in_nothing") {
    const auto findings = findings_of({}, {});
    CHECK(findings.size() == finding_keys().size());
    for (const Finding &finding : findings)
        CHECK_FALSE(finding.value);
}

TEST_CASE("unit.dot_product.what_is_unverified_or_removed_is_no_measurement") {
    Dataset data = device();
    data.number_attributes.erase(entry::verified);
    CHECK(find(findings_of(data, known()), "dot_product.rate").status == Status::suspect);
    CHECK(find(findings_of(device(), {}), "dot_product.rate").status == Status::suspect);
    for (Point &point : data.series.front().points)
        for (double &sample : point.samples)
            sample = launch;
    CHECK_FALSE(find(findings_of(data, known()), "dot_product.rate").value);
}

TEST_CASE("unit.dot_product.shows_the_best_variant_of_each_memory") {
    Dataset data;
    Series &grid = data.add(series::grid, axes<RateRow>(), {"time", Unit::second, {}});
    const auto add = [&](Memory memory, const Variant &variant, double x, double seconds) {
        std::vector<double> at = coordinates(ProgramRow{memory, variant.published});
        at.insert(at.end(), {x, 1, 1});
        grid.point(at).samples = {seconds};
    };
    add(Memory::buffer, variants[0], 4, 1e-3);
    add(Memory::buffer, variants[4], 4, 2e-3);
    add(Memory::buffer, variants[4], 8, 3e-3);
    const auto maps = maps_of(data);
    REQUIRE(maps.size() == 2);
    CHECK_THAT(maps[0].title, ContainsSubstring("261 multiplications over buffers"));
    CHECK(maps[0].points.size() == 2);
    CHECK(maps[1].points.empty());
}
