// The timeline: which thread ran on which CPU from when to when, and when which thread became runnable.
//
// Off at first; a switch then pays one test. Once started, each CPU writes events into a ring of its own,
// without a lock, and one reader takes them (posix_x/trace/channel.cpp sends them to the host). What a full
// ring has no room for is counted and lost.
#pragma once

#include <atomic>
#include <span>

#include "scheduler/thread.hpp"
#include "sync/per_cpu.hpp"

namespace exo::scheduler {

enum class TimelineKind : u8 {
    Run =
        1,  ///< The thread runs on this CPU from now on. `left`: the state in which the thread before it stays.
    Wake,  ///< Code on this CPU made the thread runnable.
    Name,  ///< The thread has this name from now on.
};

/// One event. The layout is fixed: the trace's records contain it (docs/trace_records.md).
struct TimelineEvent {
    Nanoseconds time = 0;  ///< Monotonic.
    u32 thread = 0;        ///< ThreadId.
    i32 number = 0;        ///< Thread::number().
    TimelineKind kind{};
    ThreadState left{};
    bool is_idle = false;  ///< The thread is the CPU's idle thread.
    u8 reserved = 0;
    char name[Thread::NAME_SIZE] = {};
    u32 reserved_too = 0;
};
static_assert(sizeof(TimelineEvent) == 40);

class Timeline {
  public:
    constexpr Timeline() = default;

    /// Allocates the rings of all CPUs that run, and begins. Errors: Enomem.
    Result<> start();
    void stop() { is_on_.store(false, std::memory_order_relaxed); }
    bool is_on() const { return is_on_.load(std::memory_order_relaxed); }

    /// Callable in any context.
    void note_run(const Thread& thread, bool is_idle, ThreadState left) {
        if (is_on()) [[unlikely]]
            note(TimelineKind::Run, thread, is_idle, left);
    }
    void note_wake(const Thread& thread) {
        if (is_on()) [[unlikely]]
            note(TimelineKind::Wake, thread, false, ThreadState::Ready);
    }
    void note_name(const Thread& thread) {
        if (is_on()) [[unlikely]]
            note(TimelineKind::Name, thread, false, ThreadState::Ready);
    }

    /// Moves events of a CPU into `out`, the oldest first; one thread at a time may call it. Returns their number. `lost`: how many events
    /// more that CPU has lost since the last call.
    usize take(u32 cpu, std::span<TimelineEvent> out, u64& lost);

  private:
    struct Ring {
        static constexpr usize CAPACITY = 4096;
        TimelineEvent events[CAPACITY];
    };
    /// `written` and `taken` count all events; the CPU writes the first, the reader the second.
    struct Cpu {
        Box<Ring> ring;
        std::atomic<u64> written{0};
        std::atomic<u64> taken{0};
        std::atomic<u64> lost{0};
        u64 lost_told = 0;
    };
    /// preserve_most: so that the callers need not save their registers for a call that hardly ever happens.
    [[gnu::noinline, gnu::cold, clang::preserve_most]] void note(TimelineKind kind, const Thread& thread,
                                                                 bool is_idle, ThreadState left);

    std::atomic<bool> is_on_{false};
    sync::PerCpu<Cpu> cpus_;
};

extern constinit Timeline TIMELINE;

}  // namespace exo::scheduler
