#include "host/transfer/transfer.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>

namespace clprobe::probes::transfer {
namespace {

constexpr std::size_t page_bytes = 4096;

/// A page of host memory.
struct alignas(page_bytes) Page {
    std::array<std::uint64_t, page_bytes / sizeof(std::uint64_t)> words;

    [[nodiscard]] std::byte *begin() { return reinterpret_cast<std::byte *>(words.data()); }
};

/// So many bytes of them and a spare page behind, all written, so that no transfer waits for them.
std::vector<Page> host_pages(std::size_t bytes) {
    return std::vector<Page>(bytes / page_bytes + 1);
}

/// The random bytes that everything is filled with, so that no contents can be packed or guessed.
class RandomBytes {
public:
    RandomBytes(std::size_t bytes, std::mt19937_64 &random)
        : random_(random), pages_(host_pages(bytes + page_bytes)) {
        for (Page &page : pages_)
            std::ranges::generate(page.words, std::ref(random_));
    }

    /// The begin of any page with so many bytes behind it, and a page more.
    [[nodiscard]] const std::byte *any(std::size_t bytes) {
        return pages_[random_() % (pages_.size() - bytes / page_bytes)].begin();
    }

private:
    std::mt19937_64 &random_;
    std::vector<Page> pages_;
};

/// What each page of a memory holds: a page of the random bytes, from any byte on.
using Contents = std::vector<const std::byte *>;

/// So many pages hold, one after the other, what begins at `source`.
void set_contents(Contents &contents, std::size_t first, std::size_t pages,
                  const std::byte *source) {
    for (std::size_t page = 0; page < pages; ++page)
        contents[first + page] = source + page * page_bytes;
}

/// A buffer whose contents are known.
struct KnownBuffer {
    KnownBuffer(Bench &bench, std::size_t bytes, cl_mem_flags flags, RandomBytes &random)
        : context(bench.context()), buffer(bench.buffer(bytes, CL_MEM_READ_WRITE | flags)),
          spare(bench.buffer(page_bytes)), contents(bytes / page_bytes) {
        const std::byte *source = random.any(bytes);
        context.write_bytes(buffer, 0, bytes, source);
        set_contents(contents, 0, contents.size(), source);
    }

    /// Gives a page other contents by a copy on the device, of which the host knows nothing: a copy
    /// that a driver kept on the host's side is out of date from then on, and a transfer that does
    /// not take place is noticed.
    void change(std::size_t page, RandomBytes &random) {
        const std::byte *source = random.any(page_bytes);
        context.write_bytes(spare, 0, page_bytes, source);
        context.copy(spare, 0, buffer, page * page_bytes, page_bytes);
        contents[page] = source;
    }

    /// Throws VerificationError where the device, asked for a copy of the page, has anything else
    /// in it than it should.
    void check(std::size_t page) const {
        std::array<std::byte, page_bytes> found{};
        context.copy(buffer, page * page_bytes, spare, 0, page_bytes);
        context.read_bytes(spare, 0, page_bytes, found.data());
        if (std::memcmp(found.data(), contents[page], page_bytes) != 0)
            throw VerificationError(
                fmt::format("4096 B of the device, {} B into the buffer, are not what was written",
                            page * page_bytes));
    }

    const Context &context;
    Buffer buffer;
    Buffer spare; ///< one page
    Contents contents;
};

/// All 64-bit words together by exclusive or.
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

/// Memory that both sides reach: a buffer of the device's, and one that stays mapped, for the
/// host's side of transfers.
struct Pinned {
    Pinned(Bench &bench, std::size_t bytes, RandomBytes &random)
        : buffer(bench, bytes, CL_MEM_ALLOC_HOST_PTR, random),
          staging_buffer(bench.buffer(bytes, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)),
          staging(bench.context().map(staging_buffer, 0, bytes, CL_MAP_READ | CL_MAP_WRITE)),
          staging_contents(bytes / page_bytes) {
        const std::byte *source = random.any(bytes);
        std::memcpy(staged(0), source, bytes);
        set_contents(staging_contents, 0, staging_contents.size(), source);
    }

    [[nodiscard]] std::byte *staged(std::size_t page) const {
        return staging.bytes().data() + page * page_bytes;
    }

    KnownBuffer buffer;
    Buffer staging_buffer;
    Mapping staging;
    Contents staging_contents;
};

bool is_pinned(const Transfer &transfer) {
    return transfer.memory == Memory::pinned;
}

/// Far beyond caches where the device has the memory: pages are chosen at random, so that small
/// transfers do not find their bytes in a cache either.
std::size_t pool_bytes(const Bench &bench) {
    std::size_t wanted = std::size_t{64} << 20;
    if (bench.profile() == Profile::quick)
        wanted /= 2;
    if (bench.tiny())
        wanted = std::size_t{256} << 10;
    const std::size_t granted = std::bit_floor(std::min(wanted, bench.most_bytes() / 2));
    if (granted < 16 * smallest)
        throw Unsupported("too little memory for transfers of growing size");
    return granted;
}

/// All but the largest are taken several times a round: they cost little, and one interruption of
/// one of them would turn the slope of the round.
std::size_t repetitions(std::size_t bytes, std::size_t largest) {
    if (bytes == largest)
        return 1;
    return 4 * bytes == largest ? 2 : 3;
}

/// Transfers between host and device, each between pages of its own choice in memory of known
/// contents, timed by the host and verified.
class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), context_(bench.context()), bytes_(pool_bytes(bench)),
          random_(bytes_, bench.random()), host_(host_pages(bytes_)),
          pageable_(bench, bytes_, 0, random_) {
        try {
            pinned_.emplace(bench, bytes_, random_);
        } catch (const Error &error) {
            if (!error.code())
                throw;
            bench.data().text_attributes[refusal_attribute] = error.what();
        }
    }

    void run() {
        const std::size_t largest = find_largest();
        constexpr int most = 200;
        double longest = 0;
        for (int block = 0;
             block < 2 || (block < most && !bench_.tiny() && bench_.remaining() > 1.2 * longest);
             ++block) {
            const double before = bench_.remaining();
            round(block, largest);
            longest = std::max(longest, before - bench_.remaining());
        }
        for (const auto &[memory, addresses] : addresses_)
            bench_.data().number_attributes[addresses_attribute(memory)] =
                static_cast<double>(addresses.size());
    }

private:
    /// The pages that a transfer goes from and to, of the device's buffer and of host memory.
    struct Pages {
        std::size_t count;
        std::size_t device;
        std::size_t host;
        std::size_t changed; ///< the one of them whose contents the device has just changed

        [[nodiscard]] std::size_t bytes() const { return count * page_bytes; }
        [[nodiscard]] std::size_t offset() const { return device * page_bytes; }
    };

    [[nodiscard]] std::vector<Transfer> transfers(std::size_t bytes) const {
        std::vector<Transfer> all;
        for (const Memory memory : {Memory::pageable, Memory::pinned}) {
            if (memory == Memory::pinned && !pinned_)
                continue;
            for (const Operation operation :
                 {Operation::write, Operation::read, Operation::map_read, Operation::map_write,
                  Operation::map})
                all.push_back({operation, memory, 0});
        }
        if (bytes >= 4 * smallest)
            for (const Operation operation : {Operation::write, Operation::read})
                for (const std::size_t misalignment : {1u, 4u})
                    all.push_back({operation, Memory::pageable, misalignment});
        return all;
    }

    /// The largest size of which the budget allows several rounds, a quarter of the memory at most:
    /// what it allows changes from run to run, and with it what the large ones show. The transfers
    /// that find it also warm up whatever a driver sets up at the first.
    std::size_t find_largest() {
        constexpr double share = 0.12; // of the budget, for the transfers of one size
        constexpr std::size_t least = 16 * smallest;
        const std::size_t most = std::max(bytes_ / 4, least);
        std::size_t bytes = smallest;
        while (4 * bytes <= most) {
            const double before = bench_.remaining();
            for (const Transfer &transfer : transfers(bytes))
                time(transfer, bytes);
            if (bytes >= least && 4 * (before - bench_.remaining()) > share * bench_.budget())
                break;
            bytes *= 4;
        }
        return bytes;
    }

    void round(int block, std::size_t largest) {
        std::vector<std::pair<Transfer, std::size_t>> order;
        for (std::size_t bytes = smallest; bytes <= largest; bytes *= 4)
            for (const Transfer &transfer : transfers(bytes))
                // What alignment does is asked at one size: the largest but one.
                if (transfer.misalignment == 0 || 4 * bytes == largest)
                    order.insert(order.end(), repetitions(bytes, largest), {transfer, bytes});
        std::shuffle(order.begin(), order.end(), bench_.random());
        Series &series = bench_.series(series_name);
        for (const auto &[transfer, bytes] : order) {
            const double seconds = time(transfer, bytes);
            Point &point = series.point(coordinates(transfer, static_cast<double>(bytes)));
            point.samples.push_back(seconds);
            point.block.push_back(block);
        }
    }

    /// Seconds of that transfer.
    double time(const Transfer &transfer, std::size_t bytes) {
        const std::size_t count = bytes / page_bytes;
        const auto any_page = [&] { return bench_.random()() % (bytes_ / page_bytes - count + 1); };
        const Pages pages{count, any_page(), any_page(), bench_.random()() % count};
        device(transfer).change(pages.device + pages.changed, random_);
        // In the order of the operations.
        static constexpr double (Experiment::*timed[])(const Transfer &, const Pages &) = {
            &Experiment::write, &Experiment::read, &Experiment::map_read, &Experiment::map_write,
            &Experiment::map};
        const double seconds =
            (this->*timed[static_cast<std::size_t>(transfer.operation)])(transfer, pages);
        if (transfer.operation != Operation::read && transfer.operation != Operation::map_read)
            for (const std::size_t page : some(pages))
                device(transfer).check(pages.device + page);
        return seconds;
    }

    double write(const Transfer &transfer, const Pages &pages) {
        const std::byte *source = is_pinned(transfer)
                                      ? pinned_->staged(pages.host)
                                      : random_.any(pages.bytes()) + transfer.misalignment;
        const double seconds = bench_.transfer(
            [&] { context_.write_bytes(pageable_.buffer, pages.offset(), pages.bytes(), source); });
        Contents &written = pageable_.contents;
        if (is_pinned(transfer))
            std::copy_n(&pinned_->staging_contents[pages.host], pages.count,
                        &written[pages.device]);
        else
            set_contents(written, pages.device, pages.count, source);
        return seconds;
    }

    double read(const Transfer &transfer, const Pages &pages) {
        std::byte *to = is_pinned(transfer) ? pinned_->staged(pages.host)
                                            : host_[pages.host].begin() + transfer.misalignment;
        const double seconds = bench_.transfer(
            [&] { context_.read_bytes(pageable_.buffer, pages.offset(), pages.bytes(), to); });
        const Contents &expected = pageable_.contents;
        for (const std::size_t page : some(pages))
            if (std::memcmp(to + page * page_bytes, expected[pages.device + page], page_bytes) != 0)
                throw VerificationError(
                    fmt::format("{} B were read, and those from {} on are not the device's",
                                pages.bytes(), page * page_bytes));
        if (is_pinned(transfer))
            std::copy_n(&expected[pages.device], pages.count,
                        &pinned_->staging_contents[pages.host]);
        return seconds;
    }

    double map_read(const Transfer &transfer, const Pages &pages) {
        KnownBuffer &memory = device(transfer);
        std::uint64_t found = 0;
        const double seconds = bench_.transfer([&] {
            Mapping mapping =
                context_.map(memory.buffer, pages.offset(), pages.bytes(), CL_MAP_READ);
            found = folded(mapping.bytes());
            mapping.unmap();
        });
        std::uint64_t expected = 0;
        for (std::size_t page = 0; page < pages.count; ++page)
            expected ^= folded({memory.contents[pages.device + page], page_bytes});
        if (found != expected)
            throw VerificationError(fmt::format(
                "a mapping of {} B to be read does not show what the device has", pages.bytes()));
        return seconds;
    }

    double map_write(const Transfer &transfer, const Pages &pages) {
        KnownBuffer &memory = device(transfer);
        const std::byte *source = random_.any(pages.bytes());
        const double seconds = bench_.transfer([&] {
            Mapping mapping = context_.map(memory.buffer, pages.offset(), pages.bytes(),
                                           CL_MAP_WRITE_INVALIDATE_REGION);
            std::memcpy(mapping.bytes().data(), source, pages.bytes());
            mapping.unmap();
        });
        set_contents(memory.contents, pages.device, pages.count, source);
        return seconds;
    }

    double map(const Transfer &transfer, const Pages &pages) {
        return bench_.transfer([&] {
            Mapping mapping = context_.map(device(transfer).buffer, pages.offset(), pages.bytes(),
                                           CL_MAP_READ | CL_MAP_WRITE);
            // Of the buffer's begin, wherever the mapping begins.
            addresses_[transfer.memory].insert(
                reinterpret_cast<std::intptr_t>(mapping.bytes().data()) -
                static_cast<std::intptr_t>(pages.offset()));
            mapping.unmap();
        });
    }

    [[nodiscard]] KnownBuffer &device(const Transfer &transfer) {
        // What is written and read lies in the device's own memory, whatever the host's side is.
        return is_mapped(transfer) && is_pinned(transfer) ? pinned_->buffer : pageable_;
    }

    /// Some pages of a transfer, the changed and the last among them.
    std::vector<std::size_t> some(const Pages &pages) {
        return {pages.changed, pages.count - 1, bench_.random()() % pages.count};
    }

    Bench &bench_;
    const Context &context_;
    std::size_t bytes_;
    RandomBytes random_;
    std::vector<Page> host_;
    KnownBuffer pageable_;
    std::optional<Pinned> pinned_;
    std::map<Memory, std::set<std::ptrdiff_t>> addresses_;
};

} // namespace

void run_experiment(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::transfer
