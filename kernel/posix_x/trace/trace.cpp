#include "posix_x/trace/trace.hpp"

#include <algorithm>

#include "abi/linux/fcntl.hpp"
#include "arch/upcalls.hpp"
#include "fs/file/file.hpp"
#include "log/log.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/trace/channel.hpp"
#include "syscall/restart.hpp"

namespace exo::posix_x::trace {

namespace {

constexpr u64 EXECVE = 59;
constexpr u64 EXECVEAT = 322;
constexpr u64 REBOOT = 169;
constexpr usize MOST_OF_PATH = 4096;

/// The number of traced tasks that have not ended.
constinit std::atomic<u32> live_tasks{0};

u8 flags_of(u64 number) { return settings().calls[std::min<u64>(number, Settings::CALLS - 1)]; }

/// Whether tracing begins with this call. It begins with execve, so what a child of init does before that is
/// not traced.
bool may_begin(const Task& task, u64 number) {
    return (number == EXECVE || number == EXECVEAT) && task.process->parent_pid() == FIRST_PID &&
           task.process->pid() != FIRST_PID;
}

/// The calling task's trace if its next call is recorded, else null.
TaskTrace* trace_for_call(Task& task, u64 number) {
    TaskTrace* trace = task.trace.load(std::memory_order_relaxed);
    if (trace != nullptr && !trace->is_held()) return is_over() ? nullptr : trace;
    if (!may_begin(task, number) || !wait_until_ready()) return nullptr;
    if (trace == nullptr) {
        Result<Ref<TaskTrace>> made = TaskTrace::create(task.tid(), capture_size());
        if (!made) {
            log::warning("trace: no memory: process {} is not traced", task.process->pid());
            return nullptr;
        }
        trace = made->get();
        trace->hold();
        task.trace_owner = std::move(*made);
        // release: pairs with the acquire in note_ignored_signal
        task.trace.store(trace, std::memory_order_release);
    }
    trace->append(RecordKind::Start, 0, StartBody{.process = task.process->pid(), .maker = 0});
    return trace;
}

/// Appends the text that /proc/PID/fd shows for the descriptor. Errors: Ebadf, Enomem.
Result<> describe(Task& task, i32 descriptor, String& text) {
    fs::PathContext& paths = task.paths();
    if (descriptor == abi::AT_CURRENT_DIRECTORY) {
        (void)TRY(fs::append_path(paths.working_directory(), paths.root(), text));
        return {};
    }
    const security::Capability capability = TRY(task.files()->copy(static_cast<u32>(descriptor)));
    if (capability.object->object_kind() != ObjectKind::File) return Error::Ebadf;
    auto& file = static_cast<fs::File&>(*capability.object);
    if (!file.path()) return file.append_description(text);
    if (file.path().mount->is_nameless()) return text.append(file.path().mount->source());
    if (TRY(fs::append_path(file.path(), paths.root(), text)) == fs::PathState::Deleted)
        return text.append(" (deleted)");
    return {};
}

void append_path(Task& task, TaskTrace& trace, u32 place, u64 word) {
    constexpr usize HEAD = sizeof(RecordHeader) + sizeof(PathBody) + 8;
    const auto descriptor = static_cast<i32>(word);
    String text;
    if (trace.share_left() < HEAD || !describe(task, descriptor, text)) return;
    const std::string_view shown = text.view().substr(0, std::min(MOST_OF_PATH, trace.share_left() - HEAD));
    trace.append(RecordKind::Path, place,
                 PathBody{.descriptor = descriptor, .size = static_cast<u32>(shown.size())}, bytes_of(shown));
}

void append_signal(TaskTrace& trace, const SignalInfo& info) {
    trace.append(RecordKind::Signal, 0,
                 SignalBody{.signal = static_cast<i32>(info.signal),
                            .code = info.code,
                            .error = info.error,
                            .sender = info.sender,
                            .sender_uid = info.sender_uid,
                            .status = info.status,
                            .value = info.value,
                            .key = info.key,
                            .user_time = info.user_time,
                            .system_time = info.system_time});
}

/// Linux's number of a restart, which ptrace shows as the result of the call. 0: the program gets the result.
u32 restart_number(u64 error) {
    switch (static_cast<Error>(error)) {
        case Error::RestartSys: return 512;
        case Error::RestartNoInterrupt: return 513;
        case Error::RestartNoHandler: return 514;
        case Error::RestartWithBlock: return 516;
        default: return 0;
    }
}

void begin_call(Task& task, TaskTrace& trace, u64 number, const std::array<u64, 6>& arguments) {
    trace.begin_call();
    EnterBody body{.number = number};
    std::ranges::copy(arguments, body.arguments);
    trace.append(RecordKind::Enter, 0, body);
    const u8 flags = flags_of(number);
    for (u32 place = 0; place < arguments.size(); ++place)
        if ((flags & 1U << place) != 0) append_path(task, trace, place, arguments[place]);
}

void end_call(Task& task, TaskTrace& trace, u64 number, u64 result, u32 restart) {
    trace.end_call();
    trace.append(RecordKind::Exit, restart, ExitBody{.result = result});
    if ((flags_of(number) & 1U << RESULT_PLACE) != 0 && restart == 0 && static_cast<i64>(result) >= 0)
        append_path(task, trace, RESULT_PLACE, result);
}

/// The task's trace, after waiting for room. Null if nothing is to be recorded: the task is not traced, or is
/// being killed.
TaskTrace* trace_with_room(Task& task) {
    TaskTrace* trace = task.trace.load(std::memory_order_relaxed);
    if (trace == nullptr || trace->is_held() || is_over()) [[likely]]
        return nullptr;
    return trace->wait_for_room() ? trace : nullptr;
}

void tell_of_ignored_signals(TaskTrace& trace) {
    SignalInfo info;
    while (trace.take_ignored(info) && trace.wait_for_room()) append_signal(trace, info);
}

}  // namespace

Result<> prepare_child(Task& parent, Task& child) {
    const TaskTrace* trace = parent.trace.load(std::memory_order_relaxed);
    if (trace == nullptr || trace->is_held() || is_over()) [[likely]]
        return {};
    Ref<TaskTrace> own = TRY(TaskTrace::create(child.tid(), capture_size()));
    child.trace.store(own.get(), std::memory_order_relaxed);  // no other thread has the child yet
    child.trace_owner = std::move(own);
    return {};
}

void announce_child(Task& parent, Task& child) {
    TaskTrace* trace = child.trace.load(std::memory_order_relaxed);
    if (trace == nullptr) [[likely]]
        return;
    live_tasks.fetch_add(1, std::memory_order_relaxed);
    trace->append(RecordKind::Start, 0, StartBody{.process = child.process->pid(), .maker = parent.tid()});
}

void report_signal(Task& task, const SignalInfo& info) {
    if (info.signal == Signal::Kill) return;  // LINUX: no tracer sees it; the end of the task tells of it
    if (TaskTrace* trace = trace_with_room(task)) append_signal(*trace, info);
}

void report_stop(Task& task, Signal signal) {
    if (TaskTrace* trace = trace_with_room(task))
        trace->append(RecordKind::Stopped, static_cast<u32>(signal), ExitBody{});
}

void report_end(Task& task, WaitStatus status) {
    TaskTrace* trace = task.trace.load(std::memory_order_relaxed);
    if (trace == nullptr || trace->is_held()) [[likely]]
        return;
    trace->end_call();
    const bool is_last = live_tasks.fetch_sub(1, std::memory_order_acq_rel) == 1;
    trace->append(RecordKind::Ended, is_last ? 1 : 0, EndedBody{.status = status.word});
}

/// Calls the handler and sets the program's result. Records nothing itself.
static arch::SystemCallOutcome call_handler(u64 number, const std::array<u64, 6>& arguments,
                                            arch::UserRegisters& registers) {
    const arch::CallHandler handler =
        upcalls::exo_call_handlers[std::min<u64>(number, arch::SYSTEM_CALL_LIMIT)];
    const auto [a, b, c, d, e, f] = arguments;
    const arch::SystemCallOutcome outcome = handler(a, b, c, d, e, f, registers);
    if (outcome.error != 0)
        upcalls::system_call_failed(registers, outcome.error);
    else
        registers.set_result(outcome.value);
    return outcome;
}

static void trace_call(arch::UserRegisters& registers) {
    Task& task = current_task();
    const u64 number = registers.call_number();
    const std::array<u64, 6> arguments{registers.rdi, registers.rsi, registers.rdx,
                                       registers.r10, registers.r8,  registers.r9};
    TaskTrace* trace = trace_for_call(task, number);
    if (trace == nullptr || !trace->wait_for_room()) {
        (void)call_handler(number, arguments, registers);
        return;
    }
    const bool is_held = trace->is_held();
    const bool is_wanted = (flags_of(number) & Settings::IS_WANTED) != 0;
    if (!is_held) tell_of_ignored_signals(*trace);
    if (is_wanted) begin_call(task, *trace, number, arguments);
    if (number == REBOOT) drain();
    const arch::SystemCallOutcome outcome = call_handler(number, arguments, registers);
    if (is_held && outcome.error != 0) {
        trace->end_call();
        trace->discard();
        return;
    }
    if (task.tid() != trace->tid()) {
        const i32 old = trace->tid();
        trace->set_tid(task.tid());
        trace->append(RecordKind::Renamed, 0, RenamedBody{.old_tid = old});
    }
    if (is_wanted) end_call(task, *trace, number, registers.result(), restart_number(outcome.error));
    if (is_held) {
        live_tasks.fetch_add(1, std::memory_order_relaxed);
        trace->publish();
    }
    tell_of_ignored_signals(*trace);
}

}  // namespace exo::posix_x::trace

void exo::upcalls::traced_system_call(arch::UserRegisters& registers) {
    posix_x::trace::trace_call(registers);
}

void exo::upcalls::user_copied(UserCopy kind, u64 address, const void* kernel, usize size) {
    const posix_x::Task* task = posix_x::current_task_or_null();
    if (task == nullptr) return;
    posix_x::TaskTrace* trace = task->trace.load(std::memory_order_relaxed);
    if (trace != nullptr && trace->is_in_call())
        trace->append_copy(kind, address, static_cast<const u8*>(kernel), size);
}
