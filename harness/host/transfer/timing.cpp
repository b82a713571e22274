#include "host/transfer/experiment.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <cstring>

namespace clprobe::probes::transfer {

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
