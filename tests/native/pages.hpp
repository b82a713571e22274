#pragma once
#include <cstddef>

namespace native {

/// Which pages memory is asked for: what the system gives (4 KiB on most), or huge ones where it
/// can. A comparison with OpenCL wants those that its allocations have.
enum class PageSize { base, huge };

/// Memory of its own, aligned to 2 MiB, touched for the first time by who uses it first.
class Pages {
public:
    /// Throws std::bad_alloc.
    Pages(std::size_t bytes, PageSize size);
    Pages(const Pages &) = delete;
    Pages &operator=(const Pages &) = delete;
    ~Pages();

    [[nodiscard]] std::byte *data() const { return data_; }

private:
    std::byte *data_;
};

} // namespace native
