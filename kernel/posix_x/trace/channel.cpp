#include "posix_x/trace/channel.hpp"

#include <cstring>

#include "log/log.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/timeline.hpp"
#include "utils/list.hpp"

namespace exo::posix_x::trace {

namespace {

enum class Phase : u8 { Off, Starting, Ready, Over };

constexpr time::Nanoseconds MOST_WAIT_FOR_PORT = 10 * time::SECOND;
constexpr time::Nanoseconds TIMELINE_PERIOD = 5 * time::MILLISECOND;
constexpr usize EVENTS_AT_ONCE = 1024;
constexpr usize LEAST_CAPTURED = 512;  // the largest structures, and 64 entries of poll

struct Queue {
    List<TaskTrace, &TaskTrace::queue_link> tasks;
};

constinit std::atomic<Phase> phase{Phase::Off};
constinit std::atomic<drivers::Port*> port{nullptr};
constinit std::atomic<u64> sequence{0};
constinit std::atomic<bool> has_work{false};
constinit std::atomic<bool> is_sending{false};
constinit sync::SpinLocked<Queue, sync::LockRank::TraceQueue> queue;
constinit scheduler::WaitQueue work;
constinit scheduler::WaitQueue changes;  ///< Of the phase, of the port, and of `is_sending`.
/// Written once, before the phase becomes Ready.
constinit Settings the_settings;

void set_phase(Phase next) {
    phase.store(next, std::memory_order_seq_cst);
    changes.wake_all();
}

/// Sends all of `bytes`. Errors: Epipe (the host has closed the port).
Result<> send(std::span<u8> bytes) {
    vm::InBuffer from = vm::InBuffer::from_kernel(bytes);
    while (from.remaining() != 0) TRY(port.load()->write(from, scheduler::Blocking::Yes));
    return {};
}

/// Receives the settings. Errors: Epipe (the host closed the port before it had sent all of them), Einval.
Result<> receive_settings() {
    // SAFETY: any bytes are settings; they are looked at before use.
    const std::span<u8> bytes{reinterpret_cast<u8*>(&the_settings), sizeof(the_settings)};
    vm::OutBuffer to = vm::OutBuffer::from_kernel(bytes);
    while (to.remaining() != 0)
        if (TRY(port.load()->read(to, scheduler::Blocking::Yes)) == 0) return Error::Epipe;
    if (the_settings.magic != Settings::MAGIC || the_settings.version != VERSION ||
        the_settings.string_limit > Settings::MOST_CAPTURED)
        return Error::Einval;
    return {};
}

Result<> say_hello() {
    struct {
        RecordHeader header;
        HelloBody body;
    } hello;
    hello.header = {.size = sizeof(hello),
                    .kind = RecordKind::Hello,
                    .detail = VERSION,
                    .sequence = next_sequence(),
                    .time = static_cast<i64>(time::monotonic())};
    hello.body.realtime_offset = static_cast<i64>(time::realtime() - time::monotonic());
    // SAFETY: neither has padding.
    return send({reinterpret_cast<u8*>(&hello), sizeof(hello)});
}

Ref<TaskTrace> take_task() {
    auto state = queue.lock();
    TaskTrace* task = state->tasks.pop_front();
    if (task != nullptr) return std::move(task->queue_reference);
    has_work.store(false, std::memory_order_seq_cst);
    return {};
}

Result<> send_all(Vector<u8>& space) {
    while (const Ref<TaskTrace> task = take_task()) {
        if (space.size() < task->capacity()) TRY(space.resize(task->capacity()));
        const usize size = task->take(space.span());
        TRY(send(space.span().first(size)));
    }
    return {};
}

/// Sends what the scheduler has noted so far. `space` has room for EVENTS_AT_ONCE events in a record.
Result<> send_timeline(Vector<u8>& space) {
    struct Head {
        RecordHeader header;
        TimelineBody body;
    };
    for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu) {
        while (true) {
            // SAFETY: the space is allocated with the alignment of any object; events are plain bytes.
            auto* events = reinterpret_cast<scheduler::TimelineEvent*>(space.data() + sizeof(Head));
            Head head{};
            head.body.count = scheduler::TIMELINE.take(cpu, {events, EVENTS_AT_ONCE}, head.body.lost);
            if (head.body.count == 0 && head.body.lost == 0) break;
            const usize size = sizeof(Head) + head.body.count * sizeof(scheduler::TimelineEvent);
            head.header = {.size = static_cast<u32>(size),
                           .kind = RecordKind::Timeline,
                           .detail = cpu,
                           .sequence = next_sequence(),
                           .time = static_cast<i64>(time::monotonic())};
            std::memcpy(space.data(), &head, sizeof(head));
            TRY(send(space.span().first(size)));
            if (head.body.count < EVENTS_AT_ONCE) break;
        }
    }
    return {};
}

/// Waits for records; with a timeline not for long.
void wait_for_work() {
    const bool has_timeline = scheduler::TIMELINE.is_on();
    const time::Deadline deadline =
        has_timeline ? time::Deadline::after(TIMELINE_PERIOD) : time::Deadline::never();
    (void)work.wait(scheduler::WaitMode::Uninterruptible, [] { return has_work.load(); }, deadline);
}

Result<> carry() {
    if (!changes.wait(
            scheduler::WaitMode::Uninterruptible, [] { return port.load() != nullptr; },
            time::Deadline{time::monotonic() + MOST_WAIT_FOR_PORT}))
        return Error::Enodev;
    TRY(port.load()->open());
    TRY(receive_settings());
    TRY(say_hello());
    Vector<u8> space;
    Vector<u8> timeline_space;
    if (the_settings.wants_timeline != 0) {
        TRY(timeline_space.resize(sizeof(RecordHeader) + sizeof(TimelineBody) +
                                  EVENTS_AT_ONCE * sizeof(scheduler::TimelineEvent)));
        TRY(scheduler::TIMELINE.start());
    }
    set_phase(Phase::Ready);
    while (true) {
        wait_for_work();
        is_sending.store(true, std::memory_order_seq_cst);
        // First: the record that ends the trace is one of a task.
        if (scheduler::TIMELINE.is_on()) TRY(send_timeline(timeline_space));
        TRY(send_all(space));
        is_sending.store(false, std::memory_order_seq_cst);
        changes.wake_all();
    }
}

/// The channel's thread. At its end it wakes all waiting tasks and empties the queue.
void run_thread(void*) {
    const Result<> result = carry();
    log::info("trace: over (error {})", result.error());
    scheduler::TIMELINE.stop();
    set_phase(Phase::Over);
    is_sending.store(false, std::memory_order_seq_cst);
    while (const Ref<TaskTrace> task = take_task()) task->let_go();
    changes.wake_all();
    if (drivers::Port* used = port.load()) used->close();
    scheduler::SCHEDULER.exit_current();
}

}  // namespace

/// Starts the thread with low priority: the traced tasks run until they wait, or for 50 ms, so that many
/// records are sent together.
Result<> start(const boot::CommandLine& command_line) {
    if (!command_line.contains(COMMAND_LINE_WORD)) return {};
    auto thread =
        TRY(scheduler::Thread::create("trace", run_thread, nullptr, scheduler::ThreadPriority::Low));
    phase.store(Phase::Starting, std::memory_order_relaxed);
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return {};
}

void port_found(drivers::Port& found) {
    if (phase.load() != Phase::Starting || found.name() != PORT_NAME) return;
    port.store(&found);
    changes.wake_all();
}

bool is_over() { return phase.load(std::memory_order_seq_cst) == Phase::Over; }

bool wait_until_ready() {
    if (phase.load() == Phase::Off) return false;
    const Result<> waited = changes.wait(scheduler::WaitMode::Killable, [] {
        const Phase now = phase.load();
        return now == Phase::Ready || now == Phase::Over;
    });
    return waited && phase.load() == Phase::Ready;
}

const Settings& settings() { return the_settings; }

usize capture_size() { return std::max<usize>(the_settings.string_limit, LEAST_CAPTURED); }

u64 next_sequence() { return sequence.fetch_add(1, std::memory_order_relaxed); }

void enqueue(TaskTrace& task) {
    {
        auto state = queue.lock();
        task.queue_reference = Ref<TaskTrace>(&task);
        state->tasks.push_back(task);
        has_work.store(true, std::memory_order_seq_cst);
    }
    work.wake_one();
}

void drain() {
    if (scheduler::TIMELINE.is_on()) {
        has_work.store(true, std::memory_order_seq_cst);  // so that the thread takes what is noted by now
        work.wake_one();
    }
    const time::Deadline deadline{time::monotonic() + time::SECOND};
    const auto is_sent = [] { return is_over() || (!has_work.load() && !is_sending.load()); };
    if (!changes.wait(scheduler::WaitMode::Killable, is_sent, deadline) || is_over()) return;
    (void)port.load()->drain(scheduler::WaitMode::Killable);
}

}  // namespace exo::posix_x::trace
