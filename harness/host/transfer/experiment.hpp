#pragma once
#include "host/transfer/known_memory.hpp"
#include "host/transfer/plan.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace clprobe::probes::transfer {

/// Transfers between host and device, each between places of its own choice in memory of known
/// contents, timed by the host and verified.
class Experiment {
public:
    explicit Experiment(Bench &bench);

    /// Takes rounds of all transfers at all sizes, in random order, until the time is used up.
    void run();

private:
    /// Memory that both sides reach: a buffer of the device's, and one that stays mapped, for the
    /// host's side of transfers.
    struct Pinned {
        Pinned(Bench &bench, std::size_t bytes, RandomBytes &random);

        KnownBuffer buffer;
        Buffer staging_buffer;
        Mapping staging;
        Contents staging_contents;
    };

    /// Where a transfer goes from and to: pages of the device's buffer and of the host's memory.
    struct Places {
        std::size_t pages;
        std::size_t device;
        std::size_t host;
        std::size_t changed; ///< the page of them whose contents the device has just changed
    };

    [[nodiscard]] std::vector<Transfer> transfers(std::size_t bytes) const;
    /// The largest size of which the budget allows several rounds, a quarter of the memory at most:
    /// what it allows changes from run to run, and with it what the large ones show. The transfers
    /// that find it also warm up whatever a driver sets up at the first.
    std::size_t find_largest();
    void round(int block, std::size_t largest);

    /// Seconds of that transfer.
    double time(const Transfer &transfer, std::size_t bytes);
    double write(const Transfer &transfer, const Places &places);
    double read(const Transfer &transfer, const Places &places);
    double map_read(const Transfer &transfer, const Places &places);
    double map_write(const Transfer &transfer, const Places &places);
    double map(const Transfer &transfer, const Places &places);

    [[nodiscard]] KnownBuffer &device(const Transfer &transfer);
    Places choose(const Transfer &transfer, std::size_t bytes);
    /// Some pages of a transfer, the changed and the last among them.
    std::vector<std::size_t> some(const Places &places);
    void check_device(const Transfer &transfer, const Places &places);
    void note_address(const Transfer &transfer, const Places &places, const std::byte *at);

    Bench &bench_;
    const Context &context_;
    std::size_t bytes_;
    RandomBytes random_;
    HostPages host_;
    KnownBuffer pageable_;
    std::optional<Pinned> pinned_;
    std::map<Memory, std::set<std::ptrdiff_t>> addresses_;
};

} // namespace clprobe::probes::transfer
