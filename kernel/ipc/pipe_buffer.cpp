#include "ipc/pipe_buffer.hpp"

#include <algorithm>
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
    return last.may_merge ? PAGE_SIZE - last.end : 0;
}

void PipeBuffer::drop_first() {
    Slot& first = slot(head_);
    // One page stays for the next write.
    if (!spare_ && first.is_own) [[likely]]
        std::swap(spare_, first.frame);
    else
        first.frame = {};
    first.begin = first.end = 0;
    ++head_;
    --used_;
}

/// A page behind the last. Errors: Enomem.
Result<PipeBuffer::Slot*> PipeBuffer::new_slot() {
    Slot& fresh = slot(head_ + used_);
    DEBUG_ASSERT(!fresh.frame);
    FrameRef frame = spare_ ? std::move(spare_) : TRY(FrameRef::allocate());
    std::swap(fresh.frame, frame);
    fresh.begin = fresh.end = 0;
    fresh.is_own = true;
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

Result<usize> PipeBuffer::append_pages(vm::InBuffer& from, Kind kind) {
    usize done = 0;
    while (from.remaining() != 0 && !is_full()) {
        auto fresh = new_slot();
        if (!fresh) return done != 0 ? Result<usize>(done) : fail(fresh.error());
        const usize count = from.remaining() < PAGE_SIZE ? from.remaining() : PAGE_SIZE;
        if (from.read({(*fresh)->frame.data(), count}).value_or(0) < count) {
            std::swap(spare_, (*fresh)->frame);
            return done != 0 ? Result<usize>(done) : fail(Error::Efault);
        }
        (*fresh)->end = static_cast<u32>(count);
        (*fresh)->is_packet = kind == Kind::Packet;
        (*fresh)->may_merge = kind == Kind::Bytes;
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
        const bool is_packet = first.is_packet;
        if (is_packet) size_ -= first.end - first.begin;
        if (is_packet || first.begin == first.end) drop_first();
        if (is_packet) break;
        scheduler::preempt_point();
    }
    return done;
}

void PipeBuffer::append_piece(fs::PagePiece piece) {
    DEBUG_ASSERT(!is_full());
    size_ += piece.size();
    slot(head_ + used_) = {.frame = std::move(piece.frame), .begin = piece.begin, .end = piece.end};
    ++used_;
}

fs::PagePiece PipeBuffer::front() const {
    DEBUG_ASSERT(used_ != 0);
    const Slot& first = slot(head_);
    return {first.frame, first.begin, first.end};
}

void PipeBuffer::consume(usize count) {
    Slot& first = slot(head_);
    DEBUG_ASSERT(used_ != 0 && count <= first.end - first.begin);
    first.begin += static_cast<u32>(count);
    size_ -= count;
    if (first.begin == first.end) drop_first();
}

usize PipeBuffer::move_to(PipeBuffer& to, usize count) {
    usize done = 0;
    while (done < count && used_ != 0 && !to.is_full()) {
        Slot& first = slot(head_);
        const usize there = first.end - first.begin;
        if (there > count - done) {
            const usize part = share_slot(first, to, count - done);
            consume(part);
            return done + part;
        }
        to.slot(to.head_ + to.used_) = std::move(first);
        ++to.used_;
        to.size_ += there;
        size_ -= there;
        done += there;
        ++head_;
        --used_;
        scheduler::preempt_point();
    }
    return done;
}

usize PipeBuffer::share_with(PipeBuffer& to, usize count) {
    usize done = 0;
    for (u32 i = 0; i < used_ && done < count && !to.is_full(); ++i) {
        done += share_slot(slot(head_ + i), to, count - done);
        scheduler::preempt_point();
    }
    return done;
}

/// The copy is not merged with: the first one may have bytes behind its end. Nor is the frame written anew by either.
usize PipeBuffer::share_slot(Slot& from, PipeBuffer& to, usize most) {
    const auto size = static_cast<u32>(std::min<usize>(from.end - from.begin, most));
    from.is_own = false;
    to.append_piece({from.frame, from.begin, from.begin + size});
    to.slot(to.head_ + to.used_ - 1).is_packet = from.is_packet;
    return size;
}

}  // namespace exo::ipc
