// RangeLocks: the advisory locks on one file, by owner. Each owner has a tree of ranges that do not overlap; ranges of one owner and
// one mode that touch are one range. Owners lie in a list, oldest first, as Linux orders them.
//
// A look at other owners' locks costs a step and a search of their trees for each owner; setting and clearing costs a step for
// each range that it removes. Both pass preemption points.
// Not locked: FileLocks does that.
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
        static_cast<u64>(INT64_MAX);  ///< As `last`: to the end of the file, wherever that will be.

    u64 first = 0;
    u64 last = END;
    bool overlaps(const LockRange& other) const { return first <= other.last && other.first <= last; }
    bool contains(const LockRange& other) const { return first <= other.first && other.last <= last; }
    bool operator==(const LockRange&) const = default;
};

enum class LockMode : u8 { Shared, Exclusive };

enum class LockKind : u8 {
    Posix,     ///< fcntl(2), F_SETLK: of a descriptor table.
    OpenFile,  ///< fcntl(2), F_OFD_SETLK: of an open file description.
    Flock,     ///< flock(2): of an open file description, and apart from the others.
};

/// Who has a lock. The object is only compared.
struct LockOwner {
    LockKind kind;
    const Object* object;
    bool operator==(const LockOwner&) const = default;
};

/// What a lock is told apart by when programs look at it; part of no decision.
struct LockOrigin {
    const Object* file = nullptr;  ///< The open file description through which it was set.
    i32 pid = 0;                   ///< Of the process that set it.
};

struct LockRequest {
    LockOwner owner;
    LockMode mode = LockMode::Shared;
    LockRange range;
    LockOrigin origin;
    security::UserRecord* payer = nullptr;  ///< Its user pays for the memory. Null: the kernel.
};

/// One range of one owner. It is charged to its payer as long as it is there.
struct RangeLock {
    static u64 key(const RangeLock& lock) { return lock.range.first; }
    /// Errors: Enolck (the payer has too many), Enomem.
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
    u64 sequence = 0;  ///< Of all locks of the machine: larger is newer.
    TreeNode link;
};

class RangeLocks {
  public:
    /// What one owner has. It is there as long as it has a range.
    class Holder {
      public:
        explicit Holder(const LockOwner& who) : owner(who) {}

        const LockOwner owner;
        Tree<RangeLock, &RangeLock::link, RangeLock> ranges;
        ListNode link;
    };
    /// Memory that `set` may need: made before, by whoever cannot wait for it then.
    struct Spare {
        Box<Holder> holder;
        Box<RangeLock> first;
        Box<RangeLock> second;
    };
    /// Whether other owners may have what they could not have before.
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
    /// The first lock of another owner that excludes the request; nothing: it can be set.
    std::optional<Conflict> find_conflict(const LockRequest& request);
    /// The first range of `holder` that excludes the request.
    static const RangeLock* find_conflict_with(const Holder& holder, const LockRequest& request);

    /// Makes what `set` could need for the request. Errors: Enolck (the user has too many locks), Enomem.
    static Result<Spare> make_spare(const LockRequest& request);
    /// The owner has the range in this mode from now on, whatever it had in it. No other owner's lock may exclude that.
    /// Errors: Enolck, Enomem, but not with `spare`; nothing changed then.
    Result<Change> set(const LockRequest& request, Spare* spare = nullptr);
    /// The owner has nothing in the range from now on. Errors: Enolck, Enomem (a lock falls in two); nothing changed then.
    Result<Change> clear(const LockOwner& owner, const LockRange& range);
    Change clear_all(const LockOwner& owner);

    /// The owner's lowest lock, or null.
    const RangeLock* first_of(const LockOwner& owner);
    /// All of them, oldest owner first, lowest range first.
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
