#include "ipc/pipe_buffer.hpp"

#include <bit>

#include "scheduler/preemption.hpp"

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
    while (used_ != 0) {
        drop_first();
        scheduler::preempt_point();
    }
    size_ = 0;
}

usize PipeBuffer::merge_room() const {
    if (used_ == 0) return 0;
    const Slot& last = slot(head_ + used_ - 1);
    return last.kind == Slot::Kind::Packet ? 0 : PAGE_SIZE - last.end;
}

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
    if (TRY(from.read({last.frame.data() + last.end, head_piece})) < head_piece) return Error::Efault;
    last.end += static_cast<u32>(head_piece);
    size_ += head_piece;
    return head_piece;
}

Result<usize> PipeBuffer::append_pages(vm::InBuffer& from, Slot::Kind kind) {
    usize done = 0;
    while (from.remaining() != 0 && !is_full()) {
        auto fresh = new_slot();
        if (!fresh) return done != 0 ? Result<usize>(done) : fail(fresh.error());
        const usize count = from.remaining() < PAGE_SIZE ? from.remaining() : PAGE_SIZE;
        if (from.read({(*fresh)->frame.data(), count}).value_or(0) < count) {
            spare_ = std::move((*fresh)->frame);
            return done != 0 ? Result<usize>(done) : fail(Error::Efault);
        }
        (*fresh)->end = static_cast<u32>(count);
        (*fresh)->kind = kind;
        ++used_;
        size_ += count;
        done += count;
        scheduler::preempt_point();
    }
    return done;
}

Result<usize> PipeBuffer::take(vm::OutBuffer& to) {
    usize done = 0;
    while (used_ != 0 && to.remaining() != 0) {
        Slot& first = slot(head_);
        const usize there = first.end - first.begin;
        const usize count = to.remaining() < there ? to.remaining() : there;
        if (to.write({first.frame.data() + first.begin, count}).value_or(0) < count)
            return done != 0 ? Result<usize>(done) : fail(Error::Efault);
        first.begin += static_cast<u32>(count);
        size_ -= count;
        done += count;
        const bool is_packet = first.kind == Slot::Kind::Packet;
        if (is_packet) size_ -= first.end - first.begin;
        if (is_packet || first.begin == first.end) drop_first();
        if (is_packet) break;
        scheduler::preempt_point();
    }
    return done;
}

}  // namespace exo::ipc
