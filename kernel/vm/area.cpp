#include "vm/area.hpp"

#include <algorithm>
#include <utility>

#include "arch/interface.hpp"

namespace exo::vm {

AreaFlags key_for(Protection asked) {
    return asked == Protection::Exec && arch::has_protection_keys() ? AreaFlags::ExecuteOnly
                                                                    : AreaFlags::None;
}

// ---- One area.

void Area::attach() {
    if (!source || source->keeps_pages()) return;
    auto mappings = source->mappings_.lock();
    mappings->enter(*this);
    source->area_count_.fetch_add(1, std::memory_order_relaxed);
    is_shared_writable = may_write_directly();
    if (is_shared_writable) source->writable_count_.fetch_add(1, std::memory_order_relaxed);
    if (may_ever_write()) source->writers_.fetch_add(1, std::memory_order_seq_cst);
}

void Area::detach() {
    if (!source || source->keeps_pages()) return;
    auto mappings = source->mappings_.lock();
    mappings->areas.remove(*this);
    source->area_count_.fetch_sub(1, std::memory_order_relaxed);
    if (is_shared_writable) source->writable_count_.fetch_sub(1, std::memory_order_relaxed);
    if (may_ever_write()) source->end_writable_mapping();
}

void Area::set_range(u64 new_start, u64 new_end) {
    const auto change = [&] {
        source_page += static_cast<u64>(static_cast<i64>(new_start - start) >> PAGE_SHIFT);
        start = new_start;
        end = new_end;
    };
    if (!source_link.is_linked()) return change();
    auto mappings = source->mappings_.lock();
    if (new_start == start) {
        change();
        SourceMappings::Areas::summary_changed(*this);
        return;
    }
    mappings->areas.remove(*this);
    change();
    mappings->enter(*this);
}

void Area::update_writable_mark() {
    if (!source || source->keeps_pages() || is_shared_writable == may_write_directly()) return;
    auto mappings = source->mappings_.lock();
    is_shared_writable = !is_shared_writable;
    source->writable_count_.fetch_add(is_shared_writable ? 1U : ~0U, std::memory_order_relaxed);
}

// ---- Finding.

Area* AreaSet::find_end_above(u64 address) const {
    Area* area = tree_.floor(address);
    if (area != nullptr && area->end > address) return area;
    return area != nullptr ? next(*area) : first();
}

Area* AreaSet::find(u64 address) const {
    Area* area = tree_.floor(address);
    return area != nullptr && area->end > address ? area : nullptr;
}

bool AreaSet::overlaps(u64 start, u64 end) const {
    const Area* area = find_end_above(start);
    return area != nullptr && area->start < end;
}

AreaSet::Overlap AreaSet::measure(u64 start, u64 end) const {
    Overlap sum;
    for (const Area* area = find_end_above(start); area != nullptr && area->start < end; area = next(*area)) {
        const u64 bytes = std::min(end, area->end) - std::max(start, area->start);
        sum.total += bytes;
        if (area->is_data()) sum.data += bytes;
        if (area->is_locked()) sum.locked += bytes;
    }
    return sum;
}

// ---- Gaps.

namespace {
/// The end of the free range below an area. A stack keeps its guard gap.
u64 gap_end(const Area& area) {
    if (!has(area.kind.flags, AreaFlags::GrowsDown)) return area.start;
    return area.start > AreaSet::STACK_GUARD_GAP ? area.start - AreaSet::STACK_GUARD_GAP : 0;
}
}  // namespace

bool AreaSet::Gaps::update(Area& area) {
    u64 largest = area.gap_before;
    if (const Area* left = Areas::left(area)) largest = std::max(largest, left->largest_gap);
    if (const Area* right = Areas::right(area)) largest = std::max(largest, right->largest_gap);
    return std::exchange(area.largest_gap, largest) != largest;
}

namespace {
u64 gap_between(const Area* before, const Area& area) {
    const u64 start = before != nullptr ? before->end : 0;
    const u64 end = gap_end(area);
    return end > start ? end - start : 0;
}
}  // namespace

void AreaSet::refresh_gap(Area& area) {
    area.gap_before = gap_between(previous(area), area);
    Areas::summary_changed(area);
}

bool AreaSet::is_gap(u64 start, u64 end) const {
    const Area* area = find_end_above(start);
    if (area == nullptr) return true;
    return area->start >= end && (area->start == end ? area->start : gap_end(*area)) >= end;
}

namespace {

/// Looks for room for `size` bytes in the free range below `area`, limited to [low, high). Returns the start
/// of such a piece at the upper or lower end, or nothing.
std::optional<u64> fit(const Area& area, u64 size, u64 low, u64 high, bool at_upper_end) {
    const u64 end = std::min(gap_end(area), high);
    const u64 gap_start = gap_end(area) - area.gap_before;
    const u64 start = std::max(gap_start, low);
    if (end <= start || end - start < size) return std::nullopt;
    return at_upper_end ? end - size : start;
}

template <class Areas> std::optional<u64> search_down(const Area* area, u64 size, u64 low, u64 high) {
    while (area != nullptr && area->largest_gap >= size) {
        // Gaps in the right subtree begin at this area's end or above, those in the left end at its start or below.
        if (area->end < high)
            if (const Area* right = Areas::right(*area); right != nullptr && right->largest_gap >= size)
                if (const auto found = search_down<Areas>(right, size, low, high)) return found;
        if (area->gap_before >= size)
            if (const auto found = fit(*area, size, low, high, true)) return found;
        if (area->start <= low) break;
        area = Areas::left(*area);
    }
    return std::nullopt;
}

template <class Areas> std::optional<u64> search_up(const Area* area, u64 size, u64 low, u64 high) {
    while (area != nullptr && area->largest_gap >= size) {
        if (area->start > low)
            if (const Area* left = Areas::left(*area); left != nullptr && left->largest_gap >= size)
                if (const auto found = search_up<Areas>(left, size, low, high)) return found;
        if (area->gap_before >= size)
            if (const auto found = fit(*area, size, low, high, false)) return found;
        if (area->end >= high) break;
        area = Areas::right(*area);
    }
    return std::nullopt;
}

}  // namespace

Result<u64> AreaSet::find_gap_top_down(u64 size, u64 low, u64 high) const {
    const Area* last = tree_.last();
    const u64 top = std::max(last != nullptr ? last->end : 0, low);
    if (top < high && high - top >= size) return high - size;
    if (const auto found = search_down<Areas>(tree_.root(), size, low, high)) return *found;
    return Error::Enomem;
}

Result<u64> AreaSet::find_gap_bottom_up(u64 size, u64 low, u64 high) const {
    if (const auto found = search_up<Areas>(tree_.root(), size, low, high)) return *found;
    const Area* last = tree_.last();
    const u64 top = std::max(last != nullptr ? last->end : 0, low);
    if (top < high && high - top >= size) return top;
    return Error::Enomem;
}

// ---- Changing.

void AreaSet::forget_bytes(const Area& area) {
    total_bytes_ -= area.size();
    if (area.is_data()) data_bytes_ -= area.size();
    if (area.is_locked()) locked_bytes_ -= area.size();
    if (area.is_stack()) stack_bytes_ -= area.size();
    if (area.is_executable()) executable_bytes_ -= area.size();
}

void AreaSet::count_bytes(const Area& area) {
    total_bytes_ += area.size();
    if (area.is_data()) data_bytes_ += area.size();
    if (area.is_locked()) locked_bytes_ += area.size();
    if (area.is_stack()) stack_bytes_ += area.size();
    if (area.is_executable()) executable_bytes_ += area.size();
}

void AreaSet::link(Area* before, Area& area) {
    area.gap_before = gap_between(before, area);
    tree_.insert_behind(before, area);
    count_bytes(area);
    area.attach();
}

void AreaSet::append(Area& area) {
    Area* last = tree_.last();
    DEBUG_ASSERT(last == nullptr || last->end <= area.start);
    link(last, area);
}

void AreaSet::remove(Area& area, RemovedAreas& removed) {
    Area* after = next(area);
    forget_bytes(area);
    tree_.remove(area);
    if (after != nullptr) refresh_gap(*after);
    area.detach();
    removed.add(area);
}

void AreaSet::clear(RemovedAreas& removed) {
    for (Area* area = first(); area != nullptr;) {
        Area* after = next(*area);
        area->detach();
        removed.add(*area);
        area = after;
    }
    tree_.abandon();
    total_bytes_ = 0;
    data_bytes_ = 0;
    locked_bytes_ = 0;
    stack_bytes_ = 0;
    executable_bytes_ = 0;
}

void AreaSet::resize(Area& area, u64 start, u64 end) {
    DEBUG_ASSERT(is_aligned(start, PAGE_SIZE) && is_aligned(end, PAGE_SIZE));
    forget_bytes(area);
    area.set_range(start, end);
    count_bytes(area);
    refresh_gap(area);
    if (Area* after = next(area)) refresh_gap(*after);
}

Result<> AreaSet::split(Area& area, u64 address) {
    if (is_full()) return Error::Enomem;
    Box<Area> upper = TRY(make_box<Area>(area.space(), address, area.end, area.kind));
    upper->source = area.source;
    upper->file = area.file;
    upper->set_family(area.family());
    upper->take_touch_from(area);
    upper->source_page = area.source_index(address);
    upper->take_visit_from(area);
    // The two have as many bytes of each kind as the one had, the gap below it stays where it is, and between them there is none.
    area.set_range(area.start, address);
    Area& added = *upper.release();
    [[maybe_unused]] const bool is_new = tree_.insert(added);
    DEBUG_ASSERT(is_new);
    added.attach();
    return {};
}

Result<> AreaSet::split_at(u64 address) {
    Area* area = find(address);
    if (area == nullptr || area->start == address) return {};
    return split(*area, address);
}

bool AreaSet::is_consistent() const {
    u64 total = 0;
    u64 data = 0;
    u64 locked = 0;
    u64 stack = 0;
    u64 executable = 0;
    u64 end_of_last = 0;
    for (const Area* area = first(); area != nullptr; area = next(*area)) {
        if (area->start >= area->end || area->start < end_of_last || area->end > memory::USER_END)
            return false;
        const u64 end = gap_end(*area);
        if (area->gap_before != (end > end_of_last ? end - end_of_last : 0)) return false;
        u64 largest = area->gap_before;
        if (const Area* left = Areas::left(*area)) largest = std::max(largest, left->largest_gap);
        if (const Area* right = Areas::right(*area)) largest = std::max(largest, right->largest_gap);
        if (area->largest_gap != largest) return false;
        end_of_last = area->end;
        total += area->size();
        if (area->is_data()) data += area->size();
        if (area->is_locked()) locked += area->size();
        if (area->is_stack()) stack += area->size();
        if (area->is_executable()) executable += area->size();
    }
    return total == total_bytes_ && data == data_bytes_ && locked == locked_bytes_ && stack == stack_bytes_ &&
           executable == executable_bytes_;
}

}  // namespace exo::vm
