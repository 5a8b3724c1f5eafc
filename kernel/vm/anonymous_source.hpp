// AnonymousSource: shared anonymous memory (mmap with MAP_SHARED
// MAP_ANONYMOUS). It lives as long as it is mapped.
//
// A tree of frames with 512 entries each finds the pages. Its height fits the page count. A frame of the tree
// is allocated when the first page below it is touched, so untouched memory costs nothing, however large it
// is.
#pragma once

#include "scheduler/mutex.hpp"
#include "vm/page_source.hpp"

namespace exo::vm {

class AnonymousSource final : public PageSource {
  public:
    /// Makes a source of `page_count` pages without content. `is_charged`: the commit account has been
    /// charged (commit.hpp). Errors: Enomem.
    static Result<Ref<AnonymousSource>> create(u64 page_count, bool is_charged);
    ~AnonymousSource() override;

    /// Errors: Enomem; Einval (behind the end).
    Result<memory::FrameRef> get_page(u64 index, PageAccess access) override;
    memory::FrameRef peek_page(u64 index) override;
    Result<> remove_content(u64 first, u64 count) override;
    u64 number_without_file() const override { return number_; }

  private:
    static constexpr u32 BITS = 9;
    static constexpr u64 FANOUT = 1ULL << BITS;

    /// Frame numbers; 0: none yet. At height 0 the root is the only page itself.
    struct Tree {
        u32 root = 0;
    };

    static inline constinit std::atomic<u64> next_number{1};

    AnonymousSource(u64 page_count, bool is_charged);
    static u64* entries_of(u64 frame);
    u64 slot_of(u64 index, u32 level) const { return index >> (BITS * level) & (FANOUT - 1); }
    /// Removes the first page with an index from `from` to below `end`. Returns its frame and sets `from` to
    /// its index. 0: there is none.
    u32 take_next(u64& from, u64 end);

    u64 page_count_;
    u64 number_;
    u32 height_ = 0;
    bool is_charged_;
    struct Removal {};
    scheduler::Mutex<Removal, sync::LockRank::Inode>
        removal_;  ///< Held by remove_content, so that only one walk runs at a time.
    sync::SpinLocked<Tree, sync::LockRank::SpinLeaf> tree_;
};

}  // namespace exo::vm
