#include "fs/cache/backing_store.hpp"

#include <cstring>

namespace exo::fs {

Result<> MemoryStore::read_page(u64 index, const memory::FrameRef& frame) {
    const std::span<const u8> content = bytes(index);
    if (!content.empty()) std::memcpy(frame.data(), content.data(), content.size());
    std::memset(frame.data() + content.size(), 0, PAGE_SIZE - content.size());
    return {};
}

}  // namespace exo::fs
