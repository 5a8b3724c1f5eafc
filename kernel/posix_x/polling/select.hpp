// What ppoll, select and pselect6 share: a wait whose remaining time is written back.
#pragma once

#include "posix_x/syscalls/time_values.hpp"
#include "utils/function_ref.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

struct TimedWait {
    time::Deadline deadline = time::Deadline::never();
    /// There is a timeout, and it is not 0: then what is left of it is written back.
    bool reports_left = false;

    static TimedWait of(Nanoseconds time) { return {time::Deadline::after(time), time != 0}; }
    /// A null pointer is a wait without end. Errors: Efault, Einval.
    template <class T> static Result<TimedWait> until(vm::UserInOut<T> timeout) {
        if (timeout.is_null()) return TimedWait{};
        return of(TRY(to_nanoseconds(TRY(timeout.read()))));
    }
};

/// The result is that of a wait which a signal ended.
inline bool is_interrupted(const Result<u64>& result) {
    return !result && (result.error() == Error::RestartNoHandler || result.error() == Error::Eintr);
}

/// Writes the remaining time back and turns RestartSys into what these calls do: they start again, with the time that
/// is left, unless a handler ran. If the time could not be written they end with EINTR instead, since it would be
/// counted anew. Source: Linux, fs/select.c, poll_select_finish().
Result<u64> finish_timed_wait(Result<u64> result, const TimedWait& wait,
                              FunctionRef<Result<>(Nanoseconds left)> write);

}  // namespace exo::posix_x
