#include "security/capability_table.hpp"

#include <bit>

#include "scheduler/preemption.hpp"
#include "security/audit.hpp"

namespace exo::security {

namespace {

constexpr u32 SMALLEST_FIRST = 16;
constexpr u32 NOT_FOUND = ~0U;

/// How large Linux makes a table that is to hold `number` (alloc_fdtable).
u32 linux_size_for(u32 number) {
    constexpr u32 STEP = 128;
    return std::bit_ceil(number / STEP + 1) * STEP;
}

/// The lowest bit not below `from` that is set in `words`, or in their complement; NOT_FOUND if there is none.
enum class Wanted : u8 { Set, Clear };
u32 find_bit(std::span<const u64> words, u32 from, Wanted wanted) {
    constexpr u32 BITS = 64;
    for (u32 at = from; at / BITS < words.size(); at = (at / BITS + 1) * BITS) {
        const u64 word = wanted == Wanted::Set ? words[at / BITS] : ~words[at / BITS];
        if (const u64 rest = word & ~0ULL << at % BITS; rest != 0)
            return at / BITS * BITS + static_cast<u32>(std::countr_zero(rest));
    }
    return NOT_FOUND;
}

/// Calls visit(number, slot, word with its bit) for each slot that is taken, from `from` on, until it answers false.
template <class State, class Visitor> void visit_taken(State& state, u32 from, Visitor&& visit) {
    constexpr u32 BITS = 64;
    u32 at = from;
    for (; (at = find_bit(state.first_taken, at, Wanted::Set)) != NOT_FOUND; ++at)
        if (!visit(at, state.low_slots().slots()[at], state.first_taken[at / BITS])) return;
    auto* chunk = state.chunks.first();
    if (chunk != nullptr && from > chunk->start())
        chunk = state.chunks.lower_bound(chunk->index + (from - chunk->start()) / std::size(chunk->slots));
    for (; chunk != nullptr; chunk = state.chunks.next(*chunk)) {
        const u32 start = chunk->start();
        for (at = from > start ? from - start : 0;
             (at = find_bit(chunk->taken, at, Wanted::Set)) != NOT_FOUND; ++at)
            if (!visit(start + at, chunk->slots[at], chunk->taken[at / BITS])) return;
    }
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
    State& shared = state_.unsafe_value();
    {
        const sync::Borrowing borrowing(&shared);
        const Found found = look_while_borrowing(shared, number, needed);
        if (found.object != nullptr) [[likely]] {
            found.object->retain();
            return found;
        }
    }
    return find_locked(number, needed);
}

CapabilityTable::Found CapabilityTable::find_locked(u32 number, Rights needed) {
    auto state = state_.lock();
    const Found found = find(*state, number, needed);
    if (found.object != nullptr) found.object->retain();
    return found;
}

constinit CapabilityTable::LowSlots CapabilityTable::no_slots;

/// Errors: Enomem.
Result<CapabilityTable::LowSlots*> CapabilityTable::LowSlots::create(u32 size) {
    static_assert(sizeof(LowSlots) % alignof(Slot) == 0 && alignof(LowSlots) <= alignof(Slot));
    void* memory =
        ::operator new(sizeof(LowSlots) + size * sizeof(Slot), std::align_val_t{alignof(Slot)}, std::nothrow);
    if (memory == nullptr) return Error::Enomem;
    auto* piece = new (memory) LowSlots{size};
    for (u32 i = 0; i < size; ++i) new (&piece->slots()[i]) Slot;
    return piece;
}

void CapabilityTable::LowSlots::destroy(LowSlots* piece) {
    if (piece == &no_slots) return;
    for (u32 i = 0; i < piece->size; ++i) piece->slots()[i].~Slot();
    ::operator delete(static_cast<void*>(piece), std::align_val_t{alignof(Slot)});
}

CapabilityTable::State::~State() {
    LowSlots::destroy(&low_slots());
    while (Chunk* chunk = chunks.first()) {
        chunks.remove(*chunk);
        delete chunk;
    }
}

CapabilityTable::Slot* CapabilityTable::high_slot(const State& state, u32 number) {
    if (number < FIRST_SLOTS) return nullptr;
    Chunk* chunk = state.chunks.find((number - FIRST_SLOTS) / CHUNK_SLOTS);
    return chunk != nullptr ? &chunk->slots[number - chunk->start()] : nullptr;
}

std::optional<CapabilityTable::Place> CapabilityTable::place_at(State& state, u32 number) {
    LowSlots& low = state.low_slots();
    if (number < low.size) return Place{number, &low.slots()[number], &state.first_taken[number / WORD_BITS]};
    if (number < FIRST_SLOTS) return std::nullopt;
    Chunk* chunk = state.chunks.find((number - FIRST_SLOTS) / CHUNK_SLOTS);
    if (chunk == nullptr) return std::nullopt;
    const u32 offset = number - chunk->start();
    return Place{number, &chunk->slots[offset], &chunk->taken[offset / WORD_BITS]};
}

std::optional<CapabilityTable::Place> CapabilityTable::open_place(State& state, u32 number) {
    const auto place = place_at(state, number);
    return place && place->slot->state == SlotState::Open ? place : std::nullopt;
}

/// Errors: Enomem.
Result<CapabilityTable::Place> CapabilityTable::make_place(State& state, u32 number) {
    if (number >= state.size) state.size = linux_size_for(number);
    if (const auto place = place_at(state, number)) return *place;
    if (number < FIRST_SLOTS) {
        LowSlots& old = state.low_slots();
        u32 size = std::max(old.size, SMALLEST_FIRST);
        while (size <= number) size *= 2;
        LowSlots& larger = *TRY(LowSlots::create(size));
        {
            const Change change(state);
            for (u32 i = 0; i < old.size; ++i) {
                Slot& from = old.slots()[i];
                Slot& to = larger.slots()[i];
                Capability moved = from.take();
                to.put(moved);
                to.state = from.state;
                to.on_exec = from.on_exec;
            }
            state.low.store(&larger, std::memory_order_release);
        }
        LowSlots::destroy(&old);
    } else {
        auto* chunk = new (std::nothrow) Chunk((number - FIRST_SLOTS) / CHUNK_SLOTS);
        if (chunk == nullptr) return Error::Enomem;
        state.chunks.insert(*chunk);
    }
    return *place_at(state, number);
}

void CapabilityTable::mark_free(State& state, const Place& place) {
    ++state.changes;
    *place.word &= ~(1ULL << place.number % WORD_BITS);
    if (place.number < state.lowest_free) state.lowest_free = place.number;
}

/// The lowest number from `from` on that is not taken.
u32 CapabilityTable::find_free(const State& state, u32 from) {
    if (from < FIRST_SLOTS) {
        const u32 found = find_bit(state.first_taken, from, Wanted::Clear);
        if (found != NOT_FOUND) return found;
        from = FIRST_SLOTS;
    }
    const Chunk* chunk = state.chunks.find((from - FIRST_SLOTS) / CHUNK_SLOTS);
    while (chunk != nullptr) {
        const u32 found = find_bit(chunk->taken, from - chunk->start(), Wanted::Clear);
        if (found != NOT_FOUND) return chunk->start() + found;
        from = chunk->start() + CHUNK_SLOTS;
        const Chunk* next = decltype(state.chunks)::next(*chunk);
        chunk = next != nullptr && next->index == chunk->index + 1 ? next : nullptr;
    }
    return from;
}

Result<CapabilityTable::Place> CapabilityTable::take_lowest(State& state, u32 limit, u32 minimum) {
    const u32 from = minimum > state.lowest_free ? minimum : state.lowest_free;
    // Nearly always the number is free itself, and its slot is there already.
    const bool is_near =
        from < state.low_slots().size && (state.first_taken[from / WORD_BITS] >> from % WORD_BITS & 1) == 0;
    const u32 number = is_near ? from : find_free(state, from);
    if (number >= limit) return Error::Emfile;
    const Place place = is_near && number < state.size ? Place{number, &state.low_slots().slots()[number],
                                                               &state.first_taken[number / WORD_BITS]}
                                                       : TRY(make_place(state, number));
    place.mark_taken();
    place.slot->state = SlotState::Reserved;
    if (minimum <= state.lowest_free) state.lowest_free = number + 1;
    return place;
}

Result<Reservation> CapabilityTable::reserve(u32 limit, u32 minimum) {
    auto state = state_.lock();
    return Reservation(*this, TRY(take_lowest(*state, limit, minimum)).number);
}

Result<ReservedPair> CapabilityTable::reserve_pair(u32 limit) {
    Reservation first = TRY(reserve(limit));
    Reservation second = TRY(reserve(limit));
    return ReservedPair{std::move(first), std::move(second)};
}

Result<u32> CapabilityTable::install(Capability capability, OnExec on_exec, u32 limit, u32 minimum) {
    auto state = state_.lock();
    const Place place = TRY(take_lowest(*state, limit, minimum));
    fill(*state, *place.slot, capability, on_exec);
    return place.number;
}

void CapabilityTable::fill(State& state, Slot& slot, Capability& capability, OnExec on_exec) {
    {
        const Change change(state);
        slot.put(capability);
    }
    slot.on_exec = on_exec;
    slot.state = SlotState::Open;
    ++state.open_count;
    ++state.changes;
}

u32 CapabilityTable::commit(u32 number, Capability capability, OnExec on_exec) {
    ASSERT(capability.object);
    auto state = state_.lock();
    LowSlots& low = state->low_slots();
    Slot& slot = number < low.size ? low.slots()[number] : *high_slot(*state, number);
    fill(*state, slot, capability, on_exec);
    return number;
}

void CapabilityTable::give_back(u32 number) {
    auto state = state_.lock();
    const auto place = place_at(*state, number);
    place->slot->state = SlotState::Free;
    mark_free(*state, *place);
}

Result<Ref<Object>> CapabilityTable::install_at(u32 number, Capability capability, OnExec on_exec,
                                                u32 limit) {
    ASSERT(capability.object);
    if (number >= limit) return Error::Ebadf;
    // Declared before the lock, so that the replaced capability is released after it.
    Capability old;
    auto state = state_.lock();
    const Place place = TRY(make_place(*state, number));
    Slot& slot = *place.slot;
    if (slot.state == SlotState::Reserved) return Error::Ebusy;
    if (slot.state == SlotState::Open) {
        const Change change(*state);
        old = slot.take();
        --state->open_count;
    }
    place.mark_taken();
    fill(*state, slot, capability, on_exec);
    return std::move(old.object);
}

/// Leaves the slot's grant to the caller's capability: nothing is released under the lock.
Capability CapabilityTable::take_out(State& state, const Place& place) {
    Slot& slot = *place.slot;
    const Change change(state);
    Capability taken = slot.take();
    slot.on_exec = OnExec::Keep;
    slot.state = SlotState::Free;
    --state.open_count;
    mark_free(state, place);
    return taken;
}

Result<Ref<Object>> CapabilityTable::close(u32 number) {
    Capability taken;
    {
        auto state = state_.lock();
        const auto place = open_place(*state, number);
        if (!place) return Error::Ebadf;
        taken = take_out(*state, *place);
    }
    return std::move(taken.object);
}

/// Skips slots that are only reserved.
std::optional<CapabilityTable::Place> CapabilityTable::next_open_in(State& state, u32 from) {
    std::optional<Place> found;
    visit_taken(state, from, [&](u32 number, Slot& slot, u64& word) {
        if (slot.state == SlotState::Open) found = Place{number, &slot, &word};
        return !found.has_value();
    });
    return found;
}

void CapabilityTable::close_range(u32 first, u32 last, RangeAction action,
                                  FunctionRef<void(Ref<Object>)> closed) {
    // Some at a time under the lock, and released without it.
    constexpr usize BATCH = 16;
    for (bool has_more = true; has_more;) {
        Capability taken[BATCH];
        usize count = 0;
        has_more = false;
        {
            auto state = state_.lock();
            visit_taken(*state, first, [&](u32 number, Slot& slot, u64& word) {
                has_more = number <= last && count == BATCH;
                if (number > last || has_more) return false;
                first = number + 1;
                if (slot.state != SlotState::Open) return true;
                if (action == RangeAction::Close)
                    taken[count++] = take_out(*state, Place{number, &slot, &word});
                else
                    slot.on_exec = OnExec::Close;
                return true;
            });
        }
        for (usize i = 0; i < count; ++i) closed(std::move(taken[i].object));
        scheduler::preempt_point();
    }
}

void CapabilityTable::close_on_exec(FunctionRef<void(Ref<Object>)> closed) {
    for (u32 from = 0;;) {
        Capability taken;
        {
            auto state = state_.lock();
            const auto next = next_open_in(*state, from);
            if (!next) return;
            from = next->number + 1;
            if (next->slot->on_exec == OnExec::Close) taken = take_out(*state, *next);
        }
        if (taken.object) closed(std::move(taken.object));
        scheduler::preempt_point();
    }
}

Result<OnExec> CapabilityTable::on_exec(u32 number) {
    auto state = state_.lock();
    const auto place = open_place(*state, number);
    if (!place) return Error::Ebadf;
    return place->slot->on_exec;
}

Result<> CapabilityTable::set_on_exec(u32 number, OnExec on_exec) {
    auto state = state_.lock();
    const auto place = open_place(*state, number);
    if (!place) return Error::Ebadf;
    place->slot->on_exec = on_exec;
    return {};
}

Result<Capability> CapabilityTable::copy(u32 number) {
    auto state = state_.lock();
    const auto place = open_place(*state, number);
    if (!place) return Error::Ebadf;
    return place->slot->copy();
}

std::optional<u32> CapabilityTable::next_open(u32 from) {
    auto state = state_.lock();
    const auto next = next_open_in(*state, from);
    return next ? std::optional(next->number) : std::nullopt;
}

u32 CapabilityTable::open_count() { return state_.lock()->open_count; }

u32 CapabilityTable::size() { return state_.lock()->size; }

Result<Ref<CapabilityTable>> CapabilityTable::clone() {
    // A process whose other users change the table during each try gets a copy whose slots are of different moments.
    constexpr u32 MOST_TRIES = 8;
    for (u32 tries = 1;; ++tries) {
        bool is_of_one_moment = true;
        Ref<CapabilityTable> copy = TRY(clone_in_pieces(is_of_one_moment));
        if (is_of_one_moment || tries == MOST_TRIES) return copy;
    }
}

/// Copies into a new table, one slot after the other.
class CapabilityTable::Copier {
  public:
    explicit Copier(State& to) : to_(to) {}

    /// The low slots in one piece at once. Errors: Enomem.
    Result<> make_low_slots(const State& from) {
        for (u32 word = FIRST_SLOTS / WORD_BITS; word-- > 0;) {
            if (from.first_taken[word] == 0) continue;
            const auto bits = static_cast<u32>(std::bit_width(from.first_taken[word]));
            (void)TRY(make_place(to_, word * WORD_BITS + bits - 1));
            break;
        }
        return {};
    }
    /// Errors: Enomem.
    Result<> copy(u32 number, const Slot& slot) {
        const Place place = TRY(place_for(number));
        Capability capability = slot.copy();
        place.mark_taken();
        fill(to_, *place.slot, capability, slot.on_exec);
        return {};
    }

  private:
    Result<Place> place_for(u32 number) {
        if (number < FIRST_SLOTS) return make_place(to_, number);
        const u32 offset = number % CHUNK_SLOTS;
        if (chunk_.slot == nullptr || chunk_.number != number - offset)
            chunk_ = TRY(make_place(to_, number - offset));
        return Place{number, chunk_.slot + offset, chunk_.word + offset / WORD_BITS};
    }

    State& to_;
    Place chunk_;  ///< The start of the one that was made last.
};

/// Errors: Enomem.
Result<Ref<CapabilityTable>> CapabilityTable::clone_in_pieces(bool& is_of_one_moment) {
    constexpr u32 SLOTS_AT_ONCE = 1024;
    Ref<CapabilityTable> copy = TRY(make_ref<CapabilityTable>());
    State& to = copy->state_.unsafe_value();
    Copier copier(to);
    std::optional<u64> changes_before;
    for (u32 next = 0;;) {
        u32 count = 0;
        Result<> copied;
        {
            auto from = state_.lock();
            if (!changes_before) {
                changes_before = from->changes;
                TRY(copier.make_low_slots(*from));
            }
            is_of_one_moment = from->changes == *changes_before;
            visit_taken(*from, next, [&](u32 number, Slot& slot, u64&) {
                next = number + 1;
                if (slot.state == SlotState::Open) copied = copier.copy(number, slot);
                return copied.has_value() && ++count < SLOTS_AT_ONCE;
            });
        }
        TRY(copied);
        if (count < SLOTS_AT_ONCE) break;
        scheduler::preempt_point();
    }
    to.lowest_free = find_free(to, 0);
    return copy;
}

// ---- TableUser

Result<TableUser> TableUser::create() { return TableUser(TRY(make_ref<CapabilityTable>())); }

TableUser TableUser::share() const {
    // relaxed: a thread that gets the new user learns of it through an ordering operation
    table_->state_.unsafe_value().users.fetch_add(1, std::memory_order_relaxed);
    return TableUser(table_);
}

Result<TableUser> TableUser::clone() const { return TableUser(TRY(table_->clone())); }

void TableUser::leave(FunctionRef<void(Ref<Object>)> closed) {
    if (!table_) return;
    // acq_rel: the last user to leave sees what the others changed; verify()'s acquire pairs with it too
    if (table_->state_.unsafe_value().users.fetch_sub(1, std::memory_order_acq_rel) == 1)
        table_->close_range(0, ~0U, RangeAction::Close, closed);
    table_ = nullptr;
}

void TableUser::leave() {
    leave([](Ref<Object>) {});
}

}  // namespace exo::security
