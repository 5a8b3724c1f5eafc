// Capability tables: which objects a task may use, and with which rights. A Linux file descriptor is an index
// into one.
//
// Key types: Rights (rights.hpp), Grant (a record shared by all copies of a capability, for revocation),
// CapabilityTable (the slots), TableUser (a task's use of a table), CapabilityUse (one use, through
// verify()), Reservation (a slot that is not visible yet). Neighbours: scheduler and vm below; drivers and
// fs, whose objects fill the slots, above. The table knows objects only as counted Objects.
// Locking: one spin lock for each table (LockRank::CapabilityTable). Every change holds it. A lookup by a
// table's only user takes neither lock nor reference, because only a user changes the table. A lookup in a
// table of several users borrows the table (sync/borrowing.hpp) while it takes a reference. If `version_`
// shows that the slot changed meanwhile, it looks again under the lock; it does the same for high numbers.
// Objects are never released under the lock: a removed reference is returned to the caller after no CPU
// borrows the object any more.
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

/// A record that all copies of one capability share. Null until a revocable capability is derived.
class Grant final : public Object {
  public:
    // release: a thread that sees the revocation also sees what the revoker did before
    void revoke() { is_revoked_.store(true, std::memory_order_release); }
    bool is_revoked() const { return is_revoked_.load(std::memory_order_acquire); }

  private:
    std::atomic<bool> is_revoked_{false};
};

enum class OnExec : u8 { Keep, Close };

/// A capability outside a table: in transit through a socket, or about to be installed.
struct Capability {
    Ref<Object> object;
    Rights rights = Rights::None;
    Ref<Grant> grant = nullptr;
};

/// One use of a capability during a system call, on the call's stack. It owns a reference only if the table
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

    /// Whether there is a capability and no right is missing.
    explicit operator bool() const { return object_ != nullptr && missing_ == Rights::None; }
    /// Whether the slot contains a capability.
    bool is_open() const { return object_ != nullptr; }
    /// The requested rights that the capability lacks.
    Rights missing() const { return missing_; }
    Rights rights() const { return rights_; }
    /// Callable only if no right is missing.
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

/// A use without a reference, in a table with any number of users. Until it is destroyed, the thread must not
/// sleep or begin another use, and does bounded work.
class [[nodiscard]] BorrowedUse {
  public:
    /// Looks a capability up. Null if a right is missing, if the slot is empty, or if the lookup would need
    /// the lock.
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

/// A slot that is taken and stays invisible until `commit`. The destructor frees it if it was not committed.
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
    /// Makes the capability visible and returns its number. Cannot fail.
    u32 commit(Capability capability, OnExec on_exec);

  private:
    CapabilityTable* table_ = nullptr;
    u32 number_ = 0;
};

struct [[nodiscard]] ReservedPair {
    Reservation first;
    Reservation second;
};

/// What close_range(2) does to a range: close it, or mark it close-on-exec.
enum class RangeAction : u8 { Close, MarkCloseOnExec };

class CapabilityTable final : public Object {
  public:
    CapabilityTable() : Object(ObjectKind::CapabilityTable) {}

    // ---- For the table's users: threads with a TableUser of the table.

    /// The only lookup that checks rights: finds slot `number` and determines which of the rights `needed`
    /// are missing. Denials are recorded in the audit ring.
    [[gnu::always_inline]] CapabilityUse verify(u32 number, Rights needed) {
        // acquire: pairs with the release in TableUser::leave, so that changes by a user that has left are
        // visible
        if (!state_.unsafe_value().has_several_users()) [[likely]]
            return use_of(find(state_.unsafe_value(), number, needed), CapabilityUse::Ownership::Borrowed);
        return use_of(find_shared(number, needed), CapabilityUse::Ownership::Retained);
    }

    /// Whether the caller is the table's only user, so that nobody else changes a slot.
    bool is_own() const { return !state_.unsafe_value().has_several_users(); }
    /// verify() for the only user: the object, or null if the slot is empty or a right is missing. It stays until the caller
    /// changes the slot.
    [[gnu::always_inline]] Object* verify_own(u32 number, Rights needed) {
        const Found found = find(state_.unsafe_value(), number, needed);
        return found.missing == Rights::None ? found.object : nullptr;
    }

    /// Reserves the lowest free slot from `minimum` on. Errors: Emfile (none below `limit`), Enomem.
    Result<Reservation> reserve(u32 limit, u32 minimum = 0);
    /// Reserves two slots, or none. Errors: Emfile, Enomem.
    Result<ReservedPair> reserve_pair(u32 limit);
    /// Reserves a slot and commits the capability. Errors: those of reserve.
    Result<u32> install(Capability capability, OnExec on_exec, u32 limit, u32 minimum = 0);
    /// dup2, dup3: installs at exactly `number`. Returns the object that was there, which the caller closes.
    /// Errors: Ebadf (not below `limit`), Ebusy (another thread has reserved it), Enomem.
    Result<Ref<Object>> install_at(u32 number, Capability capability, OnExec on_exec, u32 limit);

    /// Empties a slot and returns its object. Errors: Ebadf.
    Result<Ref<Object>> close(u32 number);
    /// Closes or marks the slots `first` to `last`, both included. Calls `closed` for each object without the
    /// lock.
    void close_range(u32 first, u32 last, RangeAction action, FunctionRef<void(Ref<Object>)> closed);
    /// execve: closes the slots that are marked close-on-exec.
    void close_on_exec(FunctionRef<void(Ref<Object>)> closed);

    /// Whether the slot is marked close-on-exec. Errors: Ebadf.
    Result<OnExec> on_exec(u32 number);
    Result<> set_on_exec(u32 number, OnExec on_exec);

    // ---- For any thread (/proc/PID/fd of another process).

    /// Copies the capability, for dup, SCM_RIGHTS and /proc. Errors: Ebadf.
    Result<Capability> copy(u32 number);
    /// The lowest open slot that is at least `from`.
    std::optional<u32> next_open(u32 from);
    u32 open_count();
    /// The table's size as programs see it: select checks no further descriptors, and /proc/PID/status shows
    /// it (FDSize).
    u32 size();

  private:
    friend class Reservation;
    friend class TableUser;
    friend class BorrowedUse;

    enum class SlotState : u8 { Free, Reserved, Open };
    /// A slot. It owns one reference to the object and one to the grant. Both and the rights are read without
    /// the lock.
    class Slot {
      public:
        Slot() = default;
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot() { (void)take(); }

        Object* object() const { return object_.load(std::memory_order_acquire); }
        const Grant* grant() const { return grant_.load(std::memory_order_acquire); }
        Rights rights() const { return rights_.load(std::memory_order_acquire); }
        /// Copies the capability with new references.
        Capability copy() const {
            return {Ref<Object>(object()), rights(), Ref<Grant>(grant_.load(std::memory_order_relaxed))};
        }
        /// Fills an empty slot.
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
    /// Slots with low numbers lie in one array. Higher ones lie in chunks that are allocated when one of
    /// their numbers is first used, so a high number costs no more memory than a low one.
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
    /// The array of slots with low numbers, behind this header. To grow, the contents move to a larger array.
    struct alignas(Slot) LowSlots {
        u32 size = 0;
        static Result<LowSlots*> create(u32 size);
        static void destroy(LowSlots* piece);
        Slot* slots() {
            // SAFETY: create makes `size` slots there. The empty array has none, and no code asks it for one.
            return reinterpret_cast<Slot*>(this + 1);
        }
    };
    static constinit LowSlots no_slots;
    struct State {
        ~State();
        std::atomic<u32> users{1};
        /// Odd while a table of several users is being changed. Read without the lock.
        std::atomic<u64> version{0};
        std::atomic<LowSlots*> low{&no_slots};
        LowSlots& low_slots() const { return *low.load(std::memory_order_acquire); }
        bool has_several_users() const { return users.load(std::memory_order_acquire) != 1; }
        u64 first_taken[FIRST_SLOTS / WORD_BITS] = {};  ///< One bit for each slot that is reserved or open.
        Tree<Chunk, &Chunk::link, Chunk> chunks;
        u64 changes = 0;      ///< How often a slot was filled or emptied.
        u32 lowest_free = 0;  ///< No slot below it is free.
        u32 open_count = 0;
        u32 size = FIRST_LINUX_SIZE;
    };

    class Copier;
    /// The content of a slot, in words that fit registers.
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
        // Constants, so that the compiler can resolve the caller's next check.
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
    /// Looks up a capability with all of the rights, while the caller borrows from the table. Null if the
    /// slot is empty, if a right is missing, or if the lookup needs the lock.
    [[gnu::always_inline]] static Found look_while_borrowing(State& state, u32 number, Rights needed) {
        // A version that is odd, which means a change in progress, never equals the one that is read again
        // below.
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
    /// Looks a capability up and takes a reference to the object.
    [[gnu::noinline]] Found find_shared(u32 number, Rights needed);
    [[gnu::noinline, gnu::cold]] Found find_locked(u32 number, Rights needed);
    [[gnu::noinline, gnu::cold]] static void note_denial(u32 number, const Object& object, Rights needed,
                                                         Rights missing);

    /// The slot for a high number. Null: no slot of its chunk was ever used.
    [[gnu::noinline]] static Slot* high_slot(const State& state, u32 number);
    /// A slot, and the word that contains its bit.
    struct Place {
        u32 number = 0;
        Slot* slot = nullptr;
        u64* word = nullptr;
        void mark_taken() const { *word |= 1ULL << number % WORD_BITS; }
    };
    /// A change of a table with several users, under its lock. Readers that run meanwhile look again; when it
    /// ends, no reader still uses what it removed.
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
        // seq_cst: the readers' lookups and their borrowing are in one order with it
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

/// A task's use of a table. When the last user leaves, every slot is closed.
class TableUser {
  public:
    TableUser() = default;
    /// Makes an empty table. Errors: Enomem.
    static Result<TableUser> create();
    TableUser(TableUser&& other) noexcept = default;
    TableUser& operator=(TableUser&& other) noexcept {
        std::swap(table_, other.table_);
        return *this;
    }
    ~TableUser() { leave(); }

    /// CLONE_FILES: makes another task a user of the same table.
    TableUser share() const;
    /// fork: makes a table with copies of all capabilities. Errors: Enomem.
    Result<TableUser> clone() const;
    /// unshare(CLONE_FILES): whether the table has no other users.
    bool is_only_user() const { return !table_->state_.unsafe_value().has_several_users(); }
    /// Gives the table up. If this was the last user, calls `closed` for each object.
    void leave(FunctionRef<void(Ref<Object>)> closed);
    void leave();

    explicit operator bool() const { return bool(table_); }
    CapabilityTable& operator*() const { return *table_; }
    CapabilityTable* operator->() const { return table_.get(); }
    /// The table, for /proc: a reader that is not a user.
    const Ref<CapabilityTable>& table() const { return table_; }

  private:
    explicit TableUser(Ref<CapabilityTable> table) : table_(std::move(table)) {}
    Ref<CapabilityTable> table_;
};

}  // namespace exo::security
