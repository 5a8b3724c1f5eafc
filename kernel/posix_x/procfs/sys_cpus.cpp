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

/// All processors as a list: "0", or "0-3".
Result<> append_all_cpus(String& out) {
    static_assert(ONLINE_CPUS == 1, "a list of several, and a folder for each");
    return out.append("0\n");
}

Result<> append_no_cpus(String& out) { return out.append("\n"); }

Result<> append_mask_of_all(String& out) { return out.append("1\n"); }

Result<> append_zero(String& out) { return out.append("0\n"); }

Result<> add_topology(fs::StaticDirectory& cpu) {
    fs::StaticDirectory& topology = *TRY(cpu.add_directory("topology", 0755));
    for (const auto name : {"core_id", "die_id", "physical_package_id"})
        TRY(topology.add_file(name, READABLE, append_zero));
    for (const auto name : {"core_cpus", "core_siblings", "die_cpus", "package_cpus", "thread_siblings"})
        TRY(topology.add_file(name, READABLE, append_mask_of_all));
    for (const auto name : {"core_cpus_list", "core_siblings_list", "die_cpus_list", "package_cpus_list",
                            "thread_siblings_list"})
        TRY(topology.add_file(name, READABLE, append_all_cpus));
    return {};
}

}  // namespace

Result<> add_sys_cpus() {
    fs::StaticDirectory& devices = *TRY(fs::sysfs().directory->add_directory("devices", 0755));
    fs::StaticDirectory& system = *TRY(devices.add_directory("system", 0755));
    fs::StaticDirectory& cpus = *TRY(system.add_directory("cpu", 0755));
    for (const auto name : {"online", "possible", "present"})
        TRY(cpus.add_file(name, READABLE, append_all_cpus));
    for (const auto name : {"isolated", "offline"}) TRY(cpus.add_file(name, READABLE, append_no_cpus));
    TRY(cpus.add_file(
        "kernel_max", READABLE, [](String& out) { return format_append(out, "{}\n", LARGEST_CPU_NUMBER); }));
    return add_topology(*TRY(cpus.add_directory("cpu0", 0755)));
}

}  // namespace exo::posix_x::procfs
