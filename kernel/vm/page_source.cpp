#include "vm/page_source.hpp"

#include <algorithm>
#include <utility>

#include "vm/edit.hpp"

namespace exo::vm {

bool PageSource::is_mapped() const { return area_count_.load(std::memory_order_relaxed) != 0; }

bool PageSource::has_writable_mappings() const {
    return writable_count_.load(std::memory_order_relaxed) != 0;
}

Result<> PageSource::refuse_writers() {
    u32 none = 0;
    if (writers_.compare_exchange_strong(none, REFUSES_WRITERS, std::memory_order_seq_cst)) return {};
    return none == REFUSES_WRITERS ? Result<>() : Result<>(Error::Ebusy);
}

Result<> PageSource::begin_writable_mapping() {
    if ((writers_.fetch_add(1, std::memory_order_seq_cst) & REFUSES_WRITERS) == 0) return {};
    end_writable_mapping();
    return Error::Eperm;
}

void PageSource::end_writable_mapping() { writers_.fetch_sub(1, std::memory_order_seq_cst); }

bool SourceMappings::Ends::update(AreaOfSource& area) {
    u64 largest = AreaOfSource::end_of(area);
    if (const AreaOfSource* left = Areas::left(area)) largest = std::max(largest, left->largest_end);
    if (const AreaOfSource* right = Areas::right(area)) largest = std::max(largest, right->largest_end);
    return std::exchange(area.largest_end, largest) != largest;
}

void SourceMappings::enter(AreaOfSource& area) {
    // A walk's pages can be had no more: what is mapped afresh meanwhile has none of them.
    if (area.visited_in() == AreaOfSource::NEVER_MAPPED) area.set_visited_in(walks);
    if (area.visited_in() < walks) has_newcomers = true;
    area.largest_end = AreaOfSource::end_of(area);
    [[maybe_unused]] const bool is_new = areas.insert(area);
    DEBUG_ASSERT(is_new);
}

namespace {

struct Search {
    u64 first;
    u64 end;
    SourceKey from;
    u64 walk;

    bool is_wanted(const AreaOfSource& area) const {
        return AreaOfSource::key(area).first < end && AreaOfSource::end_of(area) > first &&
               area.visited_in() < walk;
    }
    AreaOfSource* in(AreaOfSource* area) const {
        using Areas = SourceMappings::Areas;
        if (area == nullptr || area->largest_end <= first) return nullptr;
        const SourceKey key = AreaOfSource::key(*area);
        if (!(key < from)) {
            if (AreaOfSource* found = in(Areas::left(*area))) return found;
            if (is_wanted(*area)) return area;
        }
        return key.first < end ? in(Areas::right(*area)) : nullptr;
    }
};

}  // namespace

AreaOfSource* SourceMappings::find(u64 first, u64 end, SourceKey from, u64 walk) const {
    // Most often it is the one at `from`, or the next, because the walk has just cleared the one there.
    Search search{first, end, from, walk};
    AreaOfSource* area = areas.lower_bound(from);
    for (int looks = 0; looks < 2; ++looks, area = Areas::next(*area)) {
        if (area == nullptr || search.is_wanted(*area)) return area;
    }
    if (area == nullptr) return nullptr;
    search.from = AreaOfSource::key(*area);
    return search.in(areas.root());
}

PageSource::Walk::Walk(PageSource& source, u64 first, u64 end, UnmapScope scope)
    : source_(source),
      first_(first),
      end_(end),
      scope_(scope) {
    auto mappings = source.mappings_.lock();
    number_ = ++mappings->walks;
    mappings->has_newcomers = false;
}

Ref<AddressSpace> PageSource::Walk::next_space() {
    auto mappings = source_.mappings_.lock();
    while (true) {
        AreaOfSource* area = mappings->find(first_, end_, from_, number_);
        if (area == nullptr) {
            // Pages moved or were copied to an area behind which the walk is already.
            if (!std::exchange(mappings->has_newcomers, false)) return nullptr;
            from_ = {};
            continue;
        }
        from_ = AreaOfSource::key(*area);
        AddressSpace& owner = static_cast<Area*>(area)->space();
        if (owner.try_retain()) return Ref<AddressSpace>::adopt(&owner);
        area->set_visited_in(number_);  // a space whose last reference has gone empties itself
    }
}

const AreaOfSource* PageSource::Walk::take_next_of(const AddressSpace& space) {
    auto mappings = source_.mappings_.lock();
    AreaOfSource* area = mappings->find(first_, end_, from_, number_);
    if (area == nullptr || &static_cast<const Area*>(area)->space() != &space) return nullptr;
    from_ = AreaOfSource::key(*area);
    area->set_visited_in(number_);
    return area;
}

void PageSource::unmap_pages(u64 first, u64 count, UnmapScope scope) {
    Walk walk(*this, first, checked_add(first, count).value_or(~0ULL), scope);
    while (const Ref<AddressSpace> space = walk.next_space())
        AddressSpace::Edit(*space).unmap_source_pages(walk);
}

bool PageSource::try_unmap_page(u64 index) {
    Walk walk(*this, index, index + 1, UnmapScope::SourceFramesOnly);
    while (const Ref<AddressSpace> space = walk.next_space())
        if (!AddressSpace::Edit::try_unmap_source_pages(*space, walk)) return false;
    return true;
}

}  // namespace exo::vm
