#include "host/transfer/experiment.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
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

namespace {

/// Far beyond caches where the device has the memory: places are chosen at random, so that small
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

std::byte *staged(const Mapping &staging, std::size_t page) {
    return staging.bytes().data() + page * page_bytes;
}

} // namespace

Experiment::Pinned::Pinned(Bench &bench, std::size_t bytes, RandomBytes &random)
    : buffer(bench, bytes, CL_MEM_ALLOC_HOST_PTR, random),
      staging_buffer(bench.buffer(bytes, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)),
      staging(bench.context().map(staging_buffer, 0, bytes, CL_MAP_READ | CL_MAP_WRITE)) {
    const std::byte *source = random.any(bytes);
    std::memcpy(staged(staging, 0), source, bytes);
    for (std::size_t page = 0; page < bytes / page_bytes; ++page)
        staging_contents.push_back(source + page * page_bytes);
}

Experiment::Experiment(Bench &bench)
    : bench_(bench), context_(bench.context()), bytes_(pool_bytes(bench)),
      random_(bytes_, bench.random()), host_(bytes_), pageable_(bench, bytes_, 0, random_) {
    try {
        pinned_.emplace(bench, bytes_, random_);
    } catch (const Error &error) {
        if (!error.code())
            throw;
        bench.data().text_attributes[refusal_attribute] = error.what();
    }
}

std::vector<Transfer> Experiment::transfers(std::size_t bytes) const {
    std::vector<Transfer> all;
    for (const Memory memory : {Memory::pageable, Memory::pinned}) {
        if (memory == Memory::pinned && !pinned_)
            continue;
        for (const Operation operation : {Operation::write, Operation::read, Operation::map_read,
                                          Operation::map_write, Operation::map})
            all.push_back({operation, memory, 0});
    }
    if (bytes >= 4 * smallest)
        for (const Operation operation : {Operation::write, Operation::read})
            for (const std::size_t misalignment : {1u, 4u})
                all.push_back({operation, Memory::pageable, misalignment});
    return all;
}

void Experiment::run() {
    const std::size_t largest = find_largest();
    constexpr int most = 200;
    double longest = 0;
    for (int block = 0; block < 2 || (block < most && bench_.remaining() > 1.2 * longest);
         ++block) {
        const double before = bench_.remaining();
        round(block, largest);
        longest = std::max(longest, before - bench_.remaining());
        if (bench_.tiny() && block > 0)
            break;
    }
    for (const auto &[memory, addresses] : addresses_)
        bench_.data().number_attributes[addresses_attribute(memory)] =
            static_cast<double>(addresses.size());
}

std::size_t Experiment::find_largest() {
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

void Experiment::round(int block, std::size_t largest) {
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

KnownBuffer &Experiment::device(const Transfer &transfer) {
    const bool mapped =
        transfer.operation != Operation::write && transfer.operation != Operation::read;
    // What is written and read lies in the device's own memory, whatever the host's side is.
    return mapped && transfer.memory == Memory::pinned ? pinned_->buffer : pageable_;
}

Experiment::Places Experiment::choose(const Transfer &transfer, std::size_t bytes) {
    const std::size_t pages = bytes / page_bytes;
    const auto any_place = [&] { return bench_.random()() % (bytes_ / page_bytes - pages + 1); };
    const Places places{pages, any_place(), any_place(), bench_.random()() % pages};
    device(transfer).change(places.device + places.changed, random_);
    return places;
}

std::vector<std::size_t> Experiment::some(const Places &places) {
    return {places.changed, places.pages - 1, bench_.random()() % places.pages};
}

void Experiment::check_device(const Transfer &transfer, const Places &places) {
    for (const std::size_t page : some(places))
        device(transfer).check(places.device + page);
}

void Experiment::note_address(const Transfer &transfer, const Places &places, const std::byte *at) {
    // Of the buffer's begin, wherever the mapping begins.
    addresses_[transfer.memory].insert(reinterpret_cast<std::intptr_t>(at) -
                                       static_cast<std::intptr_t>(places.device * page_bytes));
}

double Experiment::time(const Transfer &transfer, std::size_t bytes) {
    const Places places = choose(transfer, bytes);
    switch (transfer.operation) {
    case Operation::write:
        return write(transfer, places);
    case Operation::read:
        return read(transfer, places);
    case Operation::map_read:
        return map_read(transfer, places);
    case Operation::map_write:
        return map_write(transfer, places);
    case Operation::map:
        return map(transfer, places);
    }
    throw Error("no such transfer");
}

double Experiment::write(const Transfer &transfer, const Places &places) {
    const std::size_t bytes = places.pages * page_bytes;
    const bool pinned = transfer.memory == Memory::pinned;
    const std::byte *source = pinned ? pinned_->staging.bytes().data() + places.host * page_bytes
                                     : random_.any(bytes) + transfer.misalignment;
    const double seconds = bench_.transfer([&] {
        context_.write_bytes(pageable_.buffer(), places.device * page_bytes, bytes, source);
    });
    for (std::size_t page = 0; page < places.pages; ++page)
        pageable_.contents()[places.device + page] =
            pinned ? pinned_->staging_contents[places.host + page] : source + page * page_bytes;
    check_device(transfer, places);
    return seconds;
}

double Experiment::read(const Transfer &transfer, const Places &places) {
    const std::size_t bytes = places.pages * page_bytes;
    const bool pinned = transfer.memory == Memory::pinned;
    std::byte *to = pinned ? pinned_->staging.bytes().data() + places.host * page_bytes
                           : host_.page(places.host) + transfer.misalignment;
    const double seconds = bench_.transfer(
        [&] { context_.read_bytes(pageable_.buffer(), places.device * page_bytes, bytes, to); });
    const Contents &expected = pageable_.contents();
    for (const std::size_t page : some(places))
        if (std::memcmp(to + page * page_bytes, expected[places.device + page], page_bytes) != 0)
            throw VerificationError(
                fmt::format("{} B were read, and those from {} on are not the device's", bytes,
                            page * page_bytes));
    if (pinned)
        for (std::size_t page = 0; page < places.pages; ++page)
            pinned_->staging_contents[places.host + page] = expected[places.device + page];
    return seconds;
}

double Experiment::map_read(const Transfer &transfer, const Places &places) {
    const std::size_t bytes = places.pages * page_bytes;
    KnownBuffer &memory = device(transfer);
    std::uint64_t found = 0;
    const double seconds = bench_.transfer([&] {
        Mapping mapping =
            context_.map(memory.buffer(), places.device * page_bytes, bytes, CL_MAP_READ);
        found = folded(mapping.bytes());
        mapping.unmap();
    });
    std::uint64_t expected = 0;
    for (std::size_t page = 0; page < places.pages; ++page)
        expected ^= folded({memory.contents()[places.device + page], page_bytes});
    if (found != expected)
        throw VerificationError(
            fmt::format("a mapping of {} B to be read does not show what the device has", bytes));
    return seconds;
}

double Experiment::map_write(const Transfer &transfer, const Places &places) {
    const std::size_t bytes = places.pages * page_bytes;
    KnownBuffer &memory = device(transfer);
    const std::byte *source = random_.any(bytes);
    const double seconds = bench_.transfer([&] {
        Mapping mapping = context_.map(memory.buffer(), places.device * page_bytes, bytes,
                                       CL_MAP_WRITE_INVALIDATE_REGION);
        std::memcpy(mapping.bytes().data(), source, bytes);
        mapping.unmap();
    });
    for (std::size_t page = 0; page < places.pages; ++page)
        memory.contents()[places.device + page] = source + page * page_bytes;
    check_device(transfer, places);
    return seconds;
}

double Experiment::map(const Transfer &transfer, const Places &places) {
    const std::size_t bytes = places.pages * page_bytes;
    const double seconds = bench_.transfer([&] {
        Mapping mapping = context_.map(device(transfer).buffer(), places.device * page_bytes, bytes,
                                       CL_MAP_READ | CL_MAP_WRITE);
        note_address(transfer, places, mapping.bytes().data());
        mapping.unmap();
    });
    check_device(transfer, places);
    return seconds;
}

} // namespace clprobe::probes::transfer
