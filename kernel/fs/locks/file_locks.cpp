#include "fs/locks/file_locks.hpp"

#include "fs/locks/lock_graph.hpp"
#include "utils/format.hpp"
#include "utils/map.hpp"

namespace exo::fs {

namespace {

struct Files {
    FileLocks::All all;
    u64 next_id = 0;
};
/// Every file that was ever locked and still exists.
constinit sync::SpinLocked<Files, sync::LockRank::SpinLeaf> files;

u64 take_id() { return files.lock()->next_id++; }

}  // namespace

FileLocks::FileLocks(abi::DeviceNumber device, u64 inode_number)
    : device_(device),
      inode_number_(inode_number),
      id_(take_id()) {
    (void)files.lock()->all.insert(*this);
}

FileLocks::~FileLocks() { files.lock()->all.remove(*this); }

Result<> FileLocks::set(const LockRequest& request, Blocking blocking) {
    {
        auto state = TRY(state_.lock_killable());
        RangeLocks& locks = state->locks_of(request.owner.kind);
        bool is_changed = false;
        if (request.owner.kind == LockKind::Flock) {
            const RangeLock* held = locks.first_of(request.owner);
            if (held != nullptr && held->mode == request.mode) return {};
            // LINUX: flock_lock_inode. A request that does not get the new lock has lost its old one; no
            // waiting request is granted in between.
            is_changed =
                held != nullptr && locks.clear_all(request.owner) == RangeLocks::Change::SomethingFreed;
        }
        const bool is_free = !locks.find_conflict(request);
        const auto set =
            is_free ? locks.set(request) : Result<RangeLocks::Change>(RangeLocks::Change::NothingFreed);
        if (is_changed || (set && *set == RangeLocks::Change::SomethingFreed)) free(*state, request.owner);
        if (is_free) return set ? Result<>() : Result<>(set.error());
    }
    return blocking == Blocking::Yes ? wait(request) : Error::Eagain;
}

Result<> FileLocks::clear(const LockOwner& owner, const LockRange& range) {
    auto state = TRY(state_.lock_killable());
    if (TRY(state->locks_of(owner.kind).clear(owner, range)) == RangeLocks::Change::SomethingFreed)
        free(*state, owner);
    return {};
}

void FileLocks::clear_all(const LockOwner& owner) {
    auto state = state_.lock();
    if (state->locks_of(owner.kind).clear_all(owner) == RangeLocks::Change::SomethingFreed)
        free(*state, owner);
}

std::optional<FileLocks::Found> FileLocks::find_conflict(const LockRequest& request) {
    auto state = state_.lock();
    const auto conflict = state->locks_of(request.owner.kind).find_conflict(request);
    if (!conflict) return std::nullopt;
    const RangeLock& lock = *conflict->lock;
    return Found{conflict->holder->owner.kind, lock.mode, lock.range, lock.origin.pid};
}

// ---- Waiting

Result<> FileLocks::wait(const LockRequest& request) {
    Wait wait(request);
    wait.spare = TRY(RangeLocks::make_spare(request));
    {
        auto state = TRY(state_.lock_killable());
        RangeLocks& locks = state->locks_of(request.owner.kind);
        const auto conflict = locks.find_conflict(request);
        if (!conflict) {
            if (TRY(locks.set(request, &wait.spare)) == RangeLocks::Change::SomethingFreed)
                free(*state, request.owner);
            return {};
        }
        TRY(graph.enter(wait, conflict->holder->owner));
        state->waits.push_back(wait);
    }
    const auto is_decided = [&] {
        return wait.outcome.load(std::memory_order_seq_cst) != Wait::Outcome::Open;
    };
    const Result<> waited = wait.queue.wait(scheduler::WaitMode::Interruptible, is_decided);
    // The deciding thread still holds the lock while it wakes this one.
    auto state = state_.lock();
    switch (wait.outcome.load(std::memory_order_relaxed)) {
        case Wait::Outcome::Granted: return {};
        case Wait::Outcome::Deadlock: return Error::Edeadlk;
        case Wait::Outcome::Open: break;
    }
    decltype(state->waits)::remove(wait);
    graph.leave(wait);
    return waited;
}

void FileLocks::finish(Wait& wait, Wait::Outcome outcome) {
    List<Wait, &Wait::link>::remove(wait);
    graph.leave(wait);
    wait.outcome.store(outcome, std::memory_order_seq_cst);
    wait.queue.wake_one();
}

void FileLocks::mark_blocked_by(State& state, const LockOwner& owner) {
    for (Wait& wait : state.waits) {
        if (wait.blocker == owner) wait.must_look = true;
        scheduler::preempt_point();
    }
}

/// Grants the waiting request, or finds the owner that it must wait for now.
RangeLocks::Change FileLocks::decide(State& state, Wait& wait) {
    RangeLocks& locks = state.locks_of(wait.request.owner.kind);
    wait.must_look = false;
    if (const auto conflict = locks.find_conflict(wait.request)) {
        if (!graph.enter(wait, conflict->holder->owner)) finish(wait, Wait::Outcome::Deadlock);
        return RangeLocks::Change::NothingFreed;
    }
    // Cannot fail with the memory that the waiter has brought.
    const auto change = locks.set(wait.request, &wait.spare).value_or(RangeLocks::Change::NothingFreed);
    if (change == RangeLocks::Change::SomethingFreed) mark_blocked_by(state, wait.request.owner);
    finish(wait, Wait::Outcome::Granted);
    return change;
}

/// Checks the requests that wait for `freed` again, oldest first. `freed` has given up or weakened locks.
void FileLocks::free(State& state, const LockOwner& freed) {
    if (state.waits.is_empty()) return;
    mark_blocked_by(state, freed);
    // A lock that is given to a waiter may replace a stronger one of the same owner, which others wait for.
    for (bool must_repeat = true; must_repeat;) {
        must_repeat = false;
        for (Wait& wait : state.waits) {
            scheduler::preempt_point();
            if (wait.must_look && decide(state, wait) == RangeLocks::Change::SomethingFreed)
                must_repeat = true;
        }
    }
}

// ---- Reports

/// Collects locks and waiting requests, and writes them in Linux's order. LINUX: lock_get_status.
class FileLocks::Report {
  public:
    struct Line {
        LockKind kind;
        LockMode mode;
        LockRange range;
        i32 pid;
        abi::DeviceNumber device;
        u64 inode_number;
    };
    enum class As : u8 { Lock, Waiter };

    static Result<> append(String& out, u64 number, As as, const Line& line) {
        const std::string_view kind = line.kind == LockKind::Flock   ? "FLOCK  ADVISORY  "
                                      : line.kind == LockKind::Posix ? "POSIX  ADVISORY  "
                                                                     : "OFDLCK ADVISORY  ";
        TRY(format_append(out, "{}: {}{}{} {} {:02x}:{:02x}:{} {} ", number, as == As::Waiter ? "-> " : "",
                          kind, line.mode == LockMode::Exclusive ? "WRITE" : "READ",
                          line.kind == LockKind::OpenFile ? -1 : line.pid, line.device.major,
                          line.device.minor, line.inode_number, line.range.first));
        if (line.range.last == LockRange::END) return out.append("EOF\n");
        return format_append(out, "{}\n", line.range.last);
    }

    Line line_of(const FileLocks& locks, LockKind kind, LockMode mode, const LockRange& range, i32 pid) {
        return {kind, mode, range, pid, locks.device_, locks.inode_number_};
    }
    /// Errors: Enomem.
    Result<> collect(FileLocks& locks) {
        auto state = TRY(locks.state_.lock_killable());
        Result<> result;
        const auto add = [&](const RangeLocks::Holder& holder, const RangeLock& lock) {
            if (result)
                result = add_line({lock.sequence, 0},
                                  line_of(locks, holder.owner.kind, lock.mode, lock.range, lock.origin.pid));
        };
        state->records.for_each(add);
        state->flocks.for_each(add);
        TRY(result);
        u64 waiters = 0;
        for (const Wait& wait : state->waits) {
            scheduler::preempt_point();
            const LockRequest& request = wait.request;
            const auto conflict = state->locks_of(request.owner.kind).find_conflict(request);
            if (!conflict) continue;
            TRY(add_line(
                {conflict->lock->sequence, ++waiters},
                line_of(locks, request.owner.kind, request.mode, request.range, request.origin.pid)));
        }
        return {};
    }
    Result<> write(String& out) {
        u64 number = 0;
        for (const auto& entry : lines_) {
            scheduler::preempt_point();
            const bool is_lock = entry.key.waiter == 0;
            if (is_lock) ++number;
            TRY(append(out, number, is_lock ? As::Lock : As::Waiter, entry.value));
        }
        return {};
    }

  private:
    /// The newest lock comes first, and those who wait for it behind it.
    struct Place {
        u64 sequence;
        u64 waiter;
        friend bool operator<(const Place& a, const Place& b) {
            return a.sequence != b.sequence ? a.sequence > b.sequence : a.waiter < b.waiter;
        }
    };
    Result<> add_line(const Place& place, const Line& line) {
        TRY(lines_.insert(place, line));
        return {};
    }
    Map<Place, Line> lines_;
};

Result<> FileLocks::append_all(String& out) {
    Report report;
    for (u64 id = 0;;) {
        Ref<FileLocks> locks;
        {
            auto state = files.lock();
            FileLocks* next = state->all.lower_bound(id);
            // The last reference of one that is going has been dropped: its turn here never comes.
            while (next != nullptr && !next->try_retain()) next = All::next(*next);
            if (next == nullptr) break;
            locks = Ref<FileLocks>::adopt(next);
        }
        id = locks->id_ + 1;
        TRY(report.collect(*locks));
        scheduler::preempt_point();
    }
    return report.write(out);
}

Result<> FileLocks::append_of_file(String& out, const Object& file, const Object& table) {
    auto state = TRY(state_.lock_killable());
    Report report;
    u64 number = 0;
    Result<> result;
    const auto add = [&](const RangeLocks::Holder& holder, const RangeLock& lock) {
        const bool is_his = holder.owner.object == &file || holder.owner.object == &table;
        if (lock.origin.file != &file || !is_his || !result) return;
        result = out.append("lock:\t");
        if (result)
            result = Report::append(
                out, ++number, Report::As::Lock,
                report.line_of(*this, holder.owner.kind, lock.mode, lock.range, lock.origin.pid));
    };
    state->flocks.for_each(add);
    state->records.for_each(add);
    return result;
}

}  // namespace exo::fs
