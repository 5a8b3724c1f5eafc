// The table of /proc/PID, and its small files.
#include "posix_x/procfs/process_files.hpp"

#include "fs/tree/mount.hpp"
#include "memory/fault_injection.hpp"
#include "posix_x/lifecycle/out_of_memory.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/system/namespaces.hpp"
#include "utils/parse.hpp"

namespace exo::posix_x::procfs {

namespace {

Result<> generate_name(Process&, const ProcessView& view, String& out) {
    return format_append(out, "{}\n", view.name_text());
}

/// LINUX: only the process itself may change its name. 15 bytes are used, and a newline counts.
Result<> accept_name(Process& process, std::string_view text) {
    Task* caller = current_task_or_null();
    if (caller == nullptr || caller->process.get() != &process) return Error::Einval;
    scheduler::current_thread().set_name(text);
    return {};
}

#if defined(EXO_DEBUG)
/// LINUX: CONFIG_FAULT_INJECTION. Here a thread reads and writes its own number only.
Result<> generate_failing_allocation(Process& process, const ProcessView&, String& out) {
    Task* caller = current_task_or_null();
    if (caller == nullptr || caller->process.get() != &process) return Error::Einval;
    return format_append(out, "{}\n", memory::failing_allocation());
}

Result<> accept_failing_allocation(Process& process, std::string_view text) {
    Task* caller = current_task_or_null();
    if (caller == nullptr || caller->process.get() != &process) return Error::Einval;
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto number = parse_unsigned(text);
    if (!number || *number > UINT32_MAX) return Error::Einval;
    memory::set_failing_allocation(static_cast<u32>(*number));
    return {};
}
#endif

Result<> generate_oom_score(Process& process, const ProcessView&, String& out) {
    return format_append(out, "{}\n", oom_score(process));
}

Result<> generate_oom_adjustment(Process& process, const ProcessView&, String& out) {
    return format_append(out, "{}\n", process.oom_adjustment.load(std::memory_order_relaxed));
}

/// LINUX: oom_score_adj_write. Lowering a process's adjustment needs CAP_SYS_RESOURCE.
Result<> accept_oom_adjustment(Process& process, std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    u64 base = 10;
    if (text.size() > 1 && text.front() == '0') {
        const bool is_hexadecimal = (text[1] | 0x20) == 'x';
        base = is_hexadecimal ? 16 : 8;
        text.remove_prefix(is_hexadecimal ? 2 : 1);
    }
    const auto number = parse_unsigned(text, base);
    if (!number) return Error::Einval;
    if (*number > INT32_MAX) return Error::Erange;
    if (*number > static_cast<u64>(OOM_FIRST)) return Error::Einval;
    const i32 wanted = is_negative ? -static_cast<i32>(*number) : static_cast<i32>(*number);
    if (current_task().identity().can(Capability::SysResource))
        process.least_oom_adjustment.store(wanted, std::memory_order_relaxed);
    else if (wanted < process.least_oom_adjustment.load(std::memory_order_relaxed))
        return Error::Eacces;
    process.oom_adjustment.store(wanted, std::memory_order_relaxed);
    return {};
}

struct LimitName {
    std::string_view name;
    std::string_view unit;
};
constexpr LimitName LIMITS[] = {
    {"Max cpu time", "seconds"},    {"Max file size", "bytes"},      {"Max data size", "bytes"},
    {"Max stack size", "bytes"},    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
    {"Max processes", "processes"}, {"Max open files", "files"},     {"Max locked memory", "bytes"},
    {"Max address space", "bytes"}, {"Max file locks", "locks"},     {"Max pending signals", "signals"},
    {"Max msgqueue size", "bytes"}, {"Max nice priority", ""},       {"Max realtime priority", ""},
    {"Max realtime timeout", "us"},
};
static_assert(std::size(LIMITS) == static_cast<usize>(Resource::COUNT));

Result<> append_limit(String& out, u64 value) {
    String number;
    if (value == NO_LIMIT)
        TRY(number.append("unlimited"));
    else
        TRY(format_append(number, "{}", value));
    TRY(append_left(out, number.view(), 20));
    return out.push(' ');
}

Result<> generate_limits(Process& process, const ProcessView&, String& out) {
    const ResourceLimits& limits = process.limits;
    TRY(out.append("Limit                     Soft Limit           Hard Limit           Units     \n"));
    for (usize i = 0; i < std::size(LIMITS); ++i) {
        const Limit& limit = limits.of(static_cast<Resource>(i));
        TRY(append_left(out, LIMITS[i].name, 25));
        TRY(out.push(' '));
        TRY(append_limit(out, limit.soft));
        TRY(append_limit(out, limit.hard));
        if (!LIMITS[i].unit.empty()) TRY(append_left(out, LIMITS[i].unit, 10));
        TRY(out.push('\n'));
    }
    return {};
}

using fs::GeneratedFile;

template <fs::MountListFormat FORMAT>
Result<GeneratedFile::More> generate_mounts(Process&, const ProcessView& view, u64& cursor, String& out) {
    const bool has_more = TRY(fs::append_mounts(mount_namespace(), view.mounts_root, FORMAT, cursor,
                                                &GeneratedFile::takes_back, out));
    return has_more ? GeneratedFile::More::Yes : GeneratedFile::More::No;
}

/// There is one user namespace, which maps every id to itself.
Result<> generate_id_map(Process&, const ProcessView&, String& out) {
    return format_append(out, "{:10} {:10} {:10}\n", 0U, 0U, UINT32_MAX);
}

/// LINUX: show_timer. The newest timer comes first.
Result<fs::GeneratedFile::More> generate_timers(Process& process, const ProcessView&, u64& cursor,
                                                String& out) {
    if (process.state.load(std::memory_order_relaxed) == ProcessState::Reaped) return Error::Esrch;
    struct Line {
        i32 id;
        i32 clock;
        i32 signal;
        u64 value;
        abi::NotifyKind kind;
        Pid told;
    };
    Line line{};
    {
        auto timers = process.posix_timers.lock();
        // The cursor is one above the number of the timer that comes next; 0 at the beginning.
        const PosixTimer* timer =
            cursor == 0 ? timers->by_id.last() : timers->by_id.floor(static_cast<i32>(cursor - 1));
        if (timer == nullptr) return GeneratedFile::More::No;
        line = {.id = timer->id,
                .clock = std::to_underlying(timer->clock),
                .signal = static_cast<i32>(timer->signal()),
                .value = timer->value(),
                .kind = timer->kind,
                .told = timer->receiver() ? timer->receiver()->tid() : process.pid()};
    }
    constexpr std::string_view KINDS[] = {"signal", "none", "thread", "", "signal"};
    TRY(format_append(out, "ID: {}\nsignal: {}/{:016x}\nnotify: {}/{}.{}\nClockID: {}\n", line.id,
                      line.signal, line.value, KINDS[static_cast<usize>(line.kind)],
                      line.kind == abi::NotifyKind::ThreadId ? "tid" : "pid", line.told, line.clock));
    cursor = static_cast<u64>(line.id);
    return line.id == 0 ? GeneratedFile::More::No : GeneratedFile::More::Yes;
}

/// Like Linux without symbols, does not report where the process waits.
Result<> generate_wait_channel(Process&, const ProcessView&, String& out) { return out.push('0'); }

constexpr ProcessFileKind FILES[] = {
    {.name = "cmdline",
     .mode = 0444,
     .access = FileAccess::Anybody,
     .generate = generate_process_arguments,
     .seeking = GeneratedFile::Seeking::UpToLargestFile},
    {"comm", 0644, FileAccess::Anybody, generate_name, accept_name},
    {.name = "environ",
     .mode = 0400,
     .access = FileAccess::Tracers,
     .generate = generate_process_environment,
     .after_end = AfterEnd::Nothing,
     .seeking = GeneratedFile::Seeking::UpToLargestFile},
#if defined(EXO_DEBUG)
    {"fail-nth", 0644, FileAccess::Anybody, generate_failing_allocation, accept_failing_allocation},
#endif
    {.name = "gid_map",
     .mode = 0644,
     .access = FileAccess::Anybody,
     .generate = generate_id_map,
     .after_end = AfterEnd::Content},
    {"limits", 0444, FileAccess::Anybody, generate_limits},
    {.name = "maps",
     .mode = 0444,
     .access = FileAccess::Tracers,
     .generate = nullptr,
     .generate_piece = generate_process_maps},
    {.name = "mountinfo",
     .mode = 0444,
     .access = FileAccess::SeesMounts,
     .generate = nullptr,
     .sendfile = GeneratedFile::Sendfile::Works,
     .after_end = AfterEnd::Content,
     .generate_piece = generate_mounts<fs::MountListFormat::MountInfo>},
    {.name = "mounts",
     .mode = 0444,
     .access = FileAccess::SeesMounts,
     .generate = nullptr,
     .sendfile = GeneratedFile::Sendfile::Works,
     .after_end = AfterEnd::Content,
     .generate_piece = generate_mounts<fs::MountListFormat::Mounts>},
    {"oom_score", 0444, FileAccess::Anybody, generate_oom_score},
    {"oom_score_adj", 0644, FileAccess::Anybody, generate_oom_adjustment, accept_oom_adjustment},
    {"stat", 0444, FileAccess::Anybody, generate_process_stat},
    {"statm", 0444, FileAccess::Anybody, generate_process_statm},
    {"status", 0444, FileAccess::Anybody, generate_process_status},
    {.name = "timers",
     .mode = 0444,
     .access = FileAccess::Anybody,
     .generate = nullptr,
     .generate_piece = generate_timers,
     .is_only_of_process = true},
    {.name = "uid_map",
     .mode = 0644,
     .access = FileAccess::Anybody,
     .generate = generate_id_map,
     .after_end = AfterEnd::Content},
    {"wchan", 0444, FileAccess::Anybody, generate_wait_channel},
};

Result<fs::Path> working_directory(const ProcessView& view) {
    if (!view.paths) return Error::Enoent;
    return view.paths->working_directory();
}

Result<fs::Path> root_directory(const ProcessView& view) {
    if (!view.paths) return Error::Enoent;
    return view.paths->root();
}

Result<fs::Path> executable(const ProcessView& view) {
    if (!view.executable || !view.executable->path()) return Error::Enoent;
    return view.executable->path();
}

constexpr ProcessLinkKind LINKS[] = {
    {"cwd", working_directory},
    {"exe", executable},
    {"root", root_directory},
};

}  // namespace

std::span<const ProcessFileKind> process_files() { return FILES; }

std::span<const ProcessLinkKind> process_links() { return LINKS; }

}  // namespace exo::posix_x::procfs
