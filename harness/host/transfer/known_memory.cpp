#include "host/transfer/known_memory.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace clprobe::probes::transfer {

HostPages::HostPages(std::size_t bytes)
    : at_(static_cast<std::byte *>(std::aligned_alloc(page_bytes, bytes + page_bytes))) {
    if (!at_)
        throw std::bad_alloc();
    std::memset(at_.get(), 0x5a, bytes + page_bytes); // so that no transfer waits for its pages
}

RandomBytes::RandomBytes(std::size_t bytes, std::mt19937_64 &random)
    : random_(random), pages_(bytes / page_bytes + 2), memory_(pages_ * page_bytes) {
    for (std::size_t at = 0; at < pages_ * page_bytes; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random_();
        std::memcpy(memory_.page(0) + at, &word, sizeof word);
    }
}

const std::byte *RandomBytes::any(std::size_t bytes) {
    return memory_.page(random_() % (pages_ - bytes / page_bytes));
}

KnownBuffer::KnownBuffer(Bench &bench, std::size_t bytes, cl_mem_flags flags, RandomBytes &random)
    : context_(bench.context()), buffer_(bench.buffer(bytes, CL_MEM_READ_WRITE | flags)),
      spare_(bench.buffer(page_bytes)) {
    const std::byte *source = random.any(bytes);
    context_.write_bytes(buffer_, 0, bytes, source);
    for (std::size_t page = 0; page < bytes / page_bytes; ++page)
        contents_.push_back(source + page * page_bytes);
}

void KnownBuffer::change(std::size_t page, RandomBytes &random) {
    const std::byte *source = random.any(page_bytes);
    context_.write_bytes(spare_, 0, page_bytes, source);
    context_.copy(spare_, 0, buffer_, page * page_bytes, page_bytes);
    contents_[page] = source;
}

void KnownBuffer::check(std::size_t page) const {
    std::array<std::byte, page_bytes> found{};
    context_.copy(buffer_, page * page_bytes, spare_, 0, page_bytes);
    context_.read_bytes(spare_, 0, page_bytes, found.data());
    if (std::memcmp(found.data(), contents_[page], page_bytes) != 0)
        throw VerificationError(
            fmt::format("4096 B of the device, {} B into the buffer, are not what was written",
                        page * page_bytes));
}

std::uint64_t folded(std::span<const std::byte> bytes) {
    // Several sums, or each word would wait for the one before.
    std::array<std::uint64_t, 8> sums{};
    for (std::size_t at = 0; at + sizeof sums <= bytes.size(); at += sizeof sums) {
        std::array<std::uint64_t, 8> words{};
        std::memcpy(words.data(), bytes.data() + at, sizeof words);
        for (std::size_t i = 0; i < sums.size(); ++i)
            sums[i] ^= words[i];
    }
    std::uint64_t all = 0;
    for (const std::uint64_t sum : sums)
        all ^= sum;
    return all;
}

} // namespace clprobe::probes::transfer
