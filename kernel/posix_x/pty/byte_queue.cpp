#include "posix_x/pty/byte_queue.hpp"

#include <algorithm>
#include <cstring>

namespace exo::posix_x {

usize ByteQueue::held_bytes() const {
    const auto count = std::ranges::count_if(pages_, [](const memory::FrameRef& page) { return bool(page); });
    return static_cast<usize>(count) * PAGE_SIZE;
}

usize ByteQueue::push(std::span<const u8> bytes) {
    usize done = 0;
    while (done < bytes.size() && size_ < CAPACITY) {
        const usize at = (start_ + size_) % CAPACITY;
        memory::FrameRef& page = pages_[at / PAGE_SIZE];
        if (!page) {
            auto made = memory::FrameRef::allocate();
            if (!made) break;
            page = std::move(*made);
        }
        const usize offset = at % PAGE_SIZE;
        const usize count = std::min({bytes.size() - done, PAGE_SIZE - offset, CAPACITY - size_});
        std::memcpy(page.data() + offset, bytes.data() + done, count);
        size_ += count;
        done += count;
    }
    return done;
}

usize ByteQueue::pop(std::span<u8> to) {
    usize done = 0;
    while (done < to.size() && size_ != 0) {
        const usize offset = start_ % PAGE_SIZE;
        const usize count = std::min({to.size() - done, PAGE_SIZE - offset, size_});
        memory::FrameRef& page = pages_[start_ / PAGE_SIZE];
        std::memcpy(to.data() + done, page.data() + offset, count);
        start_ = (start_ + count) % CAPACITY;
        size_ -= count;
        done += count;
        // The page of the next byte to come stays if bytes lie in it.
        if (start_ % PAGE_SIZE == 0 && size_ <= CAPACITY - PAGE_SIZE) page = {};
    }
    if (size_ == 0) clear();
    return done;
}

void ByteQueue::cut(usize size) {
    if (size >= size_) return;
    if (size == 0) return clear();
    const usize last = (start_ + size - 1) % CAPACITY / PAGE_SIZE;
    // The ring's pages behind the last byte, up to the one of the first.
    for (usize page = (last + 1) % PAGES; page != start_ / PAGE_SIZE; page = (page + 1) % PAGES)
        pages_[page] = {};
    size_ = size;
}

void ByteQueue::clear() {
    for (memory::FrameRef& page : pages_) page = {};
    start_ = size_ = 0;
}

}  // namespace exo::posix_x
