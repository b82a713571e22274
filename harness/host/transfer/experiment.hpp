#pragma once
#include "host/transfer/findings.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace clprobe::probes::transfer {

constexpr std::size_t page_bytes = 4096;

/// Host memory from the begin of a page on, with a spare page behind it.
class HostPages {
public:
    explicit HostPages(std::size_t bytes);

    [[nodiscard]] std::byte *page(std::size_t index) const {
        return at_.get() + index * page_bytes;
    }

private:
    struct Free {
        void operator()(std::byte *at) const { std::free(at); }
    };
    std::unique_ptr<std::byte, Free> at_;
};

/// The random bytes that everything is filled with, so that no contents can be packed or guessed.
class RandomBytes {
public:
    RandomBytes(std::size_t bytes, std::mt19937_64 &random);

    /// The begin of any page with so many bytes behind it, and a page more.
    [[nodiscard]] const std::byte *any(std::size_t bytes);

private:
    std::mt19937_64 &random_;
    std::size_t pages_;
    HostPages memory_;
};

/// What each page of a memory holds: a page of the random bytes, from any byte on.
using Contents = std::vector<const std::byte *>;

/// A buffer whose contents are known.
class KnownBuffer {
public:
    KnownBuffer(Bench &bench, std::size_t bytes, cl_mem_flags flags, RandomBytes &random);

    [[nodiscard]] const Buffer &buffer() const { return buffer_; }
    [[nodiscard]] Contents &contents() { return contents_; }

    /// Gives a page other contents by a copy on the device, of which the host knows nothing: a copy
    /// that a driver kept on the host's side is out of date from then on, and a transfer that does
    /// not take place is told.
    void change(std::size_t page, RandomBytes &random);
    /// Throws VerificationError where the device, asked for a copy of the page, has anything else
    /// in it than it should.
    void check(std::size_t page) const;

private:
    const Context &context_;
    Buffer buffer_;
    Buffer spare_; ///< one page
    Contents contents_;
};

/// All 64-bit words together by exclusive or.
[[nodiscard]] std::uint64_t folded(std::span<const std::byte> bytes);

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
