// PageTree: the frames of a file by page index, sparse: a radix tree with 64 places a node. A file of one page needs
// no node at all. Not locked: PageCache does that.
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
    /// Whether a page has been written or mapped, or only got its storage (fallocate(2)). LINUX: uptodate.
    enum class Content : u8 { Written, Unwritten };
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

  private:
    static constexpr u32 BITS = 6;
    static constexpr u32 FANOUT = 1 << BITS;
    /// Every level is of this type: at the bottom a place holds a frame number, above a node's address. 0: empty.
    struct Node {
        u64 places[FANOUT]{};
        u64 used =
            0;  ///< A bit for each place that is not empty: the next one is found without looking at all.
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
    /// Beside a frame number.
    static constexpr u64 UNWRITTEN = 1ULL << 32;

    static u64 frame_number(u64 place) { return place & ~UNWRITTEN; }

    static Node* node_at(u64 place);
    static u64 place_of(Node* node);
    static u32 slot_of(u64 index, u32 level) {
        return static_cast<u32>(index >> (BITS * level)) & (FANOUT - 1);
    }
    bool covers(u64 index) const { return BITS * height_ >= 64 || index >> (BITS * height_) == 0; }
    Result<> grow_to_cover(u64 index);
    static void destroy(u64 place, u32 height);
    /// Where the frame number of a page is; null if a level is missing.
    const u64* place_at(u64 index) const;
    template <u64 UNWANTED> static std::optional<u64> next_in(u64 place, u32 height, u64 from);

    u64 root_ = 0;  ///< A frame number (height 0, index 0 alone) or a node's address.
    u32 height_ = 0;
    usize count_ = 0;
};

}  // namespace exo::fs
