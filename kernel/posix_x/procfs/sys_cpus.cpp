// /sys/devices/system/cpu: which processors there are (Linux's Documentation/ABI/testing/sysfs-devices-system-cpu, and
// drivers/base/cpu.c and topology.c for the formats).
#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "utils/format.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u32 READABLE = 0444;
// LINUX: NR_CPUS of Debian's kernel, less one.
constexpr u32 LARGEST_CPU_NUMBER = 8191;

using Generator = fs::FunctionFile::Generator;

Result<> append_all_cpus(String& out) {
    TRY(append_cpu_list(out, scheduler::SCHEDULER.cpus()));
    return out.push('\n');
}

Result<> append_no_cpus(String& out) { return out.append("\n"); }

Result<> append_mask_of_all(String& out) { return format_append(out, "{:x}\n", scheduler::SCHEDULER.cpus()); }

Result<> append_zero(String& out) { return out.append("0\n"); }

/// What is different for each CPU. Each is a core of its own, and all are in one package.
struct OwnFiles {
    Generator number;
    Generator mask;
};
template <usize... CPU>
constexpr std::array<OwnFiles, sizeof...(CPU)> own_files(std::index_sequence<CPU...>) {
    return {OwnFiles{[](String& out) { return format_append(out, "{}\n", CPU); },
                     [](String& out) { return format_append(out, "{:x}\n", 1ULL << CPU); }}...};
}
constexpr auto OWN_FILES = own_files(std::make_index_sequence<arch::MAX_CPUS>());

Result<> add_topology(fs::StaticDirectory& cpu, const OwnFiles& own) {
    fs::StaticDirectory& topology = *TRY(cpu.add_directory("topology", 0755));
    TRY(topology.add_file("core_id", READABLE, own.number));
    for (const auto name : {"die_id", "physical_package_id"})
        TRY(topology.add_file(name, READABLE, append_zero));
    for (const auto name : {"core_cpus", "thread_siblings"}) TRY(topology.add_file(name, READABLE, own.mask));
    for (const auto name : {"core_cpus_list", "thread_siblings_list"})
        TRY(topology.add_file(name, READABLE, own.number));
    for (const auto name : {"core_siblings", "die_cpus", "package_cpus"})
        TRY(topology.add_file(name, READABLE, append_mask_of_all));
    for (const auto name : {"core_siblings_list", "die_cpus_list", "package_cpus_list"})
        TRY(topology.add_file(name, READABLE, append_all_cpus));
    return {};
}

}  // namespace

Result<> append_cpu_list(String& out, u64 cpus) {
    bool is_first = true;
    while (cpus != 0) {
        const int begin = std::countr_zero(cpus);
        const int length = std::countr_one(cpus >> begin);
        if (!is_first) TRY(out.push(','));
        TRY(format_append(out, "{}", begin));
        if (length > 1) TRY(format_append(out, "-{}", begin + length - 1));
        cpus = begin + length == 64 ? 0 : cpus >> (begin + length) << (begin + length);
        is_first = false;
    }
    return {};
}

Result<> add_sys_cpus() {
    fs::StaticDirectory& devices = *TRY(fs::sysfs().directory->add_directory("devices", 0755));
    fs::StaticDirectory& system = *TRY(devices.add_directory("system", 0755));
    fs::StaticDirectory& cpus = *TRY(system.add_directory("cpu", 0755));
    for (const auto name : {"online", "possible", "present"})
        TRY(cpus.add_file(name, READABLE, append_all_cpus));
    for (const auto name : {"isolated", "offline"}) TRY(cpus.add_file(name, READABLE, append_no_cpus));
    TRY(cpus.add_file(
        "kernel_max", READABLE, [](String& out) { return format_append(out, "{}\n", LARGEST_CPU_NUMBER); }));
    for (u32 cpu = 0; cpu < online_cpus(); ++cpu) {
        String name;
        TRY(format_append(name, "cpu{}", cpu));
        TRY(add_topology(*TRY(cpus.add_directory(name.view(), 0755)), OWN_FILES[cpu]));
    }
    return {};
}

}  // namespace exo::posix_x::procfs
