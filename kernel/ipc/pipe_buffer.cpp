#include "ipc/pipe_buffer.hpp"

#include <bit>

namespace exo::ipc {

using memory::FrameRef;

Result<> PipeBuffer::reserve(u32 pages) {
    DEBUG_ASSERT(std::has_single_bit(pages) && slots_.is_empty());
    return slots_.resize(pages);
}

Result<> PipeBuffer::resize(u32 pages) {
    DEBUG_ASSERT(std::has_single_bit(pages));
    if (pages < used_) return Error::Ebusy;
    Vector<Slot> slots;
    TRY(slots.resize(pages));
    for (u32 i = 0; i < used_; ++i) slots[i] = std::move(slot(head_ + i));
    slots_ = std::move(slots);
    head_ = 0;
    return {};
}

void PipeBuffer::clear() {
    while (used_ != 0) drop_first();
    size_ = 0;
}

usize PipeBuffer::merge_room() const { return used_ == 0 ? 0 : PAGE_SIZE - slot(head_ + used_ - 1).end; }

void PipeBuffer::drop_first() {
    Slot& first = slot(head_);
    // One page stays for the next write.
    if (!spare_)
        spare_ = std::move(first.frame);
    else
        first.frame = {};
    first.begin = first.end = 0;
    ++head_;
    --used_;
}

/// A page behind the last. Errors: Enomem.
Result<PipeBuffer::Slot*> PipeBuffer::new_slot() {
    Slot& fresh = slot(head_ + used_);
    fresh.frame = spare_ ? std::move(spare_) : TRY(FrameRef::allocate());
    fresh.begin = fresh.end = 0;
    return &fresh;
}

Result<usize> PipeBuffer::append_merging(vm::InBuffer& from) {
    const usize head_piece = from.remaining() % PAGE_SIZE;
    if (head_piece == 0 || head_piece > merge_room()) return 0UZ;
    Slot& last = slot(head_ + used_ - 1);
    const usize moved = TRY(from.read({last.frame.data() + last.end, head_piece}));
    last.end += static_cast<u32>(moved);
    size_ += moved;
    return moved;
}

Result<usize> PipeBuffer::append_pages(vm::InBuffer& from) {
    usize done = 0;
    while (from.remaining() != 0 && !is_full()) {
        auto fresh = new_slot();
        if (!fresh) return done != 0 ? Result<usize>(done) : fail(fresh.error());
        const usize count = from.remaining() < PAGE_SIZE ? from.remaining() : PAGE_SIZE;
        const auto moved = from.read({(*fresh)->frame.data(), count});
        if (!moved || *moved == 0) {
            spare_ = std::move((*fresh)->frame);
            if (!moved && done == 0) return moved;
            break;
        }
        (*fresh)->end = static_cast<u32>(*moved);
        ++used_;
        size_ += *moved;
        done += *moved;
        if (*moved < count) break;
    }
    return done;
}

Result<usize> PipeBuffer::take(vm::OutBuffer& to) {
    usize done = 0;
    while (used_ != 0 && to.remaining() != 0) {
        Slot& first = slot(head_);
        const usize there = first.end - first.begin;
        const usize count = to.remaining() < there ? to.remaining() : there;
        const auto moved = to.write({first.frame.data() + first.begin, count});
        if (!moved) {
            if (done == 0) return moved;
            break;
        }
        first.begin += static_cast<u32>(*moved);
        size_ -= *moved;
        done += *moved;
        if (first.begin == first.end) drop_first();
        if (*moved < count) break;
    }
    return done;
}

}  // namespace exo::ipc
