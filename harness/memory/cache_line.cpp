#include "memory/cache_line/cache_line.hpp"

#include <memory>

namespace clprobe::probes {
namespace {

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/cache_line";
    info.question = "How many bytes does a line of the first cache cover, what does it fetch at "
                    "least, and what does one access fetch from memory?";
    info.method =
        "Two answers for the line. By capacity: a random chase over n slots, a stride apart, is "
        "fast while all their lines fit the first level; the n at which it slows down, the "
        "midpoint in "
        "log latency to the next level, falls as one over the stride while slots share a line and "
        "is constant from the line up. Strides are odd multiples of 4 B, so that all sets are "
        "used. By false sharing, which prefetch cannot fool: two work-groups increment words of "
        "their own, apart or on either side of a border; while both words are in one line it moves "
        "to and fro. CPU devices use the second first, others the first; each falls back on the "
        "other.\n\n"
        "The sector and the memory's fetch: a chase over pairs of words in neighbouring blocks of "
        "d bytes, in random places and either order. The second load is a hit while the least that "
        "is fetched covers both blocks. In more memory than the first level holds this shows its "
        "sector; after everything was evicted, each pair visited once, the memory's fetch, once "
        "what a hit in the next level costs is taken off.\n\n"
        "All sizes are taken for powers of two. Each explains the times by a level and a rise that "
        "are fitted, under normal noise with some outliers, most of them slow; the likeliest is "
        "reported where its probability is high enough to be wrong once in a hundred at most. A "
        "sweep of strides is recorded as evidence, and read where there is nothing else: time "
        "rises in proportion to the stride, once that outweighs the rest, up to the line, and what "
        "follows from twice the line on is taken for pages or prefetch. Of curves over powers of "
        "two with a known line, noise of up to 10 %, outliers and missing points, and a last "
        "octave that rises by more than three times the noise, 98 % are found: 87 % as one size, "
        "the others as an interval of two or three; 1 % of all are wrong.";
    info.pitfalls = {
        "A stride sweep alone shows what a miss fetches, which is the sector where lines have "
        "sectors: 32 B on a GPU whose tags cover 128 B.",
        "A sweep over powers of two alone has one point an octave: where that at the line is off "
        "or missing, or a second rise follows at once, two or three sizes fit. The interval then "
        "covers them. Take strides between them.",
        "Adjacent-line prefetch makes two 64-byte lines look like one of 128 to any sweep of "
        "loads; it is recognised by its level between, and false sharing hardly sees it.",
        "Strides of powers of two use some sets of a cache only, and halve its capacity in slots "
        "beyond the line.",
        "Two groups on one core (unpinned workers) show no false sharing: launches in which they "
        "did not meet are left out, and where that is most of them the probe says so.",
        "Accesses at a fixed distance are learned by prefetchers: the second word of a pair is in "
        "a random place of its block, before or behind the first.",
        "A last-level cache of more than 128 MiB is not evicted: the memory's fetch is then that "
        "of this cache."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995 (stride sweeps)",
                    "Bolosky and Scott, False Sharing and its Effect on Shared Memory "
                    "Performance, 1993",
                    "Mei and Chu, Dissecting GPU Memory Hierarchy through Microbenchmarking, 2017"};
    info.findings = cache_line::finding_keys();
    info.series = cache_line::series_shapes();
    info.kernels = {"memory/cache_line"};
    info.seconds = 5;
    return info;
}

class CacheLine final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { cache_line::run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return cache_line::findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return cache_line::curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_cache_line();
std::unique_ptr<Probe> make_memory_cache_line() {
    return std::make_unique<CacheLine>();
}

} // namespace clprobe::probes
