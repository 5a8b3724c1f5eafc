#include "fs/cache/page_cache.hpp"

#include <cstring>

#include "fs/cache/backing_store.hpp"
#include "scheduler/preemption.hpp"

namespace exo::fs {

using memory::FrameRef;

namespace {

u64 page_of(u64 offset) { return offset >> PAGE_SHIFT; }

usize within_page(u64 offset) { return static_cast<usize>(offset & (PAGE_SIZE - 1)); }

/// How many bytes lie between `offset` and the end of its page, at most `limit`.
usize piece_at(u64 offset, u64 limit) {
    const usize to_page_end = PAGE_SIZE - within_page(offset);
    return limit < to_page_end ? static_cast<usize>(limit) : to_page_end;
}

}  // namespace

Result<> PageBudget::take(u64 pages) {
    const u64 before = used_.fetch_add(pages, std::memory_order_relaxed);
    const u64 limit = this->limit();
    if (limit == 0 || (before <= limit && pages <= limit - before)) return {};
    used_.fetch_sub(pages, std::memory_order_relaxed);
    return Error::Enospc;
}

PageCache::~PageCache() {
    backing_ = nullptr;
    budget_->give_back(tree_.unsafe_value().count());
}

u64 PageCache::page_count() {
    const u64 present = tree_.lock()->count();
    if (!backing_) return present;
    const u64 stored = divide_round_up(content_end(), PAGE_SIZE);
    return present > stored ? present : stored;
}

FrameRef PageCache::find(u64 index) { return tree_.lock()->find(index); }

/// Puts a frame into the tree. If another thread has put one there first, returns that one. The caller has
/// charged the frame to the budget.
/// Errors: Einval (behind the end, because the file was truncated meanwhile), Eagain (the content is
/// outdated), Enomem.
Result<FrameRef> PageCache::publish(u64 index, FrameRef frame, Publication publication) {
    Result<FrameRef> result = [&]() -> Result<FrameRef> {
        auto tree = tree_.lock();
        if (!publication.is_by_writer) {
            if (!contains(index)) return Error::Einval;
            if (backing_ && publication.removals_seen != removals()) return Error::Eagain;
        }
        if (FrameRef other = tree->find(index)) return other;
        TRY(tree->insert(index, frame, publication.content));
        if (backing_ && publication.is_by_writer) outdate_read(index);
        return frame;
    }();
    if (!result || result->number() != frame.number()) budget_->give_back(1);
    return result;
}

/// For a writer: makes a written page, even behind the end of the file.
Result<FrameRef> PageCache::make_and_publish(u64 index, PageTree::Content content) {
    FrameRef frame = TRY(make_page(index));
    return publish(index, std::move(frame), {.is_by_writer = true, .content = content});
}

void PageCache::mark_written(u64 index) {
    auto tree = tree_.lock();
    if (backing_)
        tree->mark_dirty(index);
    else
        tree->mark_written(index);
}

/// Marks a page whose tail was zeroed by a truncation. An unwritten page stays unwritten.
void PageCache::mark_cut(u64 index) {
    auto tree = tree_.lock();
    if (tree->is_written(index)) tree->mark_dirty(index);
}

/// Updates a page's state when it is mapped. LINUX: a read through a mapping makes a hole count as data.
void PageCache::mark_mapped(u64 index, vm::PageAccess access) {
    if (backing_) tree_.lock()->mark_used(index);
    if (access == vm::PageAccess::Write)
        mark_written(index);
    else if (has_unwritten_.load(std::memory_order_relaxed))
        tree_.lock()->mark_written(index);
}

FrameRef PageCache::find_written(u64 index) {
    auto tree = tree_.lock();
    return tree->is_written(index) ? tree->find(index) : FrameRef();
}

/// Makes a frame with what the store has in memory, or with zeros. Never waits for a device.
Result<FrameRef> PageCache::make_page(u64 index) {
    TRY(budget_->take());
    MemoryStore* store = memory_store();
    const bool has_content = store != nullptr && !store->bytes(index).empty();
    auto frame = has_content ? FrameRef::allocate() : FrameRef::allocate_zeroed();
    Result<> filled = frame ? Result<>() : fail(frame.error());
    if (frame && has_content) filled = store->read_page(index, *frame);
    if (!filled) {
        budget_->give_back(1);
        return fail(filled.error());
    }
    return frame;
}

Result<FrameRef> PageCache::get_page(u64 index, vm::PageAccess access) {
    if (!contains(index)) return Error::Einval;
    if (access == vm::PageAccess::Write) was_mapped_writable_.store(true, std::memory_order_relaxed);
    FrameRef frame = find(index);
    while (!frame) {
        if (must_be_read(index)) return Error::Eagain;
        const u64 removals_seen = removals();
        auto published = publish(index, TRY(make_page(index)), {.removals_seen = removals_seen});
        if (!published && published.error() == Error::Eagain) continue;
        frame = TRY(std::move(published));
    }
    if (needs_marks_.load(std::memory_order_relaxed)) [[unlikely]]
        mark_mapped(index, access);
    return frame;
}

FrameRef PageCache::peek_page(u64 index) {
    if (!contains(index)) return {};
    if (has_unwritten_.load(std::memory_order_relaxed)) [[unlikely]]
        return find_written(index);
    return find(index);
}

/// A run of present pages that begins at `first`. It looks several pages up in the tree at a time.
class PageCache::Stretch {
  public:
    explicit Stretch(PageCache& cache) : cache_(cache) {}

    /// Page `index`; null if it is not there. `last` is the last one that will be asked for.
    const FrameRef& page(u64 index, u64 last) {
        if (index < first_ || index - first_ >= count_) fetch(index, last);
        return frames_[count_ != 0 ? index - first_ : 0];
    }

  private:
    static constexpr usize SIZE = 16;

    void fetch(u64 index, u64 last) {
        for (usize i = 0; i < count_; ++i) frames_[i] = {};
        first_ = index;
        const u64 wanted = last - index + 1;
        count_ =
            cache_.tree_.lock()->find_run(index, std::span(frames_).first(wanted < SIZE ? wanted : SIZE));
        if (count_ == 0) frames_[0] = {};
        if (cache_.backing_) cache_.mark_run_used(first_, count_);
    }

    PageCache& cache_;
    u64 first_ = 0;
    usize count_ = 0;
    FrameRef frames_[SIZE];
};

/// Copies bytes of one page, from `frame` if the page is present.
Result<usize> PageCache::read_piece(vm::OutBuffer& to, const FrameRef& frame, u64 offset, usize count) const {
    const usize at = within_page(offset);
    if (frame) return to.write({frame.data() + at, count});
    if (backing_) [[unlikely]]
        return read_store(to, offset, count);
    return to.write_zeros(count);
}

/// Copies bytes of an absent page: a hole, or content that the store has in memory.
Result<usize> PageCache::read_store(vm::OutBuffer& to, u64 offset, usize count) const {
    const usize at = within_page(offset);
    const MemoryStore* store = memory_store();
    if (store == nullptr) return to.write_zeros(count);
    const std::span<const u8> content = store->bytes(page_of(offset));
    const usize stored = at < content.size() ? content.size() - at : 0;
    if (stored == 0) return to.write_zeros(count);
    return to.write(content.subspan(at, stored < count ? stored : count));
}

Result<usize> PageCache::read(vm::OutBuffer& to, u64 offset) {
    const u64 size = this->size();
    if (offset >= size || to.remaining() == 0) return 0UZ;
    const u64 wanted = size - offset < to.remaining() ? size - offset : to.remaining();
    if (wanted <= PAGE_SIZE - within_page(offset)) {
        if (backing_) [[unlikely]]
            return read_used(to, offset, static_cast<usize>(wanted));
        return read_piece(to, find(page_of(offset)), offset, static_cast<usize>(wanted));
    }
    return read_pages(to, offset, wanted);
}

/// Copies bytes of one page of a file with a store. May wait for the store. Copies nothing if the file was
/// truncated meanwhile.
Result<usize> PageCache::read_used(vm::OutBuffer& to, u64 offset, usize count) {
    const u64 index = page_of(offset);
    FrameRef frame;
    {
        auto tree = tree_.lock();
        tree->mark_used(index);
        frame = tree->find(index);
    }
    if (!frame && must_be_read(index)) {
        auto page = wait_for_page(index);
        if (!page && page.error() == Error::Einval) return 0UZ;
        frame = TRY(std::move(page));
    }
    return read_piece(to, frame, offset, count);
}

void PageCache::mark_run_used(u64 first, usize count) {
    auto tree = tree_.lock();
    for (usize i = 0; i < count; ++i) tree->mark_used(first + i);
}

Result<usize> PageCache::read_pages(vm::OutBuffer& to, u64 offset, u64 wanted) {
    const u64 start = offset;
    const u64 end = offset + wanted;
    Stretch stretch(*this);
    while (offset < end) {
        const usize count = piece_at(offset, end - offset);
        const FrameRef& frame = stretch.page(page_of(offset), page_of(end - 1));
        const Result<usize> moved =
            frame || !backing_ ? read_piece(to, frame, offset, count) : read_used(to, offset, count);
        if (!moved) {
            if (offset != start) break;
            return moved;
        }
        offset += *moved;
        if (*moved == 0 || !scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return static_cast<usize>(offset - start);
}

/// Fills a new frame that no other thread sees. Clears only the bytes that the program's data does not
/// overwrite.
Result<usize> PageCache::write_new(vm::InBuffer& from, u64 index, usize at, usize count) {
    const bool is_whole = count == PAGE_SIZE;
    FrameRef frame;
    if (is_whole) {
        TRY(budget_->take());
        auto fresh = FrameRef::allocate();
        if (!fresh) {
            budget_->give_back(1);
            return fail(fresh.error());
        }
        frame = std::move(*fresh);
    } else {
        frame = TRY(make_page(index));
    }
    const auto moved = from.read({frame.data() + at, count});
    if (!moved || *moved == 0) {
        budget_->give_back(1);
        return moved;
    }
    if (is_whole && *moved < count) std::memset(frame.data() + *moved, 0, count - *moved);
    const FrameRef there = TRY(publish(index, frame, {.is_by_writer = true, .content = written_content()}));
    // A fault was faster with a page of zeros: the bytes go there. It is held while it is marked, so that reclaim does not
    // take it as a clean page.
    if (there.number() != frame.number()) {
        std::memcpy(there.data() + at, frame.data() + at, *moved);
        note_written(index);
    }
    return moved;
}

Result<usize> PageCache::write(InodeContent& content, vm::InBuffer& from, u64 offset, usize limit) {
    const u64 old_size = size();
    const u64 start = offset;
    const u64 end = offset + (from.remaining() < limit ? from.remaining() : limit);
    if (end > start && end > old_size && was_mapped_writable_.load(std::memory_order_relaxed))
        zero_within_page(old_size, align_up(old_size, PAGE_SIZE));
    while (offset < end) {
        const usize count = piece_at(offset, end - offset);
        const Result<usize> moved = write_piece(content, from, offset, count);
        if (!moved) {
            if (offset != start) break;
            return moved;
        }
        offset += *moved;
        if (offset > size()) set_size(offset);
        if (*moved < count || !scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return static_cast<usize>(offset - start);
}

/// Writes bytes within one page. The page is held while it is marked, so that reclaim does not take it as a clean one.
[[gnu::always_inline]] inline Result<usize> PageCache::write_piece(InodeContent& content, vm::InBuffer& from,
                                                                   u64 offset, usize count) {
    const u64 index = page_of(offset);
    if (const FrameRef frame = find(index)) [[likely]] {
        const Result<usize> moved = from.read({frame.data() + within_page(offset), count});
        if (moved) note_written(index);
        return moved;
    }
    const Result<usize> moved = backing_ ? write_absent(content, from, offset, count)
                                         : write_new(from, index, within_page(offset), count);
    if (moved) note_written(index);
    return moved;
}

void PageCache::set_size(u64 size) {
    auto tree = tree_.lock();
    // release: a thread that sees the size also sees the pages below it
    size_.store(size, std::memory_order_release);
}

void PageCache::zero_within_page(u64 from, u64 to) {
    if (from >= to) return;
    const FrameRef frame = find(page_of(from));
    if (!frame) return;
    std::memset(frame.data() + within_page(from), 0, static_cast<usize>(to - from));
    if (backing_) mark_cut(page_of(from));
}

/// Removes pages [first, last].
void PageCache::remove_pages(u64 first, u64 last) {
    constexpr usize BATCH = 16;
    while (true) {
        FrameRef batch[BATCH];
        usize count = 0;
        {
            auto tree = tree_.lock();
            while (count < BATCH) {
                const auto index = tree->next_present(first);
                if (!index || *index > last) break;
                const usize removed = tree->remove_run(*index, last, std::span(batch).subspan(count));
                count += removed;
                first = *index + removed;
            }
            if (backing_) count_removal();
        }
        budget_->give_back(count);
        if (count < BATCH) return;
        scheduler::preempt_point();
    }
}

/// Costs nothing if the file is not mapped. For a file with a store, callers need not hold the content_lock.
void PageCache::unmap(u64 first, u64 count, vm::UnmapScope scope) {
    if (!is_mapped()) return;
    if (backing_) {
        const auto walking = walk_lock().lock();
        unmap_pages(first, count, scope);
    } else {
        unmap_pages(first, count, scope);
    }
}

Result<> PageCache::resize(InodeContent& content, u64 size) {
    const u64 old_size = this->size();
    if (size > old_size) {
        if (was_mapped_writable_.load(std::memory_order_relaxed))
            zero_within_page(old_size, align_up(old_size, PAGE_SIZE));
        if (backing_) TRY(resize_store(content, size));
        set_size(size);
        return {};
    }
    // First no thread can get the pages, then no mapping has them, and then they are freed.
    set_size(size);
    const u64 first_gone = page_of(align_up(size, PAGE_SIZE));
    if (backing_) {
        if (const Result<> resized = resize_store(content, size); !resized) {
            set_size(old_size);
            return resized;
        }
    }
    unmap(first_gone, ~0ULL - first_gone, vm::UnmapScope::CopiesToo);
    remove_pages(first_gone, ~0ULL);
    zero_within_page(size, align_up(size, PAGE_SIZE));
    return {};
}

Result<> PageCache::allocate(InodeContent&, u64 offset, u64 length) {
    if (is_on_device()) return Error::Eopnotsupp;
    const u64 first = page_of(offset);
    const u64 last = page_of(offset + length - 1);
    // Those made here, so that a failure takes them back: pages that were there before stay.
    Vector<u64> made;
    for (u64 index = first; index <= last; ++index) {
        if (find(index)) {
            note_written(index);
            continue;
        }
        const bool is_hole = index << PAGE_SHIFT >= content_end();
        const auto content = is_hole ? PageTree::Content::Unwritten : written_content();
        if (is_hole) {
            has_unwritten_.store(true, std::memory_order_relaxed);
            needs_marks_.store(true, std::memory_order_relaxed);
        }
        const Result<> result = [&]() -> Result<> {
            // LINUX: any signal ends it, and what was made goes again (shmem_fallocate).
            if (!scheduler::preempt_point(scheduler::WaitMode::Interruptible)) return Error::Eintr;
            TRY(made.push(index));
            TRY(make_and_publish(index, content));
            return {};
        }();
        if (result) continue;
        for (const u64 undone : made) {
            remove_pages(undone, undone);
            scheduler::preempt_point();
        }
        return result;
    }
    return {};
}

Result<> PageCache::punch(InodeContent& content, u64 offset, u64 length) {
    if (is_on_device()) return Error::Eopnotsupp;
    const u64 end = offset + length;
    // The store fills holes, so all that is left in it gets pages first, which nothing else holds then.
    const u64 stored = content_end();
    if (offset < stored) {
        for (u64 index = 0; index << PAGE_SHIFT < stored; ++index) {
            // Held while it is marked, so that reclaim does not take it as a clean page.
            FrameRef page = find(index);
            if (!page) page = TRY(make_and_publish(index, PageTree::Content::Dirty));
            note_written(index);
            scheduler::preempt_point();
        }
        TRY(resize_store(content, 0));
    }
    const u64 first_whole = align_up(offset, PAGE_SIZE);
    const u64 end_whole = align_down(end, PAGE_SIZE);
    if (first_whole > end_whole) {
        zero_within_page(offset, end);
        return {};
    }
    zero_within_page(offset, first_whole);
    if (first_whole < end_whole) {
        const u64 first = page_of(first_whole);
        const u64 count = page_of(end_whole) - first;
        // Before, so that a write to a frame that is still mapped is not lost with the frame; after, for those that
        // were mapped in between.
        unmap(first, count, vm::UnmapScope::SourceFramesOnly);
        remove_pages(first, first + count - 1);
        unmap(first, count, vm::UnmapScope::SourceFramesOnly);
    }
    if (end_whole >= first_whole) zero_within_page(end_whole, end);
    return {};
}

Result<u64> PageCache::find_data(InodeContent&, u64 offset) {
    if (offset < content_end()) return offset;
    const auto index = tree_.lock()->next_written(page_of(offset));
    if (!index) return Error::Enxio;
    const u64 start = *index << PAGE_SHIFT;
    if (start >= size()) return Error::Enxio;
    return start > offset ? start : offset;
}

u64 PageCache::find_hole(InodeContent&, u64 offset) {
    const u64 size = this->size();
    const u64 stored = content_end();
    u64 at = offset;
    while (at < size && (at < stored || tree_.lock()->is_written(page_of(at)))) {
        at = align_down(at, PAGE_SIZE) + PAGE_SIZE;
        scheduler::preempt_point();
    }
    return at < size ? at : size;
}

}  // namespace exo::fs
