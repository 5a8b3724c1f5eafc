// Files with a backing store: reading pages in, and writing dirty ones back.
//
// One thread reads a page and owns a PageRead; other threads that need the page wait for it. A failure is
// returned to all waiting threads and not stored, so a later access reads again.
#include "fs/cache/page_cache_backing.hpp"
#include "fs/cache/reclaim.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "scheduler/preemption.hpp"

namespace exo::fs {

using memory::FrameRef;
using scheduler::WaitMode;

void PageCache::FreeBacking::operator()(Backing* backing) const {
    leave_list(*backing);
    delete backing;
}

Result<> PageCache::back_with(Ref<BackingStore> store) {
    const u64 size = store->content_end();
    auto* backing = new (std::nothrow) Backing(*this, std::move(store));
    if (backing == nullptr) return Error::Enomem;
    backing_.reset(backing);
    enter_list();
    needs_marks_.store(true, std::memory_order_relaxed);
    size_.store(size, std::memory_order_release);
    return {};
}

u64 PageCache::stored_end() const {
    return backing_->memory != nullptr ? backing_->memory->content_end() : backing_->store->content_end();
}

MemoryStore* PageCache::store_in_memory() const { return backing_->memory; }

PageCache::WalkLock& PageCache::walk_lock() { return backing_->walk_lock; }

u64 PageCache::removal_count() const { return backing_->removals.load(std::memory_order_acquire); }

/// Requires that the tree is locked, or that the store was just truncated.
void PageCache::count_removal() { backing_->removals.fetch_add(1, std::memory_order_acq_rel); }

// ---- Reading

/// Marks a read in progress as outdated, because a writer has put the page into the tree. The tree is locked.
void PageCache::outdate_read(u64 index) {
    if (PageRead* read = backing_->reads.find(index)) read->is_outdated = true;
}

/// Marks reads from `index` on as outdated, because the file and the store were truncated.
void PageCache::outdate_reads_from(u64 index) {
    const auto tree = tree_.lock();
    count_removal();
    for (PageRead* read = backing_->reads.lower_bound(index); read != nullptr;
         read = Backing::Reads::next(*read))
        read->is_outdated = true;
}

Result<FrameRef> PageCache::wait_for_page(u64 index) {
    while (true) {
        // It is there, or a hole, or the file has come to an end meanwhile.
        auto page = get_page(index, vm::PageAccess::Read);
        if (page || page.error() != Error::Eagain) return page;
        const Ref<PageRead> own = TRY(make_ref<PageRead>(index));
        Ref<PageRead> read;
        {
            auto tree = tree_.lock();
            if (FrameRef frame = tree->find(index)) return frame;
            read = Ref<PageRead>(backing_->reads.find(index));
            if (!read) (void)backing_->reads.insert(*own);
        }
        if (!read) return carry_out(*own);
        TRY(read->wait());
        const auto& outcome = read->outcome();
        if (outcome || outcome.error() != Error::RestartSys) return outcome;
    }
}

/// Allocates a frame for a read. Cached pages must not use the last part of memory: the kernel needs it for
/// allocations that cannot wait for reclaim.
Result<FrameRef> PageCache::allocate_for_read() {
    if (memory::frames.free_frames() < memory::frames.total_frames() / RESERVED_PART)
        (void)reclaim_unmapped_pages(1);
    TRY(budget_->take());
    auto frame = FrameRef::allocate();
    if (!frame) budget_->give_back(1);
    return frame;
}

/// Reads a page for all threads that wait for it. Removes the PageRead from the list of reads in every case.
Result<FrameRef> PageCache::carry_out(PageRead& read) {
    Result<FrameRef> frame = allocate_for_read();
    const auto attempt = [&] {
        if (!frame) return Result<>(fail(frame.error()));
        return backing_->store->read_page(read.index, *frame);
    };
    bool is_ours = false;
    Result<FrameRef> result;
    while (true) {
        const Result<> filled = attempt();
        auto tree = tree_.lock();
        const bool is_wanted = contains(read.index);
        if (filled && is_wanted && std::exchange(read.is_outdated, false) && !tree->find(read.index))
            continue;  // the store has something else by now
        backing_->reads.remove(read);
        if (!is_wanted) {
            result = fail(Error::Einval);
        } else if (FrameRef other = tree->find(read.index)) {
            result = std::move(other);
        } else if (!filled) {
            result = fail(filled.error());
        } else if (const Result<> inserted = tree->insert(read.index, *frame); !inserted) {
            result = fail(inserted.error());
        } else {
            result = *frame;
            is_ours = true;
        }
        break;
    }
    if (frame && !is_ours) budget_->give_back(1);
    read.finish(result);
    return result;
}

/// Writes into an absent page. The end of the file does not move meanwhile. A page that is only partly
/// overwritten is read first.
Result<usize> PageCache::write_absent(InodeContent&, vm::InBuffer& from, u64 offset, usize count) {
    const u64 index = offset >> PAGE_SHIFT;
    const usize at = static_cast<usize>(offset & (PAGE_SIZE - 1));
    if (count == PAGE_SIZE || !must_be_read(index) || !contains(index))
        return write_new(from, index, at, count);
    const FrameRef frame = TRY(wait_for_page(index));
    const auto moved = from.read({frame.data() + at, count});
    // Before the frame is let go: reclaim may drop it as a clean page otherwise.
    if (moved) note_written(index);
    return moved;
}

// ---- Writing back

/// Waits until a page is not being written back. Errors: RestartSys.
Result<> PageCache::wait_for_write(u64 index, WaitMode mode) {
    return backing_->write_ended.wait(mode, [&] { return !tree_.lock()->is_writing(index); });
}

/// Waits for the write-back of pages from `first` on. No new one begins there, because the file ends before
/// them or in the first.
void PageCache::wait_for_writes_from(u64 first) {
    while (true) {
        const auto next = tree_.lock()->next_unstored(first);
        if (!next) return;
        (void)wait_for_write(*next, WaitMode::Uninterruptible);  // LINUX: wait_on_page_writeback
        if (*next == ~0ULL) return;
        first = *next + 1;
        scheduler::preempt_point();
    }
}

/// Writes a page to the store. The caller has just marked it as being written.
Result<> PageCache::write_page_back(u64 index, const FrameRef& frame, usize size) {
    // A write through a mapping faults from now on, and the fault marks the page as dirty again. A fault in progress holds its
    // space's lock, for which this waits: the mark was set before the page became clean, or its entry is found here.
    unmap(index, 1, vm::UnmapScope::WriteRightsOnly);
    const Result<> written = backing_->store->write_page(index, frame, size);
    tree_.lock()->end_writing(index, written ? PageTree::Outcome::Stored : PageTree::Outcome::Failed);
    backing_->write_ended.wake_all();
    if (!written) backing_->errors.record(written.error());
    return written;
}

/// Writes back dirty pages of [first, end), and waits for those that other threads write. A page that cannot
/// be written stays dirty; the others are written all the same. Errors: the first that the store gave;
/// RestartSys.
Result<> PageCache::write_back(u64 first, u64 end) {
    Result<> result;
    while (true) {
        FrameRef frame;
        u64 index = 0;
        usize size = 0;
        {
            auto tree = tree_.lock();
            const auto next = tree->next_unstored(first);
            if (!next || *next >= end) return result;
            index = *next;
            const u64 start = index << PAGE_SHIFT;
            const u64 file_size = this->size();
            if (!tree->is_writing(index) && start < file_size) {
                size = static_cast<usize>(std::min<u64>(file_size - start, PAGE_SIZE));
                frame = tree->begin_writing(index);
            }
        }
        if (frame) {
            const Result<> written = write_page_back(index, frame, size);
            if (result) result = written;
        } else {
            TRY(wait_for_write(index, WaitMode::Killable));
            // It may have become dirty again before: what was changed by then is written too.
            if (tree_.lock()->next_unstored(index) == index && index << PAGE_SHIFT < this->size()) continue;
        }
        if (index == ~0ULL) return result;
        first = index + 1;
        TRY(scheduler::preempt_point(WaitMode::Killable));
    }
}

Result<> PageCache::flush_store() {
    const Result<> flushed = backing_->store->flush();
    if (!flushed) backing_->errors.record(flushed.error());
    return flushed;
}

WriteErrors::Seen PageCache::sample_errors() const { return backing_ ? backing_->errors.sample() : 0; }

Result<> PageCache::sync(std::atomic<WriteErrors::Seen>& seen) {
    if (!is_on_device()) return {};
    const Result<> written = write_back(0, ~0ULL);
    if (!written && written.error() == Error::RestartSys) return written;
    (void)flush_store();  // its error is recorded, as those of write_back are
    return backing_->errors.check(seen);
}

Result<> PageCache::sync_pages(u64 first, u64 count) {
    if (!is_on_device()) return {};
    TRY(write_back(first, checked_add(first, count).value_or(~0ULL)));
    return flush_store();
}

/// Sets the store's size. After a truncation the file already ends at or before `size`.
Result<> PageCache::resize_store(InodeContent&, u64 size) {
    const u64 first_cut = size >> PAGE_SHIFT;
    if (is_on_device()) wait_for_writes_from(first_cut);
    TRY(backing_->store->resize(size));
    outdate_reads_from(first_cut);
    return {};
}

// ---- Reclaim: see reclaim.cpp for the order in which pages are looked at.

/// Takes a clean page that only the tree refers to out of the tree. Another thread cannot get a reference any
/// more: a lookup takes one with the tree locked, and a mapping holds one.
FrameRef PageCache::take_idle(u64 index) {
    auto tree = tree_.lock();
    if (!tree->is_clean(index) || memory::record_of(tree->frame_at(index)).references() != 1) return {};
    count_removal();
    return tree->remove(index);
}

bool PageCache::try_unmap(u64 index) {
    const auto walking = backing_->walk_lock.try_lock();
    return walking && try_unmap_page(index);
}

PageCache::Swept PageCache::sweep(u64 from, Sweep depth) {
    constexpr usize LOOKS = 32;
    struct Candidate {
        u64 index;
        bool is_dirty;
    };
    Candidate candidates[LOOKS];
    usize count = 0;
    Swept swept;
    {
        auto tree = tree_.lock();
        for (usize looks = 0; looks < LOOKS; ++looks) {
            const auto index = tree->next_present(from);
            swept.is_end = !index || *index == ~0ULL;
            if (!index) break;
            from = *index + 1;
            const bool is_clean = tree->is_clean(*index);
            const bool is_dirty = !is_clean && is_on_device() && !tree->is_writing(*index) &&
                                  tree->next_unstored(*index) == *index;
            if ((is_clean || (is_dirty && depth == Sweep::Dirty)) && !tree->take_use(*index))
                candidates[count++] = {*index, is_dirty};
            if (swept.is_end) break;
        }
    }
    swept.next = from;
    for (const Candidate& candidate : std::span(candidates).first(count)) {
        if (candidate.is_dirty && !write_back(candidate.index, candidate.index + 1)) continue;
        FrameRef frame = take_idle(candidate.index);
        const bool may_unmap = depth != Sweep::Unmapped && is_mapped();
        if (!frame && may_unmap && try_unmap(candidate.index)) frame = take_idle(candidate.index);
        if (frame) ++swept.freed;
    }
    budget_->give_back(swept.freed);
    return swept;
}

}  // namespace exo::fs
