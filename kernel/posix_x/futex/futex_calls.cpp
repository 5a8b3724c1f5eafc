// futex(2): waits for a word of memory, and wakes waiting threads.
#include "posix_x/futex/futex_calls.hpp"

#include "posix_x/futex/futex_table.hpp"
#include "posix_x/futex/pi_futex.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::FutexFlags;
using abi::FutexOperation;

constexpr u32 FLAGS = abi::raw(FutexFlags::PrivateFlag) | abi::raw(FutexFlags::ClockRealtime);

bool is_set(u32 flags, FutexFlags flag) { return (flags & abi::raw(flag)) != 0; }

FutexScope scope_of(u32 flags) {
    return is_set(flags, FutexFlags::PrivateFlag) ? FutexScope::Private : FutexScope::Shared;
}

/// The end of a wait. FUTEX_WAIT has a relative time, the other operations a point in their clock;
/// FUTEX_LOCK_PI cannot choose the clock. Errors: Efault, Einval.
Result<FutexTimeout> timeout_of(FutexOperation operation, u32 flags, Timeout timeout) {
    using Clock = FutexTimeout::Clock;
    if (timeout.is_null()) return FutexTimeout{};
    const Nanoseconds time = TRY(to_nanoseconds(TRY(timeout.read())));
    if (operation == FutexOperation::Wait)
        return FutexTimeout{Clock::Monotonic, time::Deadline::after(time).at};
    const bool is_real = is_set(flags, FutexFlags::ClockRealtime) || operation == FutexOperation::LockPi;
    return FutexTimeout{is_real ? Clock::Real : Clock::Monotonic, time};
}

Result<u64> wait_on(const RestartBlock& block);

/// Errors: RestartWithBlock (a signal ended a wait with a timeout), RestartSys (a signal ended another wait),
/// and those of FutexTable::wait.
Result<u64> wait(u64 address, u32 flags, u32 expected, u32 bits, FutexTimeout timeout) {
    Task& task = current_task();
    const Result<> result = FUTEXES.wait(task, address, scope_of(flags), expected, bits, timeout);
    if (result) return 0ULL;
    if (result.error() != Error::RestartSys || timeout.clock == FutexTimeout::Clock::Never)
        return result.error();
    task.restart = {.resume = &wait_on, .deadline = {timeout.at}, .address = address};
    task.restart.futex = {expected, bits, flags};
    return Error::RestartWithBlock;
}

/// Continues a wait. LINUX: futex_wait_restart, which keeps the end and the clock.
Result<u64> wait_on(const RestartBlock& block) {
    const auto clock = is_set(block.futex.flags, FutexFlags::ClockRealtime) ? FutexTimeout::Clock::Real
                                                                            : FutexTimeout::Clock::Monotonic;
    return wait(block.address, block.futex.flags, block.futex.expected, block.futex.bits,
                {clock, block.deadline.at});
}

}  // namespace

/// The meaning of the result depends on the operation: how many threads were woken or moved, or 0.
Answer<ByCommand> sys_futex(Context&, Word word, Operation operation, WordValue value, Timeout timeout,
                            Word second, WordValue third) {
    Task& task = current_task();
    const u32 flags = operation.value & FLAGS;
    const FutexOperation choice = operation.choice();
    const bool has_clock = choice == FutexOperation::WaitBitset || choice == FutexOperation::LockPi2 ||
                           choice == FutexOperation::WaitRequeuePi;
    const bool waits = has_clock || choice == FutexOperation::Wait || choice == FutexOperation::LockPi;
    // LINUX: the time is looked at before the clock's flag is.
    const FutexTimeout until = waits ? TRY(timeout_of(choice, flags, timeout)) : FutexTimeout{};
    if (is_set(flags, FutexFlags::ClockRealtime) && !has_clock) return Error::Enosys;
    const FutexScope scope = scope_of(flags);
    const i32 count = static_cast<i32>(u32{value});
    const i32 second_count = static_cast<i32>(timeout.address());  // where the operation takes no time
    switch (choice) {
        case FutexOperation::Wait: return wait(word.address(), flags, value, abi::FUTEX_ANY_BIT, until);
        case FutexOperation::WaitBitset:
            if (third == 0) return Error::Einval;
            return wait(word.address(), flags, value, third, until);
        case FutexOperation::Wake:
            return FUTEXES.wake(task, word.address(), scope, count, abi::FUTEX_ANY_BIT);
        case FutexOperation::WakeBitset:
            if (third == 0) return Error::Einval;
            return FUTEXES.wake(task, word.address(), scope, count, third);
        case FutexOperation::Requeue:
            return FUTEXES.requeue(task, word.address(), second.address(), scope, count, second_count, {});
        case FutexOperation::CmpRequeue:
            return FUTEXES.requeue(task, word.address(), second.address(), scope, count, second_count,
                                   u32{third});
        case FutexOperation::WakeOp:
            return FUTEXES.wake_and_change(task, word.address(), second.address(), scope, count, second_count,
                                           third);
        case FutexOperation::LockPi:
        case FutexOperation::LockPi2: TRY(PI_FUTEXES.lock(task, word.address(), scope, until)); return 0ULL;
        case FutexOperation::TrylockPi: TRY(PI_FUTEXES.try_lock(task, word.address(), scope)); return 0ULL;
        case FutexOperation::UnlockPi: TRY(PI_FUTEXES.unlock(task, word.address(), scope)); return 0ULL;
        // No C library requeues waiters to a word with priority inheritance any more.
        case FutexOperation::WaitRequeuePi:
        case FutexOperation::CmpRequeuePi:
        default: return Error::Enosys;
    }
}

// ---- Several words

/// Reads the words of futex_waitv. LINUX: futex_parse_waitv. Errors: Efault, Einval.
static Result<> read_choices(u64 address, std::span<FutexChoice> choices) {
    using abi::FutexWaitFlags;
    constexpr FutexWaitFlags KNOWN = FutexWaitFlags::Size32 | FutexWaitFlags::Private;
    for (FutexChoice& choice : choices) {
        const abi::futex_waitv entry = TRY(vm::UserIn<abi::futex_waitv>(address).read());
        address += sizeof(entry);
        const auto entry_flags = static_cast<FutexWaitFlags>(entry.flags);
        if (has(entry_flags, ~KNOWN) || entry.__reserved != 0) return Error::Einval;
        if (!has(entry_flags, FutexWaitFlags::Size32)) return Error::Einval;
        choice.address = entry.uaddr;
        choice.expected = static_cast<u32>(entry.val);
        choice.scope = has(entry_flags, FutexWaitFlags::Private) ? FutexScope::Private : FutexScope::Shared;
    }
    return {};
}

/// Returns the index of the word that was woken.
Answer<Count32> sys_futex_waitv(Context&, InArray<abi::futex_waitv, 1> words, Count32 count,
                                Number<Kind::Zero, u32> flags, Timeout timeout, abi::ClockId clock) {
    using Clock = FutexTimeout::Clock;
    if (flags != 0 || count == 0 || count > abi::FUTEX_WAITV_MAX || words.address == 0) return Error::Einval;
    FutexTimeout until;
    if (!timeout.is_null()) {
        if (clock != abi::ClockId::Realtime && clock != abi::ClockId::Monotonic) return Error::Einval;
        until = {clock == abi::ClockId::Realtime ? Clock::Real : Clock::Monotonic,
                 TRY(to_nanoseconds(TRY(timeout.read())))};
    }
    const std::unique_ptr<FutexChoice[]> choices(new (std::nothrow) FutexChoice[count]);
    if (!choices) return Error::Enomem;
    TRY(read_choices(words.address, {choices.get(), count}));
    return TRY(FUTEXES.wait_for_any(current_task(), {choices.get(), count}, until));
}

// ---- Robust lists

/// set_robust_list(2): the only valid size of a list head.
constexpr u64 ROBUST_HEAD_SIZE = 24;

Result<> sys_set_robust_list(Context&, UserAddress head, Size size) {
    if (size != ROBUST_HEAD_SIZE) return Error::Einval;
    current_task().robust_list = head.value;
    return {};
}

/// Checks that the caller may read the list of another task. LINUX: ptrace_may_access with the real ids.
/// Errors: Eperm.
static Result<> check_may_look_into(Task& other) {
    const Task& caller = current_task();
    const Identity& own = caller.identity();
    if (other.process.get() == caller.process.get() || own.can(Capability::SysPtrace)) return {};
    Ref<Identity> identity;
    Ref<ProgramImage> image;
    {
        auto resources = other.resources.lock();
        identity = resources->identity;
        image = resources->image;
    }
    const bool is_same = own.uid == identity->uid && own.uid == identity->euid && own.uid == identity->suid &&
                         own.gid == identity->gid && own.gid == identity->egid && own.gid == identity->sgid;
    const bool is_dumpable = image && image->is_dumpable.load(std::memory_order_relaxed);
    const bool is_above = (identity->permitted & ~own.permitted) != 0;
    return is_same && is_dumpable && !is_above ? Result<>() : Error::Eperm;
}

Result<> sys_get_robust_list(Context&, PidOf<PidUse::ThreadOrSelf> tid, vm::UserOut<AddressAnswer> head,
                             vm::UserOut<Size> size) {
    const Ref<Task> task = tid.value == 0 ? Ref<Task>(&current_task()) : PROCESSES.find_task(tid.value);
    if (!task) return Error::Esrch;
    TRY(check_may_look_into(*task));
    const u64 address = task->robust_list.load(std::memory_order_relaxed);
    // LINUX: futex_get_robust_list_common returns it as a pointer, which above this is an error.
    constexpr u64 MOST_ERRNO = 4095;
    if (-address <= MOST_ERRNO && address != 0) return static_cast<Error>(-address);
    TRY(size.write(ROBUST_HEAD_SIZE));
    return head.write(address);
}

}  // namespace exo::posix_x
