// futex(2): waiting for a word of memory, and waking who waits.
#include "posix_x/futex/futex_table.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::FutexFlags;
using abi::FutexOperation;

using Operation = ChoiceWith<FutexOperation, FutexFlags>;
using WordValue = Number<Kind::Integer, u32>;
using Word = vm::UserInOut<IntegerInMemory>;
using Timeout = OrNull<vm::UserIn<abi::timespec>>;

constexpr u32 FLAGS = abi::raw(FutexFlags::PrivateFlag) | abi::raw(FutexFlags::ClockRealtime);

bool is_set(u32 flags, FutexFlags flag) { return (flags & abi::raw(flag)) != 0; }

FutexScope scope_of(u32 flags) {
    return is_set(flags, FutexFlags::PrivateFlag) ? FutexScope::Private : FutexScope::Shared;
}

/// FUTEX_WAIT's time is relative, FUTEX_WAIT_BITSET's a point of its clock. Errors: Efault, Einval.
Result<FutexTimeout> timeout_of(FutexOperation operation, u32 flags, Timeout timeout) {
    using Clock = FutexTimeout::Clock;
    if (timeout.is_null()) return FutexTimeout{};
    const Nanoseconds time = TRY(to_nanoseconds(TRY(timeout.read())));
    if (operation == FutexOperation::Wait)
        return FutexTimeout{Clock::Monotonic, time::Deadline::after(time).at};
    return FutexTimeout{is_set(flags, FutexFlags::ClockRealtime) ? Clock::Real : Clock::Monotonic, time};
}

Result<u64> wait_on(const RestartBlock& block);

/// Errors: RestartWithBlock (a signal, and the wait has an end), RestartSys (it has none), and those of FutexTable::wait.
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

/// LINUX: futex_wait_restart, which keeps the end and the clock.
Result<u64> wait_on(const RestartBlock& block) {
    const auto clock = is_set(block.futex.flags, FutexFlags::ClockRealtime) ? FutexTimeout::Clock::Real
                                                                            : FutexTimeout::Clock::Monotonic;
    return wait(block.address, block.futex.flags, block.futex.expected, block.futex.bits,
                {clock, block.deadline.at});
}

/// What the call answers depends on the operation: how many were woken or moved, or 0.
Answer<ByCommand> sys_futex(Context&, Word word, Operation operation, WordValue value, Timeout timeout,
                            Word second, WordValue third) {
    Task& task = current_task();
    const u32 flags = operation.value & FLAGS;
    const FutexOperation choice = operation.choice();
    const bool waits = choice == FutexOperation::Wait || choice == FutexOperation::WaitBitset;
    // LINUX: the time is looked at before the clock's flag is.
    const FutexTimeout until = waits ? TRY(timeout_of(choice, flags, timeout)) : FutexTimeout{};
    if (is_set(flags, FutexFlags::ClockRealtime) && choice != FutexOperation::WaitBitset)
        return Error::Enosys;
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
        default: return Error::Enosys;  // priority inheritance comes with threads
    }
}

}  // namespace

Result<> register_futex_calls() { return syscall::register_call<sys_futex>(202, "futex"); }

}  // namespace exo::posix_x
