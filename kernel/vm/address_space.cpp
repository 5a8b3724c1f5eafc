#include "vm/address_space.hpp"

#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

namespace {
constinit std::atomic<LimitsSource> limits_source{nullptr};
}

void set_limits_source(LimitsSource source) { limits_source.store(source, std::memory_order_release); }

MemoryLimits AddressSpace::Edit::limits_of(const State& state) {
    // acquire: pairs with set_limits_source
    const LimitsSource source = limits_source.load(std::memory_order_acquire);
    return source != nullptr ? source().value_or(state.limits) : state.limits;
}

AddressSpace::AddressSpace(SpaceLayout layout, MemoryLimits limits) : Object(ObjectKind::AddressSpace) {
    State& state = lock_.unsafe_value();
    state.layout = layout;
    state.limits = limits;
    state.brk_end = layout.brk_start;
    page_table_.set_owner(this);
}

Result<Ref<AddressSpace>> AddressSpace::create(SpaceLayout layout, MemoryLimits limits) {
    auto* raw = new (std::nothrow) AddressSpace(layout, limits);
    if (raw == nullptr) return Error::Enomem;
    Ref<AddressSpace> space = Ref<AddressSpace>::adopt(raw);
    TRY(space->page_table_.create_user());
    return space;
}

AddressSpace::~AddressSpace() {
    if (page_table_.root().value() == 0) return;
    // Leave it first: then nothing has to be flushed.
    page_table_.unload();
    State& state = lock_.unsafe_value();
    RemovedAreas removed;
    memory::TlbBatch batch(page_table_);
    // Areas that lie close together are cleared in one walk of the tables.
    constexpr u64 CLOSE = 16 * PAGE_SIZE;
    AddressRange touched;
    for (const Area* area = state.areas.first(); area != nullptr; area = AreaSet::next(*area)) {
        if (area->is_untouched()) {
            DEBUG_ASSERT(Edit::has_no_pages(*this, {area->start, area->end}));
        } else if (area->start - touched.end <= CLOSE) {
            touched.end = area->end;
        } else {
            Edit::clear_entries(*this, batch, touched, Edit::Pages::All);
            touched = {area->start, area->end};
        }
        if (has(area->kind.flags, AreaFlags::Charged)) uncharge_commit(area->page_count());
        scheduler::preempt_point();
    }
    Edit::clear_entries(*this, batch, touched, Edit::Pages::All);
    state.areas.clear(removed);
    batch.finish();
}

void AddressSpace::set_layout(SpaceLayout layout) {
    auto state = lock_.lock_exclusive();
    state->layout = layout;
    state->brk_end = layout.brk_start;
}

void AddressSpace::set_limits(MemoryLimits limits) { lock_.lock_exclusive()->limits = limits; }

u64 AddressSpace::brk_start() { return lock_.lock_shared()->layout.brk_start; }

u64 AddressSpace::brk_end() { return lock_.lock_shared()->brk_end; }

namespace {
/// Concurrent faults update the counter, so a sum may be negative for a moment.
u64 pages_of(const std::atomic<i64>& counter) {
    const i64 value = counter.load(std::memory_order_relaxed);
    return value > 0 ? static_cast<u64>(value) : 0;
}
}  // namespace

u64 AddressSpace::peak_resident() const {
    return std::max(pages_of(peak_resident_), pages_of(resident_anonymous_) + pages_of(resident_source_));
}

SpaceStatistics AddressSpace::statistics() {
    SpaceStatistics sum;
    {
        auto state = lock_.lock_shared();
        sum.virtual_pages = state->areas.total_bytes() >> PAGE_SHIFT;
        sum.peak_virtual_pages = std::max(state->peak_bytes >> PAGE_SHIFT, sum.virtual_pages);
        sum.data_pages = state->areas.data_bytes() >> PAGE_SHIFT;
        sum.locked_pages = state->areas.locked_bytes() >> PAGE_SHIFT;
        sum.areas = state->areas.size();
        sum.stack_pages = state->areas.stack_bytes() >> PAGE_SHIFT;
        sum.executable_pages = state->areas.executable_bytes() >> PAGE_SHIFT;
    }
    // LINUX: the root is not counted (mm_pgtables_bytes).
    sum.page_table_bytes = u64{page_table_.table_count() - 1} * PAGE_SIZE;
    sum.resident_anonymous = pages_of(resident_anonymous_);
    sum.resident_source = pages_of(resident_source_);
    sum.peak_resident = peak_resident();
    return sum;
}

std::optional<AreaInformation> AddressSpace::area_above(u64 address) {
    auto state = lock_.lock_shared();
    const Area* area = state->areas.find_end_above(address);
    if (area == nullptr) return std::nullopt;
    const bool is_heap = !area->source && area->start < state->brk_end && area->end > state->layout.brk_start;
    return AreaInformation{area->start,  area->end,  area->kind, area->source_page << PAGE_SHIFT,
                           area->source, area->file, is_heap};
}

AddressSpace* current_address_space() {
    const memory::PageTable* table = memory::PageTable::loaded();
    return table != nullptr ? static_cast<AddressSpace*>(table->owner()) : nullptr;
}

void switch_address_space(AddressSpace& space) {
    const sync::InterruptsOff guard;
    space.page_table().activate();
}

}  // namespace exo::vm
