#include "fs/cache/page_tree.hpp"

#include <bit>
#include <new>
#include <utility>

#include "scheduler/preemption.hpp"
#include "vm/shared_memory.hpp"

namespace exo::fs {

using memory::FrameRef;
using memory::PhysicalAddress;

PageTree::Node* PageTree::node_at(u64 place) {
    // SAFETY: places above the lowest level hold only what place_of made.
    return reinterpret_cast<Node*>(place);
}

u64 PageTree::place_of(Node* node) {
    // SAFETY: the inverse of node_at.
    return reinterpret_cast<u64>(node);
}

PageTree::~PageTree() {
    vm::remove_shared_pages(count_);
    if (root_ != 0) destroy(root_, height_);
}

void PageTree::destroy(u64 place, u32 height) {
    if (height == 0) {
        memory::release_frame(static_cast<u32>(place));
        return;
    }
    Node* node = node_at(place);
    for (const u64 below : node->places) {
        if (below != 0) destroy(below, height - 1);
    }
    delete node;
    scheduler::preempt_point();
}

FrameRef PageTree::find(u64 index) const {
    if (!covers(index)) return {};
    u64 place = root_;
    for (u32 level = height_; level > 0 && place != 0; --level)
        place = node_at(place)->places[slot_of(index, level - 1)];
    if (place == 0) return {};
    return FrameRef::share(PhysicalAddress::of_frame(frame_number(place)));
}

const u64* PageTree::place_at(u64 index) const {
    if (!covers(index)) return nullptr;
    const u64* place = &root_;
    for (u32 level = height_; level > 0; --level) {
        if (*place == 0) return nullptr;
        place = &node_at(*place)->places[slot_of(index, level - 1)];
    }
    return place;
}

bool PageTree::is_written(u64 index) const {
    const u64* place = place_at(index);
    return place != nullptr && *place != 0 && (*place & UNWRITTEN) == 0;
}

void PageTree::mark_written(u64 index) {
    if (const u64* place = place_at(index)) *const_cast<u64*>(place) &= ~UNWRITTEN;
}

usize PageTree::find_run(u64 index, std::span<FrameRef> out) const {
    if (out.empty() || !covers(index)) return 0;
    if (height_ == 0) {
        out[0] = find(index);
        return out[0] ? 1 : 0;
    }
    u64 place = root_;
    for (u32 level = height_; level > 1 && place != 0; --level)
        place = node_at(place)->places[slot_of(index, level - 1)];
    if (place == 0) return 0;
    const Node& node = *node_at(place);
    const u32 first = slot_of(index, 0);
    usize count = 0;
    for (; count < out.size() && first + count < FANOUT && node.places[first + count] != 0; ++count)
        out[count] = FrameRef::share(PhysicalAddress::of_frame(frame_number(node.places[first + count])));
    return count;
}

Result<> PageTree::grow_to_cover(u64 index) {
    while (!covers(index)) {
        if (root_ != 0) {
            Node* top = new (std::nothrow) Node;
            if (top == nullptr) return Error::Enomem;
            top->set(0, root_);
            const bool has_unstored = height_ == 0 ? (root_ & UNSTORED) != 0 : node_at(root_)->unstored != 0;
            if (has_unstored) top->unstored = 1;
            root_ = place_of(top);
        }
        ++height_;
    }
    return {};
}

Result<> PageTree::insert(u64 index, FrameRef frame, Content content) {
    if (content == Content::Dirty) [[unlikely]]
        return insert_dirty(index, std::move(frame));
    TRY(grow_to_cover(index));
    // Nodes that stay empty when a later one cannot be had are found by the next insertion, or go with the tree.
    u64 place = root_;
    Node* above = nullptr;
    for (u32 level = height_; level > 0; --level) {
        if (place == 0) {
            Node* node = new (std::nothrow) Node;
            if (node == nullptr) return Error::Enomem;
            place = place_of(node);
            if (above != nullptr)
                above->set(slot_of(index, level), place);
            else
                root_ = place;
        }
        above = node_at(place);
        place = above->places[slot_of(index, level - 1)];
    }
    DEBUG_ASSERT(place == 0);
    place = frame.leak().frame_number() | (content == Content::Unwritten ? UNWRITTEN : 0);
    if (above != nullptr)
        above->set(slot_of(index, 0), place);
    else
        root_ = place;
    ++count_;
    vm::add_shared_pages(1);
    return {};
}

void PageTree::find_way(u64 index, Way& way) {
    way.place = nullptr;
    if (!covers(index)) return;
    u64* place = &root_;
    for (u32 level = height_; level > 0; --level) {
        if (*place == 0) return;
        way.nodes[level] = node_at(*place);
        place = &way.nodes[level]->places[slot_of(index, level - 1)];
    }
    if (*place != 0) way.place = place;
}

void PageTree::mark_dirty(u64 index) {
    Way way;
    find_way(index, way);
    if (way.place == nullptr) return;
    *way.place = (*way.place & ~UNWRITTEN) | DIRTY;
    for (u32 level = height_; level > 0; --level)
        way.nodes[level]->unstored |= 1ULL << slot_of(index, level - 1);
}

void PageTree::clear_unstored(u64 index, const Way& way) {
    for (u32 level = 1; level <= height_; ++level) {
        way.nodes[level]->unstored &= ~(1ULL << slot_of(index, level - 1));
        if (way.nodes[level]->unstored != 0) return;
    }
}

bool PageTree::is_clean(u64 index) const {
    const u64* place = place_at(index);
    return place != nullptr && *place != 0 && (*place & (UNSTORED | UNWRITTEN)) == 0;
}

bool PageTree::is_writing(u64 index) const {
    const u64* place = place_at(index);
    return place != nullptr && (*place & WRITING) != 0;
}

void PageTree::mark_used(u64 index) {
    if (u64* place = const_cast<u64*>(place_at(index)); place != nullptr && *place != 0) *place |= USED;
}

bool PageTree::take_use(u64 index) {
    u64* place = const_cast<u64*>(place_at(index));
    const bool was_used = (*place & USED) != 0;
    *place &= ~USED;
    return was_used;
}

FrameRef PageTree::begin_writing(u64 index) {
    u64* place = const_cast<u64*>(place_at(index));
    DEBUG_ASSERT((*place & UNSTORED) == DIRTY);
    *place = (*place & ~DIRTY) | WRITING;
    return FrameRef::share(PhysicalAddress::of_frame(frame_number(*place)));
}

void PageTree::end_writing(u64 index, Outcome outcome) {
    Way way;
    find_way(index, way);
    DEBUG_ASSERT(way.place != nullptr && (*way.place & WRITING) != 0);
    *way.place &= ~WRITING;
    if (outcome == Outcome::Failed) *way.place |= DIRTY;
    if ((*way.place & UNSTORED) == 0) clear_unstored(index, way);
}

Result<> PageTree::insert_dirty(u64 index, FrameRef frame) {
    TRY(insert(index, std::move(frame), Content::Written));
    mark_dirty(index);
    return {};
}

FrameRef PageTree::remove(u64 index) {
    FrameRef frame;
    (void)remove_run(index, index, {&frame, 1});
    return frame;
}

usize PageTree::remove_run(u64 first, u64 last, std::span<FrameRef> out) {
    if (root_ == 0 || !covers(first)) return 0;
    if (height_ == 0) {
        out[0] = FrameRef::adopt(PhysicalAddress::of_frame(frame_number(std::exchange(root_, 0))));
        --count_;
        vm::remove_shared_pages(1);
        return 1;
    }
    Node* way[MAX_HEIGHT + 1];
    u64 place = root_;
    for (u32 level = height_; level > 0; --level) {
        if (place == 0) return 0;
        way[level] = node_at(place);
        place = way[level]->places[slot_of(first, level - 1)];
    }
    Node& node = *way[1];
    const u64 before_end =
        last - first < FANOUT - 1 - slot_of(first, 0) ? ~0ULL >> (FANOUT - 1 - slot_of(last, 0)) : ~0ULL;
    const u64 wanted = node.used & ~0ULL << slot_of(first, 0) & before_end;
    u64 left = wanted;
    usize count = 0;
    for (; left != 0 && count < out.size(); left &= left - 1) {
        u64& removed = node.places[std::countr_zero(left)];
        out[count++] = FrameRef::adopt(PhysicalAddress::of_frame(frame_number(std::exchange(removed, 0))));
    }
    if (count == 0) return 0;
    count_ -= count;
    vm::remove_shared_pages(count);
    const u64 gone = wanted & ~left;
    const bool had_unstored = (node.unstored & gone) != 0;
    node.used &= ~gone;
    node.unstored &= ~gone;
    drop_empty_nodes(way, first, had_unstored);
    return count;
}

/// After pages below way[1], which leads to `index`, were removed: deletes the nodes that are empty now. If one of the pages
/// was unstored, also clears the bits of nodes that have no unstored page any more.
void PageTree::drop_empty_nodes(Node* const* way, u64 index, bool had_unstored) {
    u32 level = 1;
    while (way[level]->used == 0) {
        delete way[level];
        if (level == height_) {
            root_ = 0;
            height_ = 0;
            return;
        }
        ++level;
        way[level]->clear(slot_of(index, level - 1));
    }
    if (!had_unstored) [[likely]]
        return;
    for (; level <= height_; ++level) {
        if (level > 1) way[level]->unstored &= ~(1ULL << slot_of(index, level - 1));
        if (way[level]->unstored != 0) return;
    }
}

template <u64 UNWANTED> std::optional<u64> PageTree::next_in(u64 place, u32 height, u64 from) {
    if (place == 0) return std::nullopt;
    if (height == 0) return from == 0 && (place & UNWANTED) == 0 ? std::optional<u64>(0) : std::nullopt;
    const Node* node = node_at(place);
    const u32 shift = BITS * (height - 1);
    const u32 first = static_cast<u32>(from >> shift);
    for (u64 left = node->used & ~0ULL << first; left != 0; left &= left - 1) {
        const auto slot = static_cast<u32>(std::countr_zero(left));
        const u64 below = slot == first ? from & ((1ULL << shift) - 1) : 0;
        if (const auto found = next_in<UNWANTED>(node->places[slot], height - 1, below))
            return u64{slot} << shift | *found;
    }
    return std::nullopt;
}

std::optional<u64> PageTree::next_unstored_in(u64 place, u32 height, u64 from) {
    if (height == 0) return from == 0 && (place & UNSTORED) != 0 ? std::optional<u64>(0) : std::nullopt;
    const Node* node = node_at(place);
    const u32 shift = BITS * (height - 1);
    const u32 first = static_cast<u32>(from >> shift);
    for (u64 left = node->unstored & ~0ULL << first; left != 0; left &= left - 1) {
        const auto slot = static_cast<u32>(std::countr_zero(left));
        const u64 below = slot == first ? from & ((1ULL << shift) - 1) : 0;
        if (const auto found = next_unstored_in(node->places[slot], height - 1, below))
            return u64{slot} << shift | *found;
    }
    return std::nullopt;
}

std::optional<u64> PageTree::next_unstored(u64 from) const {
    if (root_ == 0 || !covers(from)) return std::nullopt;
    return next_unstored_in(root_, height_, from);
}

std::optional<u64> PageTree::next_present(u64 from) const {
    if (!covers(from)) return std::nullopt;
    return next_in<0>(root_, height_, from);
}

std::optional<u64> PageTree::next_written(u64 from) const {
    if (!covers(from)) return std::nullopt;
    return next_in<UNWRITTEN>(root_, height_, from);
}

}  // namespace exo::fs
