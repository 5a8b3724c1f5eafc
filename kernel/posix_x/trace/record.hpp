// What the kernel sends to the host of a traced task: records of a fixed layout, little-endian, each a multiple of 8 bytes.
// docs/trace_records.md describes them for readers; tools/exo/trace/records.py takes them apart.
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x::trace {

inline constexpr u32 VERSION = 1;

enum class RecordKind : u32 {
    Hello = 1,  ///< The first one. `detail` is VERSION.
    Start,      ///< A task is traced from here on.
    Enter,      ///< A system call begins.
    Copy,       ///< The kernel read or wrote memory of the program. `detail` is an upcalls::UserCopy.
    Path,       ///< What a descriptor leads to. `detail` is the argument's place, or RESULT_PLACE.
    Exit,     ///< A system call has ended. `detail`: 0, or Linux's number of the restart that was asked for.
    Signal,   ///< The task takes a signal.
    Stopped,  ///< The process stops. `detail` is the signal.
    Ended,    ///< The task ends. `detail` 1: no traced task is left.
    Renamed,  ///< The task has executed a program and has the number of its process's leader now.
};

inline constexpr u32 RESULT_PLACE = 6;

/// `sequence` numbers the records of all tasks without gaps, in the order in which things happened. Records of different tasks
/// may arrive out of that order.
struct RecordHeader {
    u32 size = 0;  ///< With the header and what follows.
    RecordKind kind{};
    i32 tid = 0;
    u32 detail = 0;
    u64 sequence = 0;
    i64 time = 0;  ///< Monotonic, nanoseconds.
};
static_assert(sizeof(RecordHeader) == 32);

struct HelloBody {
    i64 realtime_offset = 0;  ///< What real time is ahead of monotonic time.
};

struct StartBody {
    i32 process = 0;
    i32 maker = 0;  ///< The task that made it; 0 for the first one.
};

struct EnterBody {
    u64 number = 0;
    u64 arguments[6] = {};
};

struct CopyBody {
    u64 address = 0;
    u64 size = 0;      ///< Bytes that were copied,
    u64 captured = 0;  ///< of which so many follow.
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
    i32 status = 0;  ///< As wait4 would tell it.
    i32 padding = 0;
};

struct RenamedBody {
    i32 old_tid = 0;
    i32 padding = 0;
};

/// What the host sends once, before anything is traced.
struct Settings {
    static constexpr u32 MAGIC = 0x45435254;  // "TRCE"
    static constexpr usize CALLS = 513;       // the last one is for all numbers beyond the table
    static constexpr u8 IS_WANTED = 0x80;
    static constexpr u32 MOST_CAPTURED = 1 << 16;

    u32 magic = 0;
    u32 version = 0;
    u32 string_limit = 0;  ///< Bytes of each buffer that the host wants to see.
    /// By number: bit N for an argument that is a descriptor whose path is wanted, bit 6 for such a result, bit 7 for a call
    /// that is wanted at all.
    u8 calls[CALLS + 3] = {};
};
static_assert(sizeof(Settings) == 528);

}  // namespace exo::posix_x::trace
