// Capability tables: what a task may name, and with which rights. A Linux file descriptor is an index into one.
//
// Key types: Rights (rights.hpp), Grant (a record shared by all copies of a capability, for revocation),
// CapabilityTable (the slots), TableUser (a task's hold on a table), CapabilityUse (one use, through verify()),
// Reservation (a slot that nobody sees yet). Neighbours: scheduler and vm below; drivers and fs, whose objects fill
// the slots, above. It knows objects only as counted Objects.
// Locking: one spin lock a table (LockRank::CapabilityTable). Every change holds it. A lookup by a table's only user
// holds nothing and takes no reference: only a user changes the table, and the only one is busy looking. A lookup in a table of several
// users borrows the table (sync/borrowing.hpp) while it takes its reference; it sees by `version_` whether the slot changed meanwhile, and
// then looks again under the lock, as for the high numbers. Objects are never released under the lock: removed references are handed to
// the caller, after no CPU borrows them any more.
#pragma once

#include <optional>

#include "security/rights.hpp"
#include "sync/borrowing.hpp"
#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"
#include "utils/vector.hpp"

namespace exo::security {

/// Shared by all copies of one capability. None (null) until a capability is derived that can be taken back.
class Grant final : public Object {
  public:
    // release: what the revoker did before is seen by whoever finds the grant revoked
    void revoke() { is_revoked_.store(true, std::memory_order_release); }
    bool is_revoked() const { return is_revoked_.load(std::memory_order_acquire); }

  private:
    std::atomic<bool> is_revoked_{false};
};

enum class OnExec : u8 { Keep, Close };

/// A capability outside a table: in flight over a socket, or about to be installed.
struct Capability {
    Ref<Object> object;
    Rights rights = Rights::None;
    Ref<Grant> grant = nullptr;
};

/// One use of a capability; lives for the length of a system call, on its stack. Owns a reference only if the table
/// has other users.
class [[nodiscard]] CapabilityUse {
  public:
    enum class Ownership : u8 { Borrowed, Retained };

    CapabilityUse() = default;
    CapabilityUse(Object* object, Rights rights, Rights missing, Ownership ownership)
        : object_(object),
          rights_(rights),
          missing_(missing),
          ownership_(ownership) {}
    CapabilityUse(CapabilityUse&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)),
          rights_(other.rights_),
          missing_(other.missing_),
          ownership_(other.ownership_) {}
    CapabilityUse& operator=(CapabilityUse&&) = delete;
    ~CapabilityUse() {
        if (object_ != nullptr && ownership_ == Ownership::Retained) object_->release();
    }

    /// There is a capability, and no right is missing.
    explicit operator bool() const { return object_ != nullptr && missing_ == Rights::None; }
    /// The slot holds a capability at all.
    bool is_open() const { return object_ != nullptr; }
    /// Which of the rights asked for the capability lacks.
    Rights missing() const { return missing_; }
    Rights rights() const { return rights_; }
    /// Only when nothing is missing.
    Object& object() const {
        DEBUG_ASSERT(bool(*this));
        return *object_;
    }

  private:
    Object* object_ = nullptr;
    Rights rights_ = Rights::None;
    Rights missing_ = Rights::None;
    Ownership ownership_ = Ownership::Borrowed;
};

class CapabilityTable;

/// A use that takes no reference, in a table of any number of users. Until it is destroyed: no sleep, bounded work, no other use.
class [[nodiscard]] BorrowedUse {
  public:
    /// Null if a right is missing, if the slot is empty, or if only the lock could tell.
    BorrowedUse(CapabilityTable& table, u32 number, Rights needed);
    BorrowedUse(const BorrowedUse&) = delete;
    BorrowedUse& operator=(const BorrowedUse&) = delete;
    ~BorrowedUse() {
        if (borrows_) sync::Borrowing::end();
    }
    explicit operator bool() const { return object_ != nullptr; }
    Object& object() const { return *object_; }

  private:
    Object* object_;
    bool borrows_;
};

/// A slot that is taken but invisible until `commit`. Gives itself back when it is dropped without.
class [[nodiscard]] Reservation {
  public:
    Reservation() = default;
    Reservation(CapabilityTable& table, u32 number) : table_(&table), number_(number) {}
    Reservation(Reservation&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          number_(other.number_) {}
    Reservation& operator=(Reservation&& other) noexcept {
        std::swap(table_, other.table_);
        std::swap(number_, other.number_);
        return *this;
    }
    ~Reservation();

    u32 number() const { return number_; }
    /// Makes the capability visible. Cannot fail; returns the number.
    u32 commit(Capability capability, OnExec on_exec);

  private:
    CapabilityTable* table_ = nullptr;
    u32 number_ = 0;
};

struct [[nodiscard]] ReservedPair {
    Reservation first;
    Reservation second;
};

/// Closing a range: close them, or mark them close-on-exec (close_range(2)).
enum class RangeAction : u8 { Close, MarkCloseOnExec };

class CapabilityTable final : public Object {
  public:
    CapabilityTable() : Object(ObjectKind::CapabilityTable) {}

    // ---- Use. By the table's users only: threads that hold a TableUser of it.

    /// The one gate: looks up slot `number` and says which of the rights `needed` it lacks. Denials are audited.
    [[gnu::always_inline]] CapabilityUse verify(u32 number, Rights needed) {
        // acquire: pairs with the release in TableUser::leave: changes by a user that has left are seen
        if (!state_.unsafe_value().has_several_users()) [[likely]]
            return use_of(find(state_.unsafe_value(), number, needed), CapabilityUse::Ownership::Borrowed);
        return use_of(find_shared(number, needed), CapabilityUse::Ownership::Retained);
    }

    /// Takes the lowest free slot from `minimum` on. Errors: Emfile (none below `limit`), Enomem.
    Result<Reservation> reserve(u32 limit, u32 minimum = 0);
    /// Two of them, or none. Errors: Emfile, Enomem.
    Result<ReservedPair> reserve_pair(u32 limit);
    /// reserve and commit in one.
    Result<u32> install(Capability capability, OnExec on_exec, u32 limit, u32 minimum = 0);
    /// dup2, dup3: at exactly `number`, replacing what is there, which the caller gets (and drops or flushes).
    /// Errors: Ebadf (not below `limit`), Ebusy (reserved by another thread just now), Enomem.
    Result<Ref<Object>> install_at(u32 number, Capability capability, OnExec on_exec, u32 limit);

    /// Empties a slot; the caller gets what was in it. Errors: Ebadf.
    Result<Ref<Object>> close(u32 number);
    /// `first` to `last`, both included. `closed` is called for each object without the lock held.
    void close_range(u32 first, u32 last, RangeAction action, FunctionRef<void(Ref<Object>)> closed);
    /// execve: closes what is marked so.
    void close_on_exec(FunctionRef<void(Ref<Object>)> closed);

    /// Errors: Ebadf.
    Result<OnExec> on_exec(u32 number);
    Result<> set_on_exec(u32 number, OnExec on_exec);

    // ---- From anywhere (another process's /proc/PID/fd).

    /// A copy of the capability, for dup, SCM_RIGHTS and /proc. Errors: Ebadf.
    Result<Capability> copy(u32 number);
    /// The lowest open slot not below `from`.
    std::optional<u32> next_open(u32 from);
    u32 open_count();
    /// Where the table ends for programs: select looks no further, and /proc/PID/status shows it (FDSize).
    u32 size();

  private:
    friend class Reservation;
    friend class TableUser;
    friend class BorrowedUse;

    enum class SlotState : u8 { Free, Reserved, Open };
    /// Owns a reference to the object and one to the grant. Both and the rights are read without the lock.
    class Slot {
      public:
        Slot() = default;
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot() { (void)take(); }

        Object* object() const { return object_.load(std::memory_order_acquire); }
        const Grant* grant() const { return grant_.load(std::memory_order_acquire); }
        Rights rights() const { return rights_.load(std::memory_order_acquire); }
        /// Shares what is in it.
        Capability copy() const {
            return {Ref<Object>(object()), rights(), Ref<Grant>(grant_.load(std::memory_order_relaxed))};
        }
        /// Into an empty slot.
        void put(Capability& capability) {
            object_.store(capability.object.leak(), std::memory_order_release);
            grant_.store(capability.grant.leak(), std::memory_order_release);
            rights_.store(capability.rights, std::memory_order_release);
        }
        Capability take() {
            Capability taken{Ref<Object>::adopt(object()), rights(),
                             Ref<Grant>::adopt(grant_.load(std::memory_order_relaxed))};
            object_.store(nullptr, std::memory_order_release);
            grant_.store(nullptr, std::memory_order_release);
            rights_.store(Rights::None, std::memory_order_release);
            return taken;
        }

        SlotState state = SlotState::Free;
        OnExec on_exec = OnExec::Keep;

      private:
        std::atomic<Object*> object_{nullptr};
        std::atomic<Grant*> grant_{nullptr};
        std::atomic<Rights> rights_{Rights::None};
    };
    /// LINUX: NR_OPEN_DEFAULT.
    static constexpr u32 FIRST_LINUX_SIZE = 64;
    static constexpr u32 WORD_BITS = 64;
    /// Slots with low numbers lie in one piece, which is found at once. Those above come in chunks, made when one of their
    /// numbers is taken: a high number costs no more memory than a low one.
    static constexpr u32 FIRST_SLOTS = 256;
    static constexpr u32 CHUNK_SLOTS = 64;
    struct Chunk {
        explicit Chunk(u32 index) : index(index) {}
        u32 start() const { return FIRST_SLOTS + index * CHUNK_SLOTS; }
        static u32 key(const Chunk& chunk) { return chunk.index; }

        u32 index;
        TreeNode link;
        u64 taken[CHUNK_SLOTS / WORD_BITS] = {};
        Slot slots[CHUNK_SLOTS];
    };
    /// The slots with low numbers, behind this head. When there must be more, their contents move to a larger piece.
    struct alignas(Slot) LowSlots {
        u32 size = 0;
        static Result<LowSlots*> create(u32 size);
        static void destroy(LowSlots* piece);
        Slot* slots() {
            // SAFETY: create makes `size` of them there; the empty piece has none, and nobody asks for one.
            return reinterpret_cast<Slot*>(this + 1);
        }
    };
    static constinit LowSlots no_slots;
    struct State {
        ~State();
        std::atomic<u32> users{1};
        /// Odd while a table of several users changes. Read without the lock.
        std::atomic<u64> version{0};
        std::atomic<LowSlots*> low{&no_slots};
        LowSlots& low_slots() const { return *low.load(std::memory_order_acquire); }
        bool has_several_users() const { return users.load(std::memory_order_acquire) != 1; }
        u64 first_taken[FIRST_SLOTS / WORD_BITS] = {};  ///< One bit a slot: reserved or open.
        Tree<Chunk, &Chunk::link, Chunk> chunks;
        u64 changes = 0;      ///< How often a slot was filled or emptied.
        u32 lowest_free = 0;  ///< No slot below it is free.
        u32 open_count = 0;
        u32 size = FIRST_LINUX_SIZE;
    };

    class Copier;
    /// What a slot holds, in words that fit registers.
    struct Found {
        Object* object = nullptr;
        Rights rights = Rights::None;
        Rights missing = Rights::None;
    };
    static CapabilityUse use_of(Found found, CapabilityUse::Ownership ownership) {
        return {found.object, found.rights, found.missing, ownership};
    }
    static Found find(State& state, u32 number, Rights needed) {
        LowSlots& low = state.low_slots();
        const Slot* place = nullptr;
        if (number < low.size) [[likely]]
            place = &low.slots()[number];
        else if (place = high_slot(state, number); place == nullptr)
            return {};
        const Found found = look_into(*place, needed);
        if (found.missing != Rights::None) [[unlikely]] {
            note_denial(number, *found.object, needed, found.missing);
            return found;
        }
        // Constants, so that the compiler sees what the callers ask next.
        return {found.object, found.rights, Rights::None};
    }
    static Found look_into(const Slot& slot, Rights needed) {
        Object* object = slot.object();
        if (object == nullptr) return {};
        const Rights rights = slot.rights();
        Rights missing = needed & ~rights;
        const Grant* grant = slot.grant();
        if (grant != nullptr && grant->is_revoked()) [[unlikely]]
            missing = needed;
        return {object, rights, missing};
    }
    /// What a capability with all the rights names, while the caller borrows from the table. Null if the slot is empty, if a right is
    /// missing, or if only the lock could tell.
    [[gnu::always_inline]] static Found look_while_borrowing(State& state, u32 number, Rights needed) {
        // A version that is odd, during a change, never equals the one that is read again below.
        const u64 version = state.version.load(std::memory_order_seq_cst) & ~1ULL;
        LowSlots& low = state.low_slots();
        if (number >= low.size) [[unlikely]]
            return {};
        const Slot& slot = low.slots()[number];
        Object* object = slot.object();
        if (object == nullptr) [[unlikely]]
            return {};
        const Rights rights = slot.rights();
        if ((needed & ~rights) != Rights::None) [[unlikely]]
            return {};
        const Grant* grant = slot.grant();
        if (grant != nullptr && grant->is_revoked()) [[unlikely]]
            return {};
        if (state.version.load(std::memory_order_acquire) != version) [[unlikely]]
            return {};
        return {object, rights, Rights::None};
    }
    /// With a reference to the object.
    [[gnu::noinline]] Found find_shared(u32 number, Rights needed);
    [[gnu::noinline, gnu::cold]] Found find_locked(u32 number, Rights needed);
    [[gnu::noinline, gnu::cold]] static void note_denial(u32 number, const Object& object, Rights needed,
                                                         Rights missing);

    /// Null: there has been nothing near it yet.
    [[gnu::noinline]] static Slot* high_slot(const State& state, u32 number);
    /// A slot, and the word with its bit.
    struct Place {
        u32 number = 0;
        Slot* slot = nullptr;
        u64* word = nullptr;
        void mark_taken() const { *word |= 1ULL << number % WORD_BITS; }
    };
    /// What a table of several users changes, its lock held: readers look again, and once it is over, none has what was taken out.
    class Change {
      public:
        explicit Change(State& state) : state_(state), is_seen_(state.has_several_users()) { step(); }
        ~Change() {
            step();
            if (is_seen_) sync::Borrowing::wait_for_others(&state_);
        }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

      private:
        // seq_cst: the readers' looks and their borrowing are in one order with it
        void step() {
            if (is_seen_) state_.version.fetch_add(1, std::memory_order_seq_cst);
        }
        State& state_;
        bool is_seen_;
    };
    static std::optional<Place> place_at(State& state, u32 number);
    static std::optional<Place> open_place(State& state, u32 number);
    static Result<Place> make_place(State& state, u32 number);
    static u32 find_free(const State& state, u32 from);
    static Result<Place> take_lowest(State& state, u32 limit, u32 minimum);
    static void mark_free(State& state, const Place& place);
    static Capability take_out(State& state, const Place& place);
    static std::optional<Place> next_open_in(State& state, u32 from);
    Result<Ref<CapabilityTable>> clone();
    Result<Ref<CapabilityTable>> clone_in_pieces(bool& is_of_one_moment);
    static void fill(State& state, Slot& slot, Capability& capability, OnExec on_exec);
    void give_back(u32 number);
    u32 commit(u32 number, Capability capability, OnExec on_exec);

    using Lock = sync::SpinLocked<State, sync::LockRank::CapabilityTable>;
    Lock state_;
};

inline BorrowedUse::BorrowedUse(CapabilityTable& table, u32 number, Rights needed) {
    CapabilityTable::State& state = table.state_.unsafe_value();
    borrows_ = state.has_several_users();
    CapabilityTable::Found found;
    if (!borrows_) [[likely]] {
        found = CapabilityTable::find(state, number, needed);
    } else {
        sync::Borrowing::begin(&state);
        found = CapabilityTable::look_while_borrowing(state, number, needed);
    }
    object_ = found.missing == Rights::None ? found.object : nullptr;
}

/// A task's hold on a table. The last one to go closes every slot.
class TableUser {
  public:
    TableUser() = default;
    /// An empty table of its own. Errors: Enomem.
    static Result<TableUser> create();
    TableUser(TableUser&& other) noexcept = default;
    TableUser& operator=(TableUser&& other) noexcept {
        std::swap(table_, other.table_);
        return *this;
    }
    ~TableUser() { leave(); }

    /// CLONE_FILES: the same table for another task.
    TableUser share() const;
    /// fork: a table of copies that share descriptions and grants. Errors: Enomem.
    Result<TableUser> clone() const;
    /// unshare(CLONE_FILES): the table is ours alone already.
    bool is_only_user() const { return !table_->state_.unsafe_value().has_several_users(); }
    /// Gives the table up now. `closed` gets each object if it was the last user.
    void leave(FunctionRef<void(Ref<Object>)> closed);
    void leave();

    explicit operator bool() const { return bool(table_); }
    CapabilityTable& operator*() const { return *table_; }
    CapabilityTable* operator->() const { return table_.get(); }
    /// For /proc: looks without being a user.
    const Ref<CapabilityTable>& table() const { return table_; }

  private:
    explicit TableUser(Ref<CapabilityTable> table) : table_(std::move(table)) {}
    Ref<CapabilityTable> table_;
};

}  // namespace exo::security
