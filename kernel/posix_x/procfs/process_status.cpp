// stat, statm and status of a process (Linux: fs/proc/array.c, fs/proc/task_mmu.c).
#include "posix_x/process/signal_quota.hpp"
#include "posix_x/procfs/process_files.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u64 KIB_PER_PAGE = PAGE_SIZE / KIB;

/// Formats the fields of stat: numbers separated by blanks.
class Fields {
  public:
    explicit Fields(String& out) : out_(out) {}
    template <class... Numbers> Fields& add(Numbers... numbers) {
        ((result_ = result_ ? format_append(out_, " {}", numbers) : result_), ...);
        return *this;
    }
    Result<> result() const { return result_; }

  private:
    String& out_;
    Result<> result_;
};

vm::SpaceStatistics statistics_of(const ProcessView& view) {
    return view.space ? view.space->statistics() : vm::SpaceStatistics{};
}

u64 ticks(time::Nanoseconds time) { return time / CLOCK_TICK; }

/// LINUX: task_prio: the urgency minus 100. SCHED_IDLE is shown by its nice value.
i32 shown_priority(const Scheduling& scheduling, scheduler::Urgency urgency) {
    constexpr i32 REALTIME = 100;
    const i32 own = scheduling.priority != 0 ? -1 - scheduling.priority : 20 + scheduling.nice;
    return std::min(own, i32{urgency} - REALTIME);
}

constexpr u32 FLAG_EXITING = 0x4;          // PF_EXITING
constexpr u32 FLAG_FORKED_NO_EXEC = 0x40;  // PF_FORKNOEXEC

}  // namespace

Result<> generate_process_stat(Process& process, const ProcessView& view, String& out) {
    const bool is_permitted = view.space && check_trace_access(process, view).has_value();
    const vm::SpaceStatistics memory = statistics_of(view);
    const StackPlaces places = is_permitted ? view.places : StackPlaces{};
    const u64 heap_start = is_permitted ? view.space->brk_start() : 0;
    const u32 flags = (view.is_zombie() ? FLAG_EXITING : 0) | (view.has_executed ? 0 : FLAG_FORKED_NO_EXEC);
    constexpr u64 NO_CODE_SHOWN = 1;  // LINUX: 1 where the addresses of the program are not to be seen
    const u64 code = view.space && !is_permitted ? NO_CODE_SHOWN : 0;
    TRY(format_append(out, "{} ({}) {}", view.id, view.name_text(), view.state_letter()));
    Fields fields(out);
    fields.add(view.parent, view.group, view.session, view.terminal, view.foreground, flags);
    fields.add(view.usage.minor_faults, view.children_usage.minor_faults, view.usage.major_faults,
               view.children_usage.major_faults);
    fields.add(ticks(view.usage.user_time), ticks(view.usage.system_time),
               ticks(view.children_usage.user_time), ticks(view.children_usage.system_time));
    const Scheduling& scheduling = view.scheduling;
    fields.add(shown_priority(scheduling, view.urgency), scheduling.nice, view.threads, 0,
               ticks(view.started_at));
    fields.add(memory.virtual_pages * PAGE_SIZE, memory.resident_anonymous + memory.resident_source,
               process.limit(Resource::ResidentSet));
    fields.add(code, code, places.stack_pointer, 0, 0);  // startcode endcode startstack kstkesp kstkeip
    fields.add(view.pending.bits() & INT32_MAX, view.blocked.bits() & INT32_MAX,
               view.ignored.bits() & INT32_MAX, view.caught.bits() & INT32_MAX);
    // LINUX: only the end of a whole process is told to anybody.
    const i32 exit_signal = view.is_leader ? static_cast<i32>(view.exit_signal) : -1;
    fields.add(is_permitted && !view.is_running ? 1 : 0, 0, 0, exit_signal, view.last_cpu);
    fields.add(scheduling.priority, std::to_underlying(scheduling.policy));
    fields.add(0, 0, 0);  // delayacct_blkio_ticks guest_time cguest_time
    fields.add(0, 0, heap_start, places.arguments_start, places.arguments_end, places.environment_start,
               places.environment_end);
    fields.add(is_permitted || view.is_zombie() ? view.exit_word : 0);
    TRY(fields.result());
    return out.push('\n');
}

Result<> generate_process_statm(Process&, const ProcessView& view, String& out) {
    const vm::SpaceStatistics memory = statistics_of(view);
    return format_append(out, "{} {} {} {} 0 {} 0\n", memory.virtual_pages,
                         memory.resident_anonymous + memory.resident_source, memory.resident_source,
                         memory.executable_pages, memory.data_pages + memory.stack_pages);
}

namespace {

Result<> append_groups(const Identity& who, String& out) {
    bool is_first = true;
    for (const GroupId group : who.groups()) {
        if (!is_first) TRY(out.push(' '));
        TRY(format_append(out, "{}", group));
        is_first = false;
    }
    return {};
}

Result<> append_identity(const ProcessView& view, String& out) {
    if (view.identity) {
        const Identity& who = *view.identity;
        TRY(format_append(out, "Uid:\t{}\t{}\t{}\t{}\n", who.uid, who.euid, who.suid, who.fsuid));
        TRY(format_append(out, "Gid:\t{}\t{}\t{}\t{}\n", who.gid, who.egid, who.sgid, who.fsgid));
    }
    TRY(format_append(out, "FDSize:\t{}\nGroups:\t", view.files ? view.files->size() : 0U));
    if (view.identity) TRY(append_groups(*view.identity, out));
    return out.append(" \n");  // LINUX: the blank is there
}

Result<> append_size(String& out, std::string_view name, u64 kib) {
    return format_append(out, "{}:\t{:8} kB\n", name, kib);
}

Result<> append_memory(const ProcessView& view, String& out) {
    const vm::SpaceStatistics memory = statistics_of(view);
    const u64 resident = memory.resident_anonymous + memory.resident_source;
    TRY(append_size(out, "VmPeak", memory.peak_virtual_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmSize", memory.virtual_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmLck", memory.locked_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmPin", 0));
    TRY(append_size(out, "VmHWM", memory.peak_resident * KIB_PER_PAGE));
    TRY(append_size(out, "VmRSS", resident * KIB_PER_PAGE));
    TRY(append_size(out, "RssAnon", memory.resident_anonymous * KIB_PER_PAGE));
    TRY(append_size(out, "RssFile", memory.resident_source * KIB_PER_PAGE));
    TRY(append_size(out, "RssShmem", 0));
    TRY(append_size(out, "VmData", memory.data_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmStk", memory.stack_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmExe", memory.executable_pages * KIB_PER_PAGE));
    TRY(append_size(out, "VmLib", 0));
    TRY(append_size(out, "VmPTE", memory.page_table_bytes / KIB));
    TRY(append_size(out, "VmSwap", 0));
    return append_size(out, "HugetlbPages", 0);
}

Result<> append_signals(Process& process, const ProcessView& view, String& out) {
    return format_append(
        out,
        "SigQ:\t{}/"
        "{}\nSigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\n",
        view.identity ? QUEUED_SIGNALS.of(view.identity->uid) : 0, process.limit(Resource::PendingSignals),
        view.pending.bits(), view.process_pending.bits(), view.blocked.bits(), view.ignored.bits(),
        view.caught.bits());
}

Result<> append_capabilities(const ProcessView& view, String& out) {
    if (!view.identity) return {};
    const Identity& who = *view.identity;
    TRY(format_append(
        out, "CapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\nCapBnd:\t{:016x}\nCapAmb:\t{:016x}\n",
        who.inheritable, who.permitted, who.effective, who.bounding, who.ambient));
    return format_append(out, "NoNewPrivs:\t{}\nSeccomp:\t0\nSeccomp_filters:\t0\n",
                         who.no_new_privileges ? 1 : 0);
}

/// Appends a name on one line, whatever bytes it contains.
Result<> append_name(String& out, std::string_view name) {
    for (const char c : name) {
        if (c == '\n')
            TRY(out.append("\\n"));
        else if (c == '\\')
            TRY(out.append("\\\\"));
        else
            TRY(out.push(c));
    }
    return {};
}

}  // namespace

Result<> generate_process_status(Process& process, const ProcessView& view, String& out) {
    TRY(out.append("Name:\t"));
    TRY(append_name(out, view.name_text()));
    TRY(out.push('\n'));
    if (view.paths) {
        TRY(out.append("Umask:\t0"));
        TRY(append_octal(out, view.paths->umask() >> 6));
        TRY(append_octal(out, view.paths->umask() >> 3 & 7));
        TRY(append_octal(out, view.paths->umask() & 7));
        TRY(out.push('\n'));
    }
    TRY(format_append(out, "State:\t{} ({})\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n",
                      view.state_letter(), view.state_name(), process.pid(), view.id, view.parent));
    TRY(append_identity(view, out));
    TRY(format_append(out, "NStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", process.pid(), view.id,
                      view.group, view.session));
    if (view.space) TRY(append_memory(view, out));
    // LINUX: a zombie is a thread still, as long as it is not reaped.
    TRY(format_append(out, "CoreDumping:\t0\nTHP_enabled:\t0\nThreads:\t{}\n", std::max(view.threads, 1U)));
    TRY(append_signals(process, view, out));
    TRY(append_capabilities(view, out));
    TRY(format_append(out, "Cpus_allowed:\t{:x}\nCpus_allowed_list:\t", view.allowed_cpus));
    TRY(append_cpu_list(out, view.allowed_cpus));
    TRY(out.append("\nMems_allowed:\t1\nMems_allowed_list:\t0\n"));
    return format_append(out, "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
                         view.usage.voluntary_switches, view.usage.involuntary_switches);
}

}  // namespace exo::posix_x::procfs
