#include "inspect/code.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>

namespace clprobe {
namespace {

constexpr std::string_view elf_mark(ELFMAG, SELFMAG);

/// The ELF file of 64 bits that begins there, to the end of its table of sections; empty where
/// that is none.
std::string_view elf_file(std::string_view bytes) {
    Elf64_Ehdr header;
    if (bytes.size() < sizeof header || bytes[EI_CLASS] != ELFCLASS64)
        return {};
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::size_t sections = std::size_t{header.e_shentsize} * header.e_shnum;
    if (header.e_shoff > bytes.size() || sections > bytes.size() - header.e_shoff)
        return {};
    return bytes.substr(0, header.e_shoff + sections);
}

/// The functions of objdump's output that are named after the kernel, from their head to the blank
/// line behind them.
std::string functions_of(std::string_view listing, std::string_view kernel) {
    std::string text;
    for (std::size_t head = listing.find('<'); head != std::string_view::npos;) {
        const std::size_t end = std::min(listing.find("\n\n", head), listing.size());
        const std::size_t start = listing.rfind('\n', head) + 1;
        const std::string_view name = listing.substr(head + 1, listing.find('>', head) - head - 1);
        if (name == kernel || name.find("_" + std::string(kernel) + "_") != std::string_view::npos)
            text.append(listing.substr(start, end - start)).append("\n");
        head = end < listing.size() ? listing.find('<', end) : std::string_view::npos;
    }
    return text;
}

/// In the first of the ELF files in `bytes` that has it.
std::optional<Disassembly> machine_code(std::string_view bytes, const std::string &kernel) {
    for (std::size_t at = bytes.find(elf_mark); at != std::string_view::npos;
         at = bytes.find(elf_mark, at + 1)) {
        const std::string_view elf = elf_file(bytes.substr(at));
        if (elf.empty() || elf.find(kernel) == std::string_view::npos)
            continue;
        const std::string listing = output_of("objdump -d --no-show-raw-insn", elf);
        const std::string language =
            listing.find("elf64-x86-64") != std::string::npos ? "x86-64" : "machine code";
        if (auto code = counted(language, functions_of(listing, kernel)))
            return code;
    }
    return std::nullopt;
}

} // namespace

std::string ptx_entry(std::string_view ptx, std::string_view function) {
    const std::string head = ".entry " + std::string(function) + "(";
    const std::size_t entry = ptx.find(head);
    if (entry == std::string_view::npos)
        return {};
    const std::size_t start = ptx.rfind('\n', entry) + 1; // ".visible" stands before it
    const std::size_t end = ptx.find("\n}", entry);
    return std::string(ptx.substr(start, end == std::string_view::npos ? end : end + 3 - start));
}

std::optional<Disassembly> disassembled(const std::vector<unsigned char> &binary,
                                        const std::string &function) {
    const std::string_view bytes(reinterpret_cast<const char *>(binary.data()), binary.size());
    if (auto ptx = counted("ptx", ptx_entry(bytes, function)))
        return ptx;
    return machine_code(bytes, function);
}

} // namespace clprobe
