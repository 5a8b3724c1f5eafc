// PageTree: the frames of a file by page index, sparse: a radix tree with 64 places a node. A file of one page needs
// no node at all. Not locked: PageCache does that.
//
// Each page has a state beside its frame. Pages of a file without a backing store are only written or unwritten:
//
//     absent ---- insert ----> clean ---- mark_dirty ----> dirty ---- begin_writing ----> writing
//        ^                      |  ^                         ^                               |
//        +------- remove -------+  +------------------------ | ------- end_writing ----------+
//                                                            +--- end_writing (it failed) ---+
//
// A page that is being written may become dirty again. A page that is being read is absent: PageRead stands for it.
#pragma once

#include <optional>
#include <span>

#include "memory/physical/frame_ref.hpp"

namespace exo::fs {

class PageTree {
  public:
    constexpr PageTree() = default;
    PageTree(const PageTree&) = delete;
    PageTree& operator=(const PageTree&) = delete;
    ~PageTree();

    /// With a reference of the caller's own; empty if there is no such page.
    memory::FrameRef find(u64 index) const;
    /// The pages from `index` on up to the first gap, at most as many as there is room for; how many. They may end early
    /// where a node ends.
    usize find_run(u64 index, std::span<memory::FrameRef> out) const;
    /// What a page holds that enters the tree.
    enum class Content : u8 {
        Written,    ///< What the file holds. LINUX: uptodate.
        Unwritten,  ///< Zeros: the page only got its storage (fallocate(2)).
        Dirty,      ///< Something that the backing store does not hold.
    };
    /// The place must be empty. Errors: Enomem; the tree holds what it held then.
    Result<> insert(u64 index, memory::FrameRef frame, Content content = Content::Written);
    /// Nothing, if there is no such page.
    void mark_written(u64 index);
    bool is_written(u64 index) const;
    /// Takes a page out; empty if there was none.
    memory::FrameRef remove(u64 index);
    /// The lowest index not below `from` that has a page.
    std::optional<u64> next_present(u64 from) const;
    /// That has one with content.
    std::optional<u64> next_written(u64 from) const;
    usize count() const { return count_; }

    // ---- For files with a backing store.

    /// The store does not hold what the page holds. Nothing, if there is no such page.
    void mark_dirty(u64 index);
    /// The page is what the store or a hole holds, and nobody writes it: it can be made again.
    bool is_clean(u64 index) const;
    bool is_writing(u64 index) const;
    /// Somebody uses the page. Nothing, if there is no such page.
    void mark_used(u64 index);
    /// Whether somebody has used the page since the last call. It is there.
    bool take_use(u64 index);
    /// The frame's number without a reference; the page is there.
    u32 frame_at(u64 index) const { return frame_number(*place_at(index)); }
    /// The lowest index not below `from` of a page that is dirty or being written.
    std::optional<u64> next_unstored(u64 from) const;
    /// A dirty page that nobody writes is being written from now on, and not dirty until it is changed again.
    memory::FrameRef begin_writing(u64 index);
    enum class Outcome : u8 { Stored, Failed };
    /// After a failure the page is dirty again.
    void end_writing(u64 index, Outcome outcome);

  private:
    static constexpr u32 BITS = 6;
    static constexpr u32 FANOUT = 1 << BITS;
    /// Every level is of this type: at the bottom a place holds a frame number, above a node's address. 0: empty.
    struct Node {
        u64 places[FANOUT]{};
        /// A bit for each place that is not empty: the next one is found without looking at all.
        u64 used = 0;
        /// A bit for each place with a page in or below it that is dirty or being written.
        u64 unstored = 0;
        void set(u32 slot, u64 place) {
            places[slot] = place;
            used |= 1ULL << slot;
        }
        void clear(u32 slot) {
            places[slot] = 0;
            used &= ~(1ULL << slot);
        }
    };
    static_assert(FANOUT == 64, "a word has a bit for each place");
    static constexpr u32 MAX_HEIGHT = 11;  ///< Covers every 64-bit index.
    // Beside a frame number, which has 32 bits.
    static constexpr u64 UNWRITTEN = 1ULL << 32;
    static constexpr u64 DIRTY = 1ULL << 33;
    static constexpr u64 WRITING = 1ULL << 34;
    static constexpr u64 USED = 1ULL << 35;  ///< Since reclaim has last looked at it.
    static constexpr u64 UNSTORED = DIRTY | WRITING;

    static u32 frame_number(u64 place) { return static_cast<u32>(place); }

    static Node* node_at(u64 place);
    static u64 place_of(Node* node);
    static u32 slot_of(u64 index, u32 level) {
        return static_cast<u32>(index >> (BITS * level)) & (FANOUT - 1);
    }
    bool covers(u64 index) const { return BITS * height_ >= 64 || index >> (BITS * height_) == 0; }
    Result<> grow_to_cover(u64 index);
    [[gnu::cold, gnu::noinline]] Result<> insert_dirty(u64 index, memory::FrameRef frame);
    static void destroy(u64 place, u32 height);
    /// Where the frame number of a page is; null if a level is missing.
    const u64* place_at(u64 index) const;
    /// The place of a page, and the nodes above it by level from 1.
    struct Way {
        u64* place = nullptr;  ///< Null if a level is missing.
        Node* nodes[MAX_HEIGHT + 1];
    };
    void find_way(u64 index, Way& way);
    /// Levels without other unstored pages lose their bit.
    void clear_unstored(u64 index, const Way& way);
    template <u64 UNWANTED> static std::optional<u64> next_in(u64 place, u32 height, u64 from);
    static std::optional<u64> next_unstored_in(u64 place, u32 height, u64 from);

    u64 root_ = 0;  ///< A frame number (height 0, index 0 alone) or a node's address.
    u32 height_ = 0;
    usize count_ = 0;
};

}  // namespace exo::fs
