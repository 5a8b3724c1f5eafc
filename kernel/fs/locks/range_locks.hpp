// RangeLocks: the advisory locks on one file, by owner. Each owner has a tree of ranges that do not overlap; ranges of one owner and
// one mode that touch are one range. Owners lie in a list, oldest first, as Linux orders them.
//
// Finding a conflict costs one step and one tree search for each other owner; setting and clearing cost one
// step for each range that they remove. Both pass preemption points.
// RangeLocks has no lock of its own; FileLocks locks it.
#pragma once

#include <optional>

#include "scheduler/preemption.hpp"
#include "security/user_record.hpp"
#include "utils/box.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::fs {

/// Bytes `first` to `last`, both included.
struct LockRange {
    static constexpr u64 END =
        static_cast<u64>(INT64_MAX);  ///< As `last`: to the end of the file, also after it grows.

    u64 first = 0;
    u64 last = END;
    bool overlaps(const LockRange& other) const { return first <= other.last && other.first <= last; }
    bool contains(const LockRange& other) const { return first <= other.first && other.last <= last; }
    bool operator==(const LockRange&) const = default;
};

enum class LockMode : u8 { Shared, Exclusive };

enum class LockKind : u8 {
    Posix,     ///< fcntl(2), F_SETLK: owned by a descriptor table.
    OpenFile,  ///< fcntl(2), F_OFD_SETLK: owned by an open file description.
    Flock,     ///< flock(2): owned by an open file description. Never conflicts with the other kinds.
};

/// The owner of a lock. `object` is only compared.
struct LockOwner {
    LockKind kind;
    const Object* object;
    bool operator==(const LockOwner&) const = default;
};

/// Properties of a lock that reports show. No decision depends on them.
struct LockOrigin {
    const Object* file = nullptr;  ///< The open file description through which it was set.
    i32 pid = 0;                   ///< The process that set it.
};

struct LockRequest {
    LockOwner owner;
    LockMode mode = LockMode::Shared;
    LockRange range;
    LockOrigin origin;
    security::UserRecord* payer = nullptr;  ///< The user that is charged for the memory. Null: the kernel.
};

/// One range of one owner. It is charged to its payer until it is destroyed.
struct RangeLock {
    static u64 key(const RangeLock& lock) { return lock.range.first; }
    /// Errors: Enolck (the payer has too many locks), Enomem.
    static Result<Box<RangeLock>> create(const LockRange& range, LockMode mode, const LockOrigin& origin,
                                         security::UserRecord* payer);

    RangeLock(const LockRange& where, LockMode how, const LockOrigin& from, Ref<security::UserRecord> user)
        : range(where),
          mode(how),
          origin(from),
          payer(std::move(user)) {}
    ~RangeLock();

    LockRange range;
    LockMode mode;
    LockOrigin origin;
    const Ref<security::UserRecord> payer;
    u64 sequence = 0;  ///< Numbers all locks of the machine: a larger number is newer.
    TreeNode link;
};

class RangeLocks {
  public:
    /// The locks of one owner. It exists as long as the owner has a range.
    class Holder {
      public:
        explicit Holder(const LockOwner& who) : owner(who) {}

        const LockOwner owner;
        Tree<RangeLock, &RangeLock::link, RangeLock> ranges;
        ListNode link;
    };
    /// Preallocated memory for a later `set` that cannot wait for memory.
    struct Spare {
        Box<Holder> holder;
        Box<RangeLock> first;
        Box<RangeLock> second;
    };
    /// Whether the operation freed a range that other owners may now lock.
    enum class Change : u8 { NothingFreed, SomethingFreed };
    struct Conflict {
        const Holder* holder;
        const RangeLock* lock;
    };

    RangeLocks() = default;
    RangeLocks(const RangeLocks&) = delete;
    RangeLocks& operator=(const RangeLocks&) = delete;
    ~RangeLocks();

    bool is_empty() { return holders_.is_empty(); }
    /// The first lock of another owner that conflicts with the request; nothing: the request can be granted.
    std::optional<Conflict> find_conflict(const LockRequest& request);
    /// The first range of `holder` that conflicts with the request.
    static const RangeLock* find_conflict_with(const Holder& holder, const LockRequest& request);

    /// Preallocates the memory that `set` could need for the request. Errors: Enolck (the user has too many
    /// locks), Enomem.
    static Result<Spare> make_spare(const LockRequest& request);
    /// Sets the owner's mode for the range and replaces its earlier locks there. The caller has found no
    /// conflict.
    /// Errors: Enolck, Enomem, neither with `spare`; nothing is changed then.
    Result<Change> set(const LockRequest& request, Spare* spare = nullptr);
    /// Removes the owner's locks in the range. Errors: Enolck, Enomem (a lock has to be split); nothing is
    /// changed then.
    Result<Change> clear(const LockOwner& owner, const LockRange& range);
    Change clear_all(const LockOwner& owner);

    /// The owner's lowest lock, or null.
    const RangeLock* first_of(const LockOwner& owner);
    /// Visits all locks: oldest owner first, and lowest range first.
    void for_each(FunctionRef<void(const Holder&, const RangeLock&)> visit);

  private:
    Holder* find_holder(const LockOwner& owner);
    static RangeLock* first_touching(const Holder& holder, const LockRange& range);
    static void remove(Holder& holder, RangeLock& lock);
    static void move_start(Holder& holder, RangeLock& lock, u64 first);
    void drop_if_empty(Holder& holder);

    List<Holder, &Holder::link> holders_;
};

}  // namespace exo::fs
