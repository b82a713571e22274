#include "memory/access_pattern/access_pattern.hpp"

#include <bit>

namespace clprobe::probes::access_pattern {

std::uint32_t Places::mask() const {
    return static_cast<std::uint32_t>(row_.words - 1);
}

std::uint32_t Places::fold() const {
    return (static_cast<std::uint32_t>(std::bit_width(mask())) + 1) / 2;
}

std::uint32_t Places::of(std::uint32_t number) const {
    const auto words = static_cast<std::uint32_t>(row_.words);
    if (row_.pattern == Pattern::strided)
        return number * words;
    if (row_.pattern == Pattern::shifted)
        return number + words;
    std::uint32_t place = (number * 2654435769u + key_) & mask();
    place ^= place >> fold();
    place = place * 2246822519u & mask();
    place ^= place >> fold();
    return (number & ~mask()) | place;
}

std::vector<std::uint32_t> Places::arguments() const {
    if (row_.pattern == Pattern::random)
        return {mask(), fold(), key_};
    if (row_.pattern == Pattern::strided && row_.words > 1)
        return {static_cast<std::uint32_t>(std::countr_zero(row_.words))};
    return {row_.pattern == Pattern::shifted ? static_cast<std::uint32_t>(row_.words) : 0};
}

std::size_t words_in(std::size_t array, const AccessRow &row, std::size_t group) {
    if (row.pattern == Pattern::strided)
        return array / row.words;
    const std::size_t tile = each * group;
    return row.pattern == Pattern::shifted ? array - (row.words + tile - 1) / tile * tile : array;
}

std::uint32_t word_at(std::uint32_t place, std::uint32_t salt) {
    std::uint32_t x = (place ^ salt) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ (x >> 13);
}

std::uint32_t written(std::uint32_t number, std::uint32_t nonce) {
    return number * 2654435761u ^ nonce;
}

std::vector<AccessRow> rows_of(Operation operation, std::size_t array) {
    std::vector<AccessRow> rows;
    for (std::size_t stride = 1; stride <= 64; stride *= 2)
        rows.push_back({operation, Pattern::strided, stride});
    for (const std::size_t shift : {1u, 2u, 4u, 8u, 16u, 31u})
        rows.push_back({operation, Pattern::shifted, shift});
    for (std::size_t span = 1024; span <= std::size_t{4} << 20 && span < array; span *= 16)
        rows.push_back({operation, Pattern::random, span});
    rows.push_back({operation, Pattern::random, array});
    return rows;
}

} // namespace clprobe::probes::access_pattern
