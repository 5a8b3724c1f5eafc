#include "fs/cache/page_cache.hpp"

#include <cstring>

#include "scheduler/preemption.hpp"

namespace exo::fs {

using memory::FrameRef;

namespace {

u64 page_of(u64 offset) { return offset >> PAGE_SHIFT; }

usize within_page(u64 offset) { return static_cast<usize>(offset & (PAGE_SIZE - 1)); }

/// Bytes from `offset` to the end of its page, at most `limit`.
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

PageCache::~PageCache() { budget_->give_back(tree_.unsafe_value().count()); }

u64 PageCache::page_count() {
    const u64 backed = divide_round_up(backing_size_.load(std::memory_order_relaxed), PAGE_SIZE);
    const u64 present = tree_.lock()->count();
    return present > backed ? present : backed;
}

FrameRef PageCache::find(u64 index) { return tree_.lock()->find(index); }

/// What shines through at page `index`: fewer than 4096 bytes at the end of the backing, none behind it.
std::span<const u8> PageCache::backing_of(u64 index) const {
    const u64 start = index << PAGE_SHIFT;
    const u64 size = backing_size_.load(std::memory_order_acquire);
    if (start >= size) return {};
    return {backing_ + start, piece_at(start, size - start)};
}

/// Puts a frame into the tree unless somebody was faster; returns the one that is there. The frame has been paid for.
/// Errors: Einval (behind the end: the file was cut meanwhile), Eagain (the content is outdated), Enomem.
Result<FrameRef> PageCache::publish(u64 index, FrameRef frame, Publication publication) {
    Result<FrameRef> result = [&]() -> Result<FrameRef> {
        auto tree = tree_.lock();
        const u64 size = this->size();
        if (!publication.is_by_writer) {
            if (size == 0 || index > page_of(size - 1)) return Error::Einval;
            if (publication.backing_seen != backing_size_.load(std::memory_order_relaxed))
                return Error::Eagain;
        }
        if (FrameRef other = tree->find(index)) return other;
        TRY(tree->insert(index, frame, publication.content));
        return frame;
    }();
    if (!result || result->number() != frame.number()) budget_->give_back(1);
    return result;
}

/// By a writer: the page becomes real, whatever the size.
Result<FrameRef> PageCache::make_and_publish(u64 index, PageTree::Content content) {
    FrameRef frame = TRY(make_page(index));
    return publish(index, std::move(frame), {.is_by_writer = true, .content = content});
}

void PageCache::mark_written(u64 index) { tree_.lock()->mark_written(index); }

FrameRef PageCache::find_written(u64 index) {
    auto tree = tree_.lock();
    return tree->is_written(index) ? tree->find(index) : FrameRef();
}

/// A page with what shines through, or zeros.
Result<FrameRef> PageCache::make_page(u64 index) {
    TRY(budget_->take());
    const std::span<const u8> content = backing_of(index);
    auto frame = content.empty() ? FrameRef::allocate_zeroed() : FrameRef::allocate();
    if (!frame) {
        budget_->give_back(1);
        return frame;
    }
    if (!content.empty()) {
        std::memcpy(frame->data(), content.data(), content.size());
        std::memset(frame->data() + content.size(), 0, PAGE_SIZE - content.size());
    }
    return frame;
}

Result<FrameRef> PageCache::get_page(u64 index, vm::PageAccess access) {
    const u64 size = this->size();
    if (size == 0 || index > page_of(size - 1)) return Error::Einval;
    if (access == vm::PageAccess::Write) was_mapped_writable_.store(true, std::memory_order_relaxed);
    if (FrameRef frame = find(index)) {
        note_written(index);
        return frame;
    }
    while (true) {
        const u64 backing_seen = backing_size_.load(std::memory_order_acquire);
        FrameRef frame = TRY(make_page(index));
        auto published = publish(index, std::move(frame), {.backing_seen = backing_seen});
        if (published || published.error() != Error::Eagain) return published;
    }
}

FrameRef PageCache::peek_page(u64 index) {
    const u64 size = this->size();
    if (size == 0 || index > page_of(size - 1)) return {};
    if (has_unwritten_.load(std::memory_order_relaxed)) [[unlikely]]
        return find_written(index);
    return find(index);
}

/// The pages from `first` on that are there, up to a gap: the tree is asked once for a stretch of them.
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
    }

    PageCache& cache_;
    u64 first_ = 0;
    usize count_ = 0;
    FrameRef frames_[SIZE];
};

/// Bytes of one page, from its frame if it has one.
Result<usize> PageCache::read_piece(vm::OutBuffer& to, const FrameRef& frame, u64 offset, usize count) const {
    const usize at = within_page(offset);
    if (frame) return to.write({frame.data() + at, count});
    const std::span<const u8> content = backing_of(page_of(offset));
    const usize backed = at < content.size() ? content.size() - at : 0;
    if (backed == 0) return to.write_zeros(count);
    return to.write(content.subspan(at, backed < count ? backed : count));
}

Result<usize> PageCache::read(vm::OutBuffer& to, u64 offset) {
    const u64 size = this->size();
    if (offset >= size || to.remaining() == 0) return 0UZ;
    const u64 wanted = size - offset < to.remaining() ? size - offset : to.remaining();
    if (wanted <= PAGE_SIZE - within_page(offset))
        return read_piece(to, find(page_of(offset)), offset, static_cast<usize>(wanted));
    return read_pages(to, offset, wanted);
}

Result<usize> PageCache::read_pages(vm::OutBuffer& to, u64 offset, u64 wanted) {
    const u64 end = offset + wanted;
    Stretch stretch(*this);
    usize done = 0;
    while (offset < end) {
        const usize count = piece_at(offset, end - offset);
        const Result<usize> moved =
            read_piece(to, stretch.page(page_of(offset), page_of(end - 1)), offset, count);
        if (!moved) {
            if (done != 0) break;
            return moved;
        }
        done += *moved;
        offset += *moved;
        if (*moved == 0 || !scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return done;
}

/// Fills a frame that nobody sees yet, and only what the program's bytes leave free is cleared.
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
    const FrameRef there = TRY(publish(index, frame, {.is_by_writer = true}));
    // A fault was faster with a page of zeros: the bytes go there.
    if (there.number() != frame.number()) std::memcpy(there.data() + at, frame.data() + at, *moved);
    return moved;
}

Result<usize> PageCache::write(vm::InBuffer& from, u64 offset, usize limit) {
    const u64 old_size = size();
    usize left = from.remaining() < limit ? from.remaining() : limit;
    if (left != 0 && offset + left > old_size && was_mapped_writable_.load(std::memory_order_relaxed))
        zero_within_page(old_size, align_up(old_size, PAGE_SIZE));
    usize done = 0;
    Result<> stopped;
    while (left != 0) {
        const usize count = piece_at(offset, left);
        FrameRef frame = find(page_of(offset));
        const auto moved = frame ? from.read({frame.data() + within_page(offset), count})
                                 : write_new(from, page_of(offset), within_page(offset), count);
        if (!moved) {
            stopped = fail(moved.error());
            break;
        }
        note_written(page_of(offset));
        done += *moved;
        left -= *moved;
        offset += *moved;
        if (offset > size()) set_size(offset);
        if (*moved < count || !scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    if (done == 0 && !stopped) return fail(stopped.error());
    return done;
}

void PageCache::set_size(u64 size) {
    auto tree = tree_.lock();
    // release: whoever sees the size sees the pages below it
    size_.store(size, std::memory_order_release);
}

void PageCache::zero_within_page(u64 from, u64 to) {
    if (from >= to) return;
    FrameRef frame = find(page_of(from));
    if (!frame && from < backing_size_.load(std::memory_order_relaxed)) {
        // What shines through must not any more: the page becomes real.
        if (auto made = make_and_publish(page_of(from))) frame = std::move(*made);
    }
    if (frame) std::memset(frame.data() + within_page(from), 0, static_cast<usize>(to - from));
}

/// Pages [first, last].
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
                batch[count++] = tree->remove(*index);
                first = *index + 1;
            }
        }
        budget_->give_back(count);
        if (count < BATCH) return;
        scheduler::preempt_point();
    }
}

/// Content behind `size` never comes back, even if the file grows again.
void PageCache::cut_backing(u64 size) {
    auto tree = tree_.lock();
    if (size < backing_size_.load(std::memory_order_relaxed))
        backing_size_.store(size, std::memory_order_release);
}

Result<> PageCache::resize(u64 size) {
    const u64 old_size = this->size();
    if (size > old_size) {
        if (was_mapped_writable_.load(std::memory_order_relaxed))
            zero_within_page(old_size, align_up(old_size, PAGE_SIZE));
        set_size(size);
        return {};
    }
    // First nobody gets the pages any more, then nobody has them, then they go.
    set_size(size);
    const u64 first_gone = page_of(align_up(size, PAGE_SIZE));
    if (is_mapped()) unmap_pages(first_gone, ~0ULL - first_gone, vm::UnmapScope::CopiesToo);
    cut_backing(size);
    remove_pages(first_gone, ~0ULL);
    zero_within_page(size, align_up(size, PAGE_SIZE));
    return {};
}

Result<> PageCache::allocate(u64 offset, u64 length) {
    const u64 first = page_of(offset);
    const u64 last = page_of(offset + length - 1);
    // Those made here, so that a failure takes them back: pages that were there before stay.
    Vector<u64> made;
    for (u64 index = first; index <= last; ++index) {
        if (find(index)) {
            note_written(index);
            continue;
        }
        const auto content =
            backing_of(index).empty() ? PageTree::Content::Unwritten : PageTree::Content::Written;
        if (content == PageTree::Content::Unwritten) has_unwritten_.store(true, std::memory_order_relaxed);
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

Result<> PageCache::punch(u64 offset, u64 length) {
    const u64 end = offset + length;
    // A backing shines through holes: what is left of it becomes real first.
    const u64 backed = backing_size_.load(std::memory_order_relaxed);
    if (offset < backed) {
        for (u64 index = 0; index << PAGE_SHIFT < backed; ++index) {
            if (!find(index)) TRY(make_and_publish(index));
            scheduler::preempt_point();
        }
        cut_backing(0);
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
        if (is_mapped()) unmap_pages(first, count, vm::UnmapScope::SourceFramesOnly);
        remove_pages(first, first + count - 1);
        if (is_mapped()) unmap_pages(first, count, vm::UnmapScope::SourceFramesOnly);
    }
    if (end_whole >= first_whole) zero_within_page(end_whole, end);
    return {};
}

Result<u64> PageCache::find_data(u64 offset) {
    if (offset < backing_size_.load(std::memory_order_relaxed)) return offset;
    const auto index = tree_.lock()->next_written(page_of(offset));
    if (!index) return Error::Enxio;
    const u64 start = *index << PAGE_SHIFT;
    if (start >= size()) return Error::Enxio;
    return start > offset ? start : offset;
}

u64 PageCache::find_hole(u64 offset) {
    const u64 size = this->size();
    const u64 backed = backing_size_.load(std::memory_order_relaxed);
    u64 at = offset;
    while (at < size && (at < backed || tree_.lock()->is_written(page_of(at)))) {
        at = align_down(at, PAGE_SIZE) + PAGE_SIZE;
        scheduler::preempt_point();
    }
    return at < size ? at : size;
}

void PageCache::back_with(std::span<const u8> content, Ref<Object> keep_alive) {
    backing_ = content.data();
    backing_size_.store(content.size(), std::memory_order_relaxed);
    backing_owner_ = std::move(keep_alive);
    size_.store(content.size(), std::memory_order_release);
}

}  // namespace exo::fs
