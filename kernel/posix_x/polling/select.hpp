// The part that ppoll, select and pselect6 share: a wait that writes its remaining time back.
#pragma once

#include "posix_x/syscalls/time_values.hpp"
#include "utils/function_ref.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

struct TimedWait {
    time::Deadline deadline = time::Deadline::never();
    /// There is a timeout that is not 0: the remaining time must be written back.
    bool reports_left = false;

    static TimedWait of(Nanoseconds time) { return {time::Deadline::after(time), time != 0}; }
    /// A null pointer means no timeout. Errors: Efault, Einval.
    template <class T> static Result<TimedWait> until(vm::UserInOut<T> timeout) {
        if (timeout.is_null()) return TimedWait{};
        return of(TRY(to_nanoseconds(TRY(timeout.read()))));
    }
};

/// Whether a signal ended the wait with this result.
inline bool is_interrupted(const Result<u64>& result) {
    return !result && (result.error() == Error::RestartNoHandler || result.error() == Error::Eintr);
}

/// Writes the remaining time back. After RestartSys the call starts again with the remaining time, unless a
/// handler ran. If the time could not be written, the call ends with EINTR instead, because a restart would
/// use the full time again. Source: Linux, fs/select.c, poll_select_finish().
Result<u64> finish_timed_wait(Result<u64> result, const TimedWait& wait,
                              FunctionRef<Result<>(Nanoseconds left)> write);

}  // namespace exo::posix_x
