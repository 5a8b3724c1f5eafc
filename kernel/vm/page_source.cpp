#include "vm/page_source.hpp"

#include "vm/address_space.hpp"

namespace exo::vm {

bool PageSource::is_mapped() const { return area_count_.load(std::memory_order_relaxed) != 0; }

bool PageSource::has_writable_mappings() const {
    return writable_count_.load(std::memory_order_relaxed) != 0;
}

/// Each round takes the first area that this walk has not met, moves it to the end, and clears its space without the
/// list's lock. Areas that are added meanwhile come from faults that the source already refuses.
void PageSource::unmap_pages(u64 first, u64 count, UnmapScope scope) {
    const u64 end = checked_add(first, count).value_or(~0ULL);
    const u64 walk = ++mappings_.lock()->walks;
    for (;;) {
        Ref<AddressSpace> space;
        {
            auto mappings = mappings_.lock();
            AreaOfSource* place = mappings->areas.front();
            if (place == nullptr || place->visited_in >= walk) return;
            place->visited_in = walk;
            mappings->areas.remove(*place);
            mappings->areas.push_back(*place);
            // A space whose last reference has gone empties itself.
            AddressSpace& owner = static_cast<Area*>(place)->space();
            if (owner.try_retain()) space = Ref<AddressSpace>::adopt(&owner);
        }
        if (space) space->unmap_source_pages(*this, first, end, scope == UnmapScope::CopiesToo);
    }
}

}  // namespace exo::vm
