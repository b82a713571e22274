#pragma once
#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <random>
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

} // namespace clprobe::probes::transfer
