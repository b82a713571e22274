#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/kernel.hpp>

#include <fmt/format.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace clprobe {
namespace {

/// The file with each `#include "..."` replaced, once, by the file it names below `root`; line
/// directives keep a compiler's messages true.
std::string with_includes(const std::filesystem::path &root, const std::string &name,
                          std::set<std::string> &included) {
    static const std::regex include(R"(^\s*#\s*include\s+"([^"]+)\"\s*$)");
    const std::filesystem::path file = root / name;
    std::ifstream lines(file, std::ios::binary);
    std::ostringstream text;
    text << "#line 1 \"" << name << "\"\n";
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::smatch match;
        if (!std::regex_match(line, match, include)) {
            text << line << '\n';
        } else {
            if (included.insert(match[1]).second)
                text << with_includes(root, match[1], included);
            text << "#line " << number + 1 << " \"" << name << "\"\n";
        }
    }
    if (!lines.eof())
        throw InputError("cannot read the kernel file " + file.string());
    return text.str();
}

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes: FIPS 180-4,
// section 4.2.2.
constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<std::uint32_t, 8>;

void add_block(State &state, const unsigned char *block) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i)
        w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
               std::uint32_t{block[4 * i + 2]} << 8 | std::uint32_t{block[4 * i + 3]};
    for (std::size_t i = 16; i < 64; ++i) {
        const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < 64; ++i) {
        const auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        const auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const State sum = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
        state[i] += sum[i];
}

} // namespace

// SHA-256 as FIPS 180-4 defines it, sections 5 and 6.2: a dependency for one hash would cost its
// users more than these lines.
std::string sha256(std::string_view text) {
    std::string padded(text);
    padded += '\x80';
    while (padded.size() % 64 != 56)
        padded += '\0';
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8)
        padded += static_cast<char>(static_cast<unsigned char>(bits >> shift));
    State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (std::size_t at = 0; at < padded.size(); at += 64)
        add_block(state, reinterpret_cast<const unsigned char *>(padded.data()) + at);
    std::string hex;
    for (const std::uint32_t word : state)
        hex += fmt::format("{:08x}", word);
    return hex;
}

KernelText with_override(const KernelText &embedded) {
    const char *directory = std::getenv("CLPROBE_KERNEL_DIR");
    const std::string file = embedded.name + ".cl";
    if (directory == nullptr || !std::filesystem::exists(std::filesystem::path(directory) / file))
        return embedded;
    std::set<std::string> included;
    KernelText text{embedded.name, with_includes(directory, file, included), {}};
    text.sha256 = sha256(text.text);
    return text;
}

} // namespace clprobe
