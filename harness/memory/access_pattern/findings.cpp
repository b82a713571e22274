#include "analysis/estimates.hpp"
#include "analysis/intervals.hpp"
#include "common/allowances.hpp"
#include "common/launch_rates.hpp"
#include "common/verdicts.hpp"
#include "memory/access_pattern/access_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace clprobe::probes::access_pattern {
namespace {

/// The spans that have findings of their own, in words.
struct Span {
    const char *name;
    std::size_t words; ///< 0: all of the array
};
constexpr std::array spans{Span{"4kib", 1 << 10}, Span{"64kib", 16 << 10}, Span{"1mib", 256 << 10},
                           Span{"16mib", 4 << 20}, Span{"all", 0}};

FindingKey key_of(Operation operation, const std::string &pattern, const std::string &meaning) {
    return {"access." + name(operation) + "." + pattern, Unit::byte_per_second, Better::higher,
            meaning};
}

FindingKey stride_key(Operation operation, const std::string &stride) {
    return key_of(operation, "stride" + stride,
                  "useful bytes where neighbours' words of 4 bytes are so many words apart; 1: in "
                  "a row, which the others are set against");
}

FindingKey misaligned_key(Operation operation) {
    return key_of(operation, "misaligned",
                  "the same in a row, by the worst of shifts of 1 to 31 words from a multiple of "
                  "the group's size");
}

FindingKey random_key(Operation operation, const Span &span) {
    return key_of(operation, std::string("random.") + span.name,
                  span.words == 0
                      ? std::string("useful bytes where words of 4 bytes lie anywhere in memory")
                      : fmt::format("useful bytes where words of 4 bytes lie anywhere within {}, "
                                    "span after span",
                                    format({static_cast<double>(span.words * word), Unit::byte})));
}

/// A row whose time grows with the bytes, and its rate, which has no key yet.
struct Rated {
    AccessRow row;
    Finding rate;

    [[nodiscard]] Interval interval() const { return *rate.interval; }
};

/// What the data say of one operation.
class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts, Operation operation)
        : data_(data), facts_(facts), operation_(operation) {
        for (const auto &[row, times] : times_by_row<AccessRow>(data.find(entry::times)))
            if (row.operation == operation)
                if (auto rate =
                        rate_of({"", Unit::byte_per_second, Better::higher, ""}, times, 1, 1))
                    rated_.push_back({row, *std::move(rate)});
        contiguous_ = find(Pattern::strided, 1);
    }

    [[nodiscard]] std::vector<Finding> findings() const {
        std::vector<Finding> findings;
        for (const Rated &each : rated_)
            if (each.row.pattern == Pattern::strided)
                findings.push_back(
                    finding(stride_key(operation_, std::to_string(each.row.words)), each,
                            each.row.words == 1 ? "words in a row"
                                                : fmt::format("one word of {}", each.row.words)));
        if (contiguous_ == nullptr)
            findings.push_back(undecided(stride_key(operation_, "1"), untimed, {entry::times}));
        findings.push_back(misaligned());
        for (const Span &span : spans)
            findings.push_back(random(span));
        return findings;
    }

private:
    static constexpr const char *untimed = "no time that grows with the bytes";

    [[nodiscard]] const Rated *find(Pattern pattern, std::size_t words) const {
        const auto found = std::ranges::find_if(rated_, [&](const Rated &each) {
            return each.row.pattern == pattern && each.row.words == words;
        });
        return found == rated_.end() ? nullptr : &*found;
    }

    /// Of a row as the method says it, with its share of the rate of words in a row.
    [[nodiscard]] Finding finding(const FindingKey &key, const Rated &rated,
                                  std::string method) const {
        Finding finding = rated.rate;
        finding.key = key.key;
        if (contiguous_ != nullptr && rated.row != contiguous_->row)
            method += fmt::format(
                ", {} % of words in a row",
                format({100 * *rated.rate.value / *contiguous_->rate.value, Unit::one}, 2));
        if (const auto items = data_.number_attribute(entry::work_items))
            method += fmt::format("; groups of {:.0f}, {} words a work-item", *items, each);
        finding.method = method + "; " + rated.rate.method;
        finding.evidence = {entry::times};
        doubt(finding);
        return finding;
    }

    /// Nothing is faster than words in a row, which take the fewest lines, and the array is no
    /// cache's.
    void doubt(Finding &finding) const {
        constexpr double noise = 0.05;
        if (contiguous_ != nullptr &&
            finding.interval->low > (1 + noise) * contiguous_->interval().high)
            make_suspect(finding, "words in a row, which take the fewest lines, are slower");
        if (const std::string reason = data_.text_attribute(entry::too_small); !reason.empty())
            make_suspect(finding, reason);
        constexpr double far = 4;
        const auto array = data_.number_attribute(entry::array);
        const double cache = last_cache();
        if (array && *array < far * cache)
            make_suspect(finding,
                         fmt::format("the array of {} is not far larger than the last "
                                     "cache of {}",
                                     format({*array, Unit::byte}), format({cache, Unit::byte})));
    }

    /// The size of the largest that was found, by latency or by bandwidth; 0 of none.
    [[nodiscard]] double last_cache() const {
        double largest = 0;
        for (const char *const size : {"size", "read_size"})
            for (int level = 1;; ++level) {
                const auto bytes = facts_.value(fmt::format("buffer.l{}.{}", level, size));
                if (!bytes)
                    break;
                largest = std::max(largest, *bytes);
            }
        return largest;
    }

    /// The worst shift; its interval holds the others that may be as bad, as another run may find
    /// one of those the worst.
    [[nodiscard]] Finding misaligned() const {
        const FindingKey key = misaligned_key(operation_);
        const Rated *worst = nullptr;
        for (const Rated &each : rated_)
            if (each.row.pattern == Pattern::shifted &&
                (worst == nullptr || *each.rate.value < *worst->rate.value))
                worst = &each;
        if (worst == nullptr)
            return undecided(key, untimed, {entry::times});
        Rated widened = *worst;
        for (const Rated &each : rated_)
            if (each.row.pattern == Pattern::shifted &&
                each.interval().low <= worst->interval().high)
                widened.rate.interval = hull(widened.interval(), *each.rate.value);
        return finding(key, widened,
                       fmt::format("a shift of {} {}, the worst", worst->row.words,
                                   worst->row.words == 1 ? "word" : "words"));
    }

    [[nodiscard]] Finding random(const Span &span) const {
        const FindingKey key = random_key(operation_, span);
        const auto array = data_.number_attribute(entry::array);
        const auto all =
            static_cast<std::size_t>(std::clamp(array.value_or(0), 0.0, 0x1p53)) / word;
        if (span.words > 0 && array && all <= span.words)
            return undecided(key, fmt::format("the array has {}", format({*array, Unit::byte})));
        const std::size_t words = span.words > 0 ? span.words : all;
        const Rated *const rated = find(Pattern::random, words);
        if (rated == nullptr)
            return undecided(key, untimed, {entry::times});
        Finding found =
            finding(key, *rated,
                    "anywhere within " + format({static_cast<double>(words * word), Unit::byte}));
        double most = 0; // bytes of a launch
        for (const auto &[row, bytes, samples] :
             samples_by_row<AccessRow>(data_.find(entry::times)))
            if (row == rated->row)
                most = std::max(most, bytes);
        if (const double share = most / static_cast<double>(words * word);
            span.words > 0 && share < 1)
            found.note +=
                fmt::format("{}launches take {:.0f} % of a span, whose lines no cache has "
                            "at first",
                            found.note.empty() ? "" : "; ", 100 * share);
        return found;
    }

    const Dataset &data_;
    const Facts &facts_;
    Operation operation_;
    std::vector<Rated> rated_;
    const Rated *contiguous_ = nullptr;
};

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Operation operation : all_operations) {
        keys.push_back(stride_key(operation, "<n>"));
        keys.push_back(misaligned_key(operation));
        for (const Span &span : spans)
            keys.push_back(random_key(operation, span));
    }
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const Operation operation : all_operations)
        for (Finding &finding : Interpretation(data, facts, operation).findings())
            findings.push_back(std::move(finding));
    allow_on_cpu(findings, facts, through_memory, [](const std::string &) { return true; });
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    std::vector<Curve> curves;
    for (const auto &[pattern, x] : {std::pair{Pattern::strided, Axis{"stride", Unit::one, {}}},
                                     std::pair{Pattern::shifted, Axis{"shift", Unit::one, {}}},
                                     std::pair{Pattern::random, Axis{"span", Unit::byte, {}}}})
        for (const Operation operation : all_operations) {
            Curve curve{entry::times, x,  {"bandwidth", Unit::byte_per_second, {}},
                        {},           {}, name(operation)};
            for (const auto &[row, estimate] : estimates_of<AccessRow>(data.find(entry::times)))
                if (row.operation == operation && row.pattern == pattern)
                    curve.points.push_back(
                        {static_cast<double>(pattern == Pattern::random ? row.words * word
                                                                        : row.words),
                         1 / estimate.value});
            curves.push_back(std::move(curve));
        }
    return curves;
}

} // namespace clprobe::probes::access_pattern
