// The records about a traced task that the kernel sends to the host. The layout is fixed, little-endian, and
// a multiple of 8 bytes long. docs/trace_records.md describes it; tools/exo/trace/records.py parses it.
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x::trace {

inline constexpr u32 VERSION = 1;

enum class RecordKind : u32 {
    Hello = 1,  ///< The first one. `detail` is VERSION.
    Start,      ///< A task is traced from now on.
    Enter,      ///< A system call begins.
    Copy,       ///< The kernel read or wrote memory of the program. `detail` is an upcalls::UserCopy.
    Path,       ///< The path of a descriptor. `detail` is the number of the argument, or RESULT_PLACE.
    Exit,       ///< A system call has ended. `detail`: 0, or Linux's number of the requested restart.
    Signal,     ///< The task takes a signal.
    Stopped,    ///< The process stops. `detail` is the signal.
    Ended,      ///< The task ends. `detail` 1: it was the last traced task.
    Renamed,    ///< The task has executed a program and now has the number of its process's leader.
    Timeline,   ///< Events of the scheduler on one CPU, `detail`.
};

inline constexpr u32 RESULT_PLACE = 6;

/// `sequence` numbers the records of all tasks without gaps, in the order of the events. Records of different
/// tasks may arrive in another order.
struct RecordHeader {
    u32 size = 0;  ///< With the header and the data behind the body.
    RecordKind kind{};
    i32 tid = 0;
    u32 detail = 0;
    u64 sequence = 0;
    i64 time = 0;  ///< Monotonic, nanoseconds.
};
static_assert(sizeof(RecordHeader) == 32);

struct HelloBody {
    i64 realtime_offset = 0;  ///< Real time minus monotonic time.
};

struct StartBody {
    i32 process = 0;
    i32 maker = 0;  ///< The task that made this one; 0 for the first one.
};

struct EnterBody {
    u64 number = 0;
    u64 arguments[6] = {};
};

struct CopyBody {
    u64 address = 0;
    u64 size = 0;      ///< How many bytes were copied.
    u64 captured = 0;  ///< How many of these bytes follow.
};

struct PathBody {
    i32 descriptor = 0;
    u32 size = 0;
};

struct ExitBody {
    u64 result = 0;
};

struct SignalBody {
    i32 signal = 0;
    i32 code = 0;
    i32 error = 0;
    i32 sender = 0;
    u32 sender_uid = 0;
    i32 status = 0;
    u64 value = 0;
    u64 key = 0;
    i64 user_time = 0;
    i64 system_time = 0;
};

struct EndedBody {
    i32 status = 0;  ///< The status word, as in wait4.
    i32 padding = 0;
};

struct RenamedBody {
    i32 old_tid = 0;
    i32 padding = 0;
};

/// `count` events follow (scheduler/timeline.hpp).
struct TimelineBody {
    u64 count = 0;
    u64 lost = 0;  ///< How many events are missing before these.
};

/// The settings, which the host sends once before tracing begins.
struct Settings {
    static constexpr u32 MAGIC = 0x45435254;  // "TRCE"
    static constexpr usize CALLS = 513;       // the last one stands for all numbers beyond the table
    static constexpr u8 IS_WANTED = 0x80;
    static constexpr u32 MOST_CAPTURED = 1 << 16;

    u32 magic = 0;
    u32 version = 0;
    u32 string_limit = 0;  ///< How many bytes of each buffer the host wants.
    /// Index: call number. Bit N: argument N is a descriptor whose path is wanted. Bit 6: the result is such
    /// a descriptor. Bit 7: the call is wanted.
    u8 calls[CALLS] = {};
    u8 wants_timeline = 0;  ///< 1: the scheduler's events are wanted.
    u8 reserved[2] = {};
};
static_assert(sizeof(Settings) == 528);

}  // namespace exo::posix_x::trace
