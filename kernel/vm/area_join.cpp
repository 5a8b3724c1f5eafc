// Merging of neighbouring areas. LINUX: vma_merge and mmap_region, mm/mmap.c.
//
// Areas merge only when an operation changes one of them. Two areas that agree after a fault stay separate
// until then.
#include "vm/area.hpp"

namespace exo::vm {

bool Area::continues_in(const Area& next) const {
    return end == next.start && kind.flags == next.kind.flags && kind.allowed == next.kind.allowed &&
           continues_source(next);
}

/// Called for an area's first private page. The area joins the family of a neighbour with which it may merge
/// later. LINUX: find_mergeable_anon_vma.
void Area::join_family() const {
    const Area* upper = AreaSet::next(*this);
    const Area* lower = AreaSet::previous(*this);
    PageFamily chosen;
    if (upper != nullptr && continues_in(*upper) && upper->family().is_open())
        chosen = upper->family();
    else if (lower != nullptr && lower->continues_in(*this) && lower->family().is_open())
        chosen = lower->family();
    else
        chosen = PageFamily::create();
    PageFamily none;
    family_.compare_exchange_strong(none, chosen, std::memory_order_relaxed);
}

AreaSet::Joined AreaSet::joined(const Area* lower, const Area& area, const Area* upper, Join join) {
    const bool may_upper =
        upper != nullptr && area.agrees_with(*upper) && upper->family().admits(area.family());
    const bool may_lower =
        lower != nullptr && lower->agrees_with(area) && lower->family().admits(area.family());
    if (!may_upper || !may_lower) return {.lower = may_lower, .upper = may_upper};
    const PageFamily low = lower->family();
    const PageFamily high = upper->family();
    if (join == Join::UpperFirst) return {.lower = low.admits(high), .upper = true};
    return {.lower = true, .upper = low.is_none() || high.is_none() || low == high};
}

Area& AreaSet::insert(Area& area, RemovedAreas& removed, Join join) {
    Area* before = tree_.floor(area.start);
    Area* after = before != nullptr ? next(*before) : first();
    const Joined with = joined(before, area, after, join);
    if (with.lower) {
        before->take_visit_from(area);
        before->take_touch_from(area);
        resize(*before, before->start, area.end);
        removed.add(area);
        if (with.upper) absorb_next(*before, removed);
        return *before;
    }
    if (with.upper) {
        after->take_visit_from(area);
        after->take_touch_from(area);
        resize(*after, area.start, after->end);
        removed.add(area);
        return *after;
    }
    link(before, area);
    if (after != nullptr) refresh_gap(*after);
    return area;
}

void AreaSet::absorb_next(Area& area, RemovedAreas& removed) {
    Area* after = next(area);
    const u64 end = after->end;
    if (area.family().is_none()) area.set_family(after->family());
    area.take_visit_from(*after);
    area.take_touch_from(*after);
    remove(*after, removed);
    resize(area, area.start, end);
}

void AreaSet::merge(Area& area, RemovedAreas& removed) {
    Area* before = previous(area);
    const Joined with = joined(before, area, next(area), Join::LowerFirst);
    if (with.upper) absorb_next(area, removed);
    if (with.lower) absorb_next(*before, removed);
}

void AreaSet::merge_next(Area& area, RemovedAreas& removed) {
    if (joined(nullptr, area, next(area), Join::LowerFirst).upper) absorb_next(area, removed);
}

}  // namespace exo::vm
