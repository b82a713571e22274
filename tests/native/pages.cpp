#include "pages.hpp"

#include <cstdlib>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace native {
namespace {

constexpr std::size_t alignment = std::size_t{2} << 20;

} // namespace

Pages::Pages(std::size_t bytes, [[maybe_unused]] PageSize size) {
    const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
    data_ = static_cast<std::byte *>(std::aligned_alloc(alignment, whole));
    if (data_ == nullptr)
        throw std::bad_alloc();
#ifdef __linux__
    madvise(data_, whole, size == PageSize::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
}

Pages::~Pages() {
    std::free(data_);
}

} // namespace native
