#include "vm/anonymous_source.hpp"

#include <algorithm>
#include <utility>

#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/shared_memory.hpp"

namespace exo::vm {

using memory::FrameRef;
using memory::PhysicalAddress;

AnonymousSource::AnonymousSource(u64 page_count, bool is_charged)
    : page_count_(page_count),
      number_(next_number.fetch_add(1, std::memory_order_relaxed)),
      is_charged_(is_charged) {
    while (BITS * height_ < 64 && (page_count - 1) >> (BITS * height_) != 0) ++height_;
}

Result<Ref<AnonymousSource>> AnonymousSource::create(u64 page_count, bool is_charged) {
    DEBUG_ASSERT(page_count != 0);
    if (is_charged) TRY(charge_commit(page_count));
    auto* raw = new (std::nothrow) AnonymousSource(page_count, is_charged);
    if (raw == nullptr) {
        if (is_charged) uncharge_commit(page_count);
        return Error::Enomem;
    }
    return Ref<AnonymousSource>::adopt(raw);
}

u64* AnonymousSource::entries_of(u64 frame) {
    // SAFETY: a frame of the tree holds FANOUT numbers, all zero at first.
    return static_cast<u64*>(memory::direct_map(PhysicalAddress::of_frame(static_cast<u32>(frame))));
}

namespace {

/// Frees a frame of the tree and everything below it.
void release_tree(u64 frame, u32 height, u64* (*entries_of)(u64)) {
    if (frame == 0) return;
    if (height == 0) {
        remove_shared_pages(1);
    } else {
        u64* entries = entries_of(frame);
        for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); ++i) release_tree(entries[i], height - 1, entries_of);
        scheduler::preempt_point();
    }
    memory::release_frame(static_cast<u32>(frame));
}

}  // namespace

AnonymousSource::~AnonymousSource() {
    release_tree(tree_.unsafe_value().root, height_, &entries_of);
    if (is_charged_) uncharge_commit(page_count_);
}

FrameRef AnonymousSource::peek_page(u64 index) {
    if (index >= page_count_) return {};
    auto tree = tree_.lock();
    u64 frame = tree->root;
    for (u32 level = height_; level > 0 && frame != 0; --level)
        frame = entries_of(frame)[slot_of(index, level - 1)];
    if (frame == 0) return {};
    return FrameRef::share(PhysicalAddress::of_frame(static_cast<u32>(frame)));
}

Result<FrameRef> AnonymousSource::get_page(u64 index, PageAccess) {
    if (index >= page_count_) return Error::Einval;
    if (FrameRef found = peek_page(index)) return found;
    // Frames are made without the lock, because making may ask for reclaim: one for the lowest place that is empty, until that
    // is the page's own. Who comes second throws his away.
    while (true) {
        FrameRef fresh = TRY(FrameRef::allocate_zeroed());
        auto tree = tree_.lock();
        u64 root = tree->root;
        u64* place = &root;
        u32 level = height_;
        for (; level > 0 && *place != 0; --level) place = &entries_of(*place)[slot_of(index, level - 1)];
        if (*place != 0) return FrameRef::share(PhysicalAddress::of_frame(static_cast<u32>(*place)));
        *place = fresh.number();
        tree->root = static_cast<u32>(root);
        if (level == 0) {
            add_shared_pages(1);
            FrameRef result = fresh;
            (void)fresh.leak();
            return result;
        }
        (void)fresh.leak();
    }
}

u32 AnonymousSource::take_next(u64& from, u64 end) {
    auto tree = tree_.lock();
    while (from < end) {
        u64 root = tree->root;
        u64* place = &root;
        u32 level = height_;
        for (; level > 0 && *place != 0; --level) place = &entries_of(*place)[slot_of(from, level - 1)];
        if (*place != 0) {
            const u32 frame = static_cast<u32>(std::exchange(*place, 0));
            tree->root = static_cast<u32>(root);
            return frame;
        }
        // Nothing below this place: on behind all that it could hold.
        const u64 span = 1ULL << (BITS * level);
        from = (from / span + 1) * span;
        if (level == 0 && from % FANOUT == 0)
            return 0;  // let others have the lock after a frame full of holes
    }
    return 0;
}

Result<> AnonymousSource::remove_content(u64 first, u64 count) {
    const auto removal = removal_.lock();
    const u64 end = std::min(page_count_, first + count);
    // Before, so that a write to a frame that is still mapped is not lost with the frame; after, for those that were
    // mapped in between.
    unmap_pages(first, count, UnmapScope::SourceFramesOnly);
    for (u64 index = first; index < end;) {
        if (const u32 frame = take_next(index, end); frame != 0) {
            memory::release_frame(frame);
            remove_shared_pages(1);
        }
        scheduler::preempt_point();
    }
    unmap_pages(first, count, UnmapScope::SourceFramesOnly);
    return {};
}

}  // namespace exo::vm
