#include "security/capability_table.hpp"

#include <bit>

#include "scheduler/preemption.hpp"
#include "security/audit.hpp"

namespace exo::security {

namespace {

constexpr u32 SLOTS_PER_WORD = 64;
constexpr u32 FIRST_SIZE = 16;

/// How large Linux makes a table that is to hold `number` (alloc_fdtable).
u32 linux_size_for(u32 number) {
    constexpr u32 STEP = 128;
    return std::bit_ceil(number / STEP + 1) * STEP;
}

/// The lowest clear bit not below `from`, or the number of bits.
u32 find_clear(const Vector<u64>& words, u32 from) {
    const u32 bits = static_cast<u32>(words.size()) * SLOTS_PER_WORD;
    for (u32 at = from; at < bits; at = (at / SLOTS_PER_WORD + 1) * SLOTS_PER_WORD) {
        const u64 clear = ~words[at / SLOTS_PER_WORD] & ~0ULL << at % SLOTS_PER_WORD;
        if (clear != 0)
            return at / SLOTS_PER_WORD * SLOTS_PER_WORD + static_cast<u32>(std::countr_zero(clear));
    }
    return from > bits ? from : bits;
}

}  // namespace

Reservation::~Reservation() {
    if (table_ != nullptr) table_->give_back(number_);
}

u32 Reservation::commit(Capability capability, OnExec on_exec) {
    CapabilityTable* table = std::exchange(table_, nullptr);
    ASSERT(table != nullptr);
    return table->commit(number_, std::move(capability), on_exec);
}

void CapabilityTable::note_denial(u32 number, const Object& object, Rights needed, Rights missing) {
    record_denial(number, object.object_kind(), needed, missing);
}

CapabilityTable::Found CapabilityTable::find_shared(u32 number, Rights needed) {
    auto state = state_.lock();
    const Found found = find(*state, number, needed);
    if (found.object != nullptr) found.object->retain();
    return found;
}

void CapabilityTable::mark_taken(State& state, u32 number) {
    state.taken[number / SLOTS_PER_WORD] |= 1ULL << number % SLOTS_PER_WORD;
}

void CapabilityTable::mark_free(State& state, u32 number) {
    state.taken[number / SLOTS_PER_WORD] &= ~(1ULL << number % SLOTS_PER_WORD);
    if (number < state.lowest_free) state.lowest_free = number;
}

Result<> CapabilityTable::grow(State& state, u32 number) {
    if (number >= state.size) state.size = linux_size_for(number);
    if (number < state.slots.size()) return {};
    u32 size = state.slots.is_empty() ? FIRST_SIZE : static_cast<u32>(state.slots.size());
    while (size <= number) size *= 2;
    TRY(state.taken.resize((size + SLOTS_PER_WORD - 1) / SLOTS_PER_WORD));
    TRY(state.slots.resize(size));
    return {};
}

Result<u32> CapabilityTable::take_lowest(State& state, u32 limit, u32 minimum) {
    const u32 from = minimum > state.lowest_free ? minimum : state.lowest_free;
    const u32 number = find_clear(state.taken, from);
    if (number >= limit) return Error::Emfile;
    TRY(grow(state, number));
    mark_taken(state, number);
    state.slots[number].state = SlotState::Reserved;
    if (minimum <= state.lowest_free) state.lowest_free = number + 1;
    return number;
}

Result<Reservation> CapabilityTable::reserve(u32 limit, u32 minimum) {
    auto state = state_.lock();
    return Reservation(*this, TRY(take_lowest(*state, limit, minimum)));
}

Result<ReservedPair> CapabilityTable::reserve_pair(u32 limit) {
    Reservation first = TRY(reserve(limit));
    Reservation second = TRY(reserve(limit));
    return ReservedPair{std::move(first), std::move(second)};
}

Result<u32> CapabilityTable::install(Capability capability, OnExec on_exec, u32 limit, u32 minimum) {
    auto state = state_.lock();
    const u32 number = TRY(take_lowest(*state, limit, minimum));
    fill(*state, number, capability, on_exec);
    return number;
}

void CapabilityTable::fill(State& state, u32 number, Capability& capability, OnExec on_exec) {
    Slot& slot = state.slots[number];
    slot.object = std::move(capability.object);
    slot.grant = std::move(capability.grant);
    slot.rights = capability.rights;
    slot.on_exec = on_exec;
    slot.state = SlotState::Open;
    ++state.open_count;
}

u32 CapabilityTable::commit(u32 number, Capability capability, OnExec on_exec) {
    ASSERT(capability.object);
    auto state = state_.lock();
    fill(*state, number, capability, on_exec);
    return number;
}

void CapabilityTable::give_back(u32 number) {
    auto state = state_.lock();
    state->slots[number].state = SlotState::Free;
    mark_free(*state, number);
}

Result<Ref<Object>> CapabilityTable::install_at(u32 number, Capability capability, OnExec on_exec,
                                                u32 limit) {
    ASSERT(capability.object);
    if (number >= limit) return Error::Ebadf;
    // The grant that is replaced goes after the lock.
    Ref<Grant> old_grant;
    auto state = state_.lock();
    TRY(grow(*state, number));
    Slot& slot = state->slots[number];
    if (slot.state == SlotState::Reserved) return Error::Ebusy;
    Ref<Object> old_object;
    if (slot.state == SlotState::Open) {
        old_grant = std::move(slot.grant);
        old_object = std::move(slot.object);
        --state->open_count;
    }
    mark_taken(*state, number);
    fill(*state, number, capability, on_exec);
    return old_object;
}

/// Leaves the slot's grant to the caller's capability: nothing is released under the lock.
Capability CapabilityTable::take_out(State& state, u32 number) {
    Slot& slot = state.slots[number];
    Capability taken{std::move(slot.object), slot.rights, std::move(slot.grant)};
    slot.rights = Rights::None;
    slot.on_exec = OnExec::Keep;
    slot.state = SlotState::Free;
    --state.open_count;
    mark_free(state, number);
    return taken;
}

Result<Ref<Object>> CapabilityTable::close(u32 number) {
    Capability taken;
    {
        auto state = state_.lock();
        if (number >= state->slots.size() || state->slots[number].state != SlotState::Open)
            return Error::Ebadf;
        taken = take_out(*state, number);
    }
    return std::move(taken.object);
}

std::optional<u32> CapabilityTable::next_open_in(const State& state, u32 from) {
    for (u32 number = from; number < state.slots.size(); ++number) {
        if (state.slots[number].state == SlotState::Open) return number;
    }
    return std::nullopt;
}

void CapabilityTable::close_range(u32 first, u32 last, RangeAction action,
                                  FunctionRef<void(Ref<Object>)> closed) {
    for (u32 from = first;;) {
        Capability taken;
        {
            auto state = state_.lock();
            const auto number = next_open_in(*state, from);
            if (!number || *number > last) return;
            from = *number + 1;
            if (action == RangeAction::Close)
                taken = take_out(*state, *number);
            else
                state->slots[*number].on_exec = OnExec::Close;
        }
        if (taken.object) closed(std::move(taken.object));
        scheduler::preempt_point();
    }
}

void CapabilityTable::close_on_exec(FunctionRef<void(Ref<Object>)> closed) {
    for (u32 from = 0;;) {
        Capability taken;
        {
            auto state = state_.lock();
            const auto number = next_open_in(*state, from);
            if (!number) return;
            from = *number + 1;
            if (state->slots[*number].on_exec == OnExec::Close) taken = take_out(*state, *number);
        }
        if (taken.object) closed(std::move(taken.object));
        scheduler::preempt_point();
    }
}

Result<OnExec> CapabilityTable::on_exec(u32 number) {
    auto state = state_.lock();
    if (number >= state->slots.size() || state->slots[number].state != SlotState::Open) return Error::Ebadf;
    return state->slots[number].on_exec;
}

Result<> CapabilityTable::set_on_exec(u32 number, OnExec on_exec) {
    auto state = state_.lock();
    if (number >= state->slots.size() || state->slots[number].state != SlotState::Open) return Error::Ebadf;
    state->slots[number].on_exec = on_exec;
    return {};
}

Result<Capability> CapabilityTable::copy(u32 number) {
    auto state = state_.lock();
    if (number >= state->slots.size() || state->slots[number].state != SlotState::Open) return Error::Ebadf;
    const Slot& slot = state->slots[number];
    return Capability{slot.object, slot.rights, slot.grant};
}

std::optional<u32> CapabilityTable::next_open(u32 from) {
    auto state = state_.lock();
    return next_open_in(*state, from);
}

u32 CapabilityTable::open_count() { return state_.lock()->open_count; }

u32 CapabilityTable::size() { return state_.lock()->size; }

Result<Ref<CapabilityTable>> CapabilityTable::clone() {
    Ref<CapabilityTable> copy = TRY(make_ref<CapabilityTable>());
    State& to = copy->state_.unsafe_value();
    auto from = state_.lock();
    u32 size = 0;
    for (u32 number = 0; number < from->slots.size(); ++number) {
        if (from->slots[number].state == SlotState::Open) size = number + 1;
    }
    if (size == 0) return copy;
    TRY(grow(to, size - 1));
    for (u32 number = 0; number < size; ++number) {
        const Slot& slot = from->slots[number];
        if (slot.state != SlotState::Open) continue;
        Capability capability{slot.object, slot.rights, slot.grant};
        mark_taken(to, number);
        fill(to, number, capability, slot.on_exec);
    }
    to.lowest_free = find_clear(to.taken, 0);
    return copy;
}

// ---- TableUser

Result<TableUser> TableUser::create() { return TableUser(TRY(make_ref<CapabilityTable>())); }

TableUser TableUser::share() const {
    // relaxed: whoever is given the new user learns of it through something that orders
    table_->users_.fetch_add(1, std::memory_order_relaxed);
    return TableUser(table_);
}

Result<TableUser> TableUser::clone() const { return TableUser(TRY(table_->clone())); }

void TableUser::leave(FunctionRef<void(Ref<Object>)> closed) {
    if (!table_) return;
    // acq_rel: the last user to leave sees what the others changed; verify()'s acquire pairs with it too
    if (table_->users_.fetch_sub(1, std::memory_order_acq_rel) == 1)
        table_->close_range(0, ~0U, RangeAction::Close, closed);
    table_ = nullptr;
}

void TableUser::leave() {
    leave([](Ref<Object>) {});
}

}  // namespace exo::security
