// PageTree: the frames of a file by page index: a sparse radix tree with 64 entries per node. A file of one
// page needs no node. PageTree has no lock of its own; PageCache locks it.
//
// Each page has a state beside its frame. Pages of a file without a backing store are only written or unwritten:
//
//     absent ---- insert ----> clean ---- mark_dirty ----> dirty ---- begin_writing ----> writing
//        ^                      |  ^                         ^                               |
//        +------- remove -------+  +------------------------ | ------- end_writing ----------+
//                                                            +--- end_writing (it failed) ---+
//
// A page that is being written may become dirty again. A page that is being read is not in the tree; a
// PageRead represents it.
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

    /// Returns a new reference to the page's frame; empty if the page is absent.
    memory::FrameRef find(u64 index) const;
    /// Writes references to consecutive pages into `out`, starting at `index` and ending at the first absent
    /// page or when `out` is full. May end early at the end of a node. Returns their number.
    usize find_run(u64 index, std::span<memory::FrameRef> out) const;
    /// The state of a page that `insert` adds.
    enum class Content : u8 {
        Written,    ///< Holds the file's content. LINUX: uptodate.
        Unwritten,  ///< Holds zeros: fallocate(2) has only allocated it.
        Dirty,      ///< Holds content that the backing store lacks.
    };
    /// Adds a page that is absent. Errors: Enomem; the tree is unchanged then.
    Result<> insert(u64 index, memory::FrameRef frame, Content content = Content::Written);
    /// Changes an unwritten page to written. Does nothing if the page is absent.
    void mark_written(u64 index);
    bool is_written(u64 index) const;
    /// Removes a page and returns its frame; empty if the page was absent.
    memory::FrameRef remove(u64 index);
    /// Removes the pages of [first, last] that share the lowest node of the tree with `first`, as many as `out` takes, and puts
    /// their frames there. Returns their number.
    usize remove_run(u64 first, u64 last, std::span<memory::FrameRef> out);
    /// The lowest index of a present page that is at least `from`.
    std::optional<u64> next_present(u64 from) const;
    /// The lowest index of a written page that is at least `from`.
    std::optional<u64> next_written(u64 from) const;
    usize count() const { return count_; }

    // ---- For files with a backing store.

    /// Records that the page differs from the store. Does nothing if the page is absent.
    void mark_dirty(u64 index);
    /// Whether the page can be dropped and read again: it equals the store or a hole, and is not being
    /// written back.
    bool is_clean(u64 index) const;
    bool is_writing(u64 index) const;
    /// Records that a thread uses the page, for reclaim. Does nothing if the page is absent.
    void mark_used(u64 index);
    /// Whether the page was used since the last call. The page must be present.
    bool take_use(u64 index);
    /// The frame's number, without a new reference. The page must be present.
    u32 frame_at(u64 index) const { return frame_number(*place_at(index)); }
    /// The lowest index, at least `from`, of a page that is dirty or being written back.
    std::optional<u64> next_unstored(u64 from) const;
    /// Starts the write-back of a dirty page: its state becomes writing, and dirty again only if it is
    /// changed again.
    memory::FrameRef begin_writing(u64 index);
    enum class Outcome : u8 { Stored, Failed };
    /// Ends the write-back of a page. After a failure the page is dirty again.
    void end_writing(u64 index, Outcome outcome);

  private:
    static constexpr u32 BITS = 6;
    static constexpr u32 FANOUT = 1 << BITS;
    /// A node of any level. In the lowest level a place holds a frame number, above it the address of a node.
    /// 0: empty.
    struct Node {
        u64 places[FANOUT]{};
        /// One bit for each place that is not empty, so that a search skips empty places.
        u64 used = 0;
        /// One bit for each place at or below which a page is dirty or being written back.
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
    // State bits of a place. The frame number uses the lower 32 bits.
    static constexpr u64 UNWRITTEN = 1ULL << 32;
    static constexpr u64 DIRTY = 1ULL << 33;
    static constexpr u64 WRITING = 1ULL << 34;
    static constexpr u64 USED = 1ULL << 35;  ///< Used since reclaim last looked at the page.
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
    void drop_empty_nodes(Node* const* way, u64 index, bool had_unstored);
    static void destroy(u64 place, u32 height);
    /// The place of a page; null if a level is missing.
    const u64* place_at(u64 index) const;
    /// The place of a page, and the nodes above it by level, beginning with level 1.
    struct Way {
        u64* place = nullptr;  ///< Null if a level is missing.
        Node* nodes[MAX_HEIGHT + 1];
    };
    void find_way(u64 index, Way& way);
    /// Clears the `unstored` bit of the page, and of each level above that has no other unstored page.
    void clear_unstored(u64 index, const Way& way);
    template <u64 UNWANTED> static std::optional<u64> next_in(u64 place, u32 height, u64 from);
    static std::optional<u64> next_unstored_in(u64 place, u32 height, u64 from);

    u64 root_ = 0;  ///< A frame number (if height_ is 0, for index 0 alone) or the address of a node.
    u32 height_ = 0;
    usize count_ = 0;
};

}  // namespace exo::fs
