#include "host/transfer/experiment.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace clprobe::probes::transfer {
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

} // namespace clprobe::probes::transfer
