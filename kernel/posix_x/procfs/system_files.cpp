// Files of /proc about the whole machine.
#include <algorithm>

#include "fs/file/device.hpp"
#include "fs/locks/file_locks.hpp"
#include "fs/pseudo/pseudo.hpp"
#include "memory/heap/heap.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/page_table.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "posix_x/system/system_names.hpp"
#include "vm/commit.hpp"
#include "vm/shared_memory.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u64 KIB_PER_PAGE = PAGE_SIZE / KIB;

constinit std::string_view kernel_command_line;

// ---- Memory

u64 pages_of(sync::CpuSum& counter) {
    const i64 value = counter.get();
    return value > 0 ? static_cast<u64>(value) : 0;
}

Result<> append_memory(String& out, std::string_view name, u64 kib) {
    TRY(append_left(out, name, 15));
    return format_append(out, " {:8} kB\n", kib);
}

Result<> generate_meminfo(String& out) {
    const memory::BuddyStats frames = memory::get_stats();
    // A page that two programs share counts twice.
    const u64 anonymous = pages_of(vm::all_resident_anonymous);
    const u64 mapped = pages_of(vm::all_resident_source);
    const u64 tables =
        memory::all_page_tables.load(std::memory_order_relaxed) - memory::kernel_table().table_count();
    const u64 free = frames.free_frames * KIB_PER_PAGE;
    TRY(append_memory(out, "MemTotal:", frames.total_frames * KIB_PER_PAGE));
    TRY(append_memory(out, "MemFree:", free));
    // Without disks all files are in memory for good: what is cached is what is shared.
    const u64 shared = vm::shared_memory_pages.load(std::memory_order_relaxed) * KIB_PER_PAGE;
    TRY(append_memory(out, "MemAvailable:", free));
    TRY(append_memory(out, "Buffers:", 0));
    TRY(append_memory(out, "Cached:", shared));
    for (const auto name : {"SwapCached:", "SwapTotal:", "SwapFree:", "Dirty:", "Writeback:"})
        TRY(append_memory(out, name, 0));
    TRY(append_memory(out, "AnonPages:", anonymous * KIB_PER_PAGE));
    TRY(append_memory(out, "Mapped:", mapped * KIB_PER_PAGE));
    TRY(append_memory(out, "Shmem:", shared));
    // Free objects in slabs can be reclaimed; a leak of kernel objects shows in the other part.
    const memory::HeapStats heap = memory::heap.stats();
    TRY(append_memory(out, "Slab:", heap.free / KIB + heap.allocated / KIB));
    TRY(append_memory(out, "SReclaimable:", heap.free / KIB));
    TRY(append_memory(out, "SUnreclaim:", heap.allocated / KIB));
    TRY(append_memory(
        out, "KernelStack:", scheduler::SCHEDULER.stats().threads * memory::KernelStack::SIZE / KIB));
    TRY(append_memory(out, "PageTables:", tables * KIB_PER_PAGE));
    return append_memory(out, "Committed_AS:", vm::committed_pages() * KIB_PER_PAGE);
}

/// Counts of pages, for vmstat(8). There is no disk and no swap, so nothing has been paged in or out.
Result<> generate_vmstat(String& out) {
    const u64 shared = vm::shared_memory_pages.load(std::memory_order_relaxed);
    TRY(format_append(out, "nr_free_pages {}\nnr_anon_pages {}\nnr_mapped {}\nnr_file_pages {}\n",
                      memory::get_stats().free_frames, pages_of(vm::all_resident_anonymous),
                      pages_of(vm::all_resident_source), shared));
    TRY(format_append(out, "nr_shmem {}\n", shared));
    for (const auto name : {"pgpgin", "pgpgout", "pswpin", "pswpout"})
        TRY(format_append(out, "{} 0\n", std::string_view(name)));
    return {};
}

// ---- Processor time

struct Ticks {
    u64 user;
    u64 system;
    u64 idle;
};

/// The busy time is exact; its division is sampled.
Ticks ticks_of(u32 cpu) {
    const scheduler::CpuTimes times = scheduler::SCHEDULER.cpu_times(cpu);
    const ResourceUsage usage = to_usage(
        {.run_time = times.busy, .user_samples = times.user_samples, .kernel_samples = times.kernel_samples});
    return {usage.user_time / CLOCK_TICK, usage.system_time / CLOCK_TICK, times.idle / CLOCK_TICK};
}

Result<> generate_stat(String& out) {
    Ticks all{};
    for (u32 cpu = 0; cpu < online_cpus(); ++cpu) {
        const Ticks one = ticks_of(cpu);
        all = {all.user + one.user, all.system + one.system, all.idle + one.idle};
    }
    TRY(format_append(out, "cpu  {} 0 {} {} 0 0 0 0 0 0\n", all.user, all.system, all.idle));
    for (u32 cpu = 0; cpu < online_cpus(); ++cpu) {
        const Ticks one = ticks_of(cpu);
        TRY(format_append(out, "cpu{} {} 0 {} {} 0 0 0 0 0 0\n", cpu, one.user, one.system, one.idle));
    }
    const u64 created = PROCESSES.lock()->created;
    const u64 boot_time = (time::realtime() - time::monotonic()) / time::SECOND;
    u64 interrupts = 0;
    for (u32 cpu = 0; cpu < online_cpus(); ++cpu) interrupts += arch::interrupt_count(cpu);
    TRY(format_append(out, "intr {}\nctxt {}\nbtime {}\n", interrupts, scheduler::SCHEDULER.switch_count(),
                      boot_time));
    TRY(format_append(out, "processes {}\nprocs_running {}\nprocs_blocked 0\n", created,
                      scheduler::SCHEDULER.runnable_count()));
    return out.append("softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

Result<> generate_uptime(String& out) {
    constexpr time::Nanoseconds HUNDREDTH = time::SECOND / 100;
    TRY(append_hundredths(out, time::monotonic() / HUNDREDTH));
    TRY(out.push(' '));
    TRY(append_hundredths(out, scheduler::SCHEDULER.idle_time() / HUNDREDTH));
    return out.push('\n');
}

Result<> generate_loadavg(String& out) {
    using scheduler::LoadAverage;
    for (const u64 load : scheduler::SCHEDULER.loads()) {
        const u64 rounded = load + LoadAverage::ONE / 200;
        TRY(append_hundredths(out, rounded * 100 / LoadAverage::ONE));
        TRY(out.push(' '));
    }
    const Pid last = PROCESSES.lock()->last_pid;
    return format_append(out, "{}/{} {}\n", scheduler::SCHEDULER.runnable_count(),
                         scheduler::SCHEDULER.stats().threads, last);
}

// ---- The rest

Result<> generate_version(String& out) {
    return format_append(out, "{} version {} (Exo-OS) ({}) {}\n", SYSTEM_NAME, SYSTEM_RELEASE,
                         std::string_view(__VERSION__), SYSTEM_VERSION);
}

Result<> generate_command_line(String& out) {
    TRY(out.append(kernel_command_line));
    return out.push('\n');
}

Result<> generate_file_systems(String& out) {
    Result<> result;
    fs::for_each_file_system([&](const fs::FileSystemType& type) {
        const bool has_device = type.backing == fs::FileSystemType::Backing::BlockDevice;
        if (result) result = format_append(out, "{}\t{}\n", has_device ? "" : "nodev", type.name);
    });
    return result;
}

Result<> append_devices(String& out, fs::DeviceClass wanted) {
    Result<> result;
    fs::for_each_device([&](fs::DeviceClass device_class, u32 major, std::string_view driver_name) {
        if (result && device_class == wanted) result = format_append(out, "{:3} {}\n", major, driver_name);
    });
    return result;
}

Result<> generate_devices(String& out) {
    TRY(out.append("Character devices:\n"));
    TRY(append_devices(out, fs::DeviceClass::Character));
    TRY(out.append("\nBlock devices:\n"));
    return append_devices(out, fs::DeviceClass::Block);
}

Result<> generate_swaps(String& out) {
    return out.append("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

/// There are no disks. As on Linux, the file does not even have a heading then.
Result<> generate_partitions(String&) { return {}; }

}  // namespace

void set_command_line(std::string_view command_line) { kernel_command_line = command_line; }

Result<> add_system_files() {
    fs::StaticDirectory& root = *fs::procfs().directory;
    constexpr u32 READABLE = 0444;
    TRY(root.add_file("cmdline", READABLE, generate_command_line));
    TRY(root.add_file("cpuinfo", READABLE, generate_cpu_information));
    TRY(root.add_file("devices", READABLE, generate_devices));
    TRY(root.add_file("filesystems", READABLE, generate_file_systems));
    TRY(root.add_file("loadavg", READABLE, generate_loadavg));
    TRY(root.add_file("locks", READABLE, fs::FileLocks::append_all));
    TRY(root.add_file("meminfo", READABLE, generate_meminfo));
    TRY(root.add_file("partitions", READABLE, generate_partitions));
    TRY(root.add_file("stat", READABLE, generate_stat));
    TRY(root.add_file("swaps", READABLE, generate_swaps));
    TRY(root.add_file("uptime", READABLE, generate_uptime));
    TRY(root.add_file("version", READABLE, generate_version));
    TRY(root.add_file("vmstat", READABLE, generate_vmstat));
    return root.add_link("mounts", [](String& out) { return out.append("self/mounts"); });
}

}  // namespace exo::posix_x::procfs

namespace exo::posix_x {

Result<> start_procfs() {
    TRY(fs::init_procfs());
    TRY(procfs::add_system_files());
    TRY(procfs::add_sysctl());
    TRY(procfs::add_coverage_file());
    TRY(procfs::add_sys_cpus());
    TRY(procfs::add_net_files());
    return procfs::add_processes();
}

}  // namespace exo::posix_x
