// /proc/cpuinfo (arch/x86/kernel/cpu/proc.c in Linux).
#include "arch/cpu_identity.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/scheduling/scheduling.hpp"
#include "time/clock.hpp"
#include "utils/format.hpp"

namespace exo::posix_x::procfs {

namespace {

struct FlagName {
    u32 bit;
    std::string_view name;
};

// Linux's names (arch/x86/include/asm/cpufeatures.h), in its order.
constexpr FlagName LEAF1_EDX[] = {
    {0, "fpu"},      {1, "vme"},  {2, "de"},    {3, "pse"},  {4, "tsc"},    {5, "msr"},
    {6, "pae"},      {7, "mce"},  {8, "cx8"},   {9, "apic"}, {11, "sep"},   {12, "mtrr"},
    {13, "pge"},     {14, "mca"}, {15, "cmov"}, {16, "pat"}, {17, "pse36"}, {18, "pn"},
    {19, "clflush"}, {21, "dts"}, {22, "acpi"}, {23, "mmx"}, {24, "fxsr"},  {25, "sse"},
    {26, "sse2"},    {27, "ss"},  {28, "ht"},   {29, "tm"},  {31, "pbe"},
};
constexpr FlagName EXTENDED_EDX[] = {
    {11, "syscall"}, {19, "mp"},     {20, "nx"}, {22, "mmxext"},   {25, "fxsr_opt"},
    {26, "pdpe1gb"}, {27, "rdtscp"}, {29, "lm"}, {30, "3dnowext"}, {31, "3dnow"},
};
constexpr FlagName LEAF1_ECX[] = {
    {0, "pni"},
    {1, "pclmulqdq"},
    {3, "monitor"},
    {9, "ssse3"},
    {12, "fma"},
    {13, "cx16"},
    {17, "pcid"},
    {19, "sse4_1"},
    {20, "sse4_2"},
    {21, "x2apic"},
    {22, "movbe"},
    {23, "popcnt"},
    {24, "tsc_deadline_timer"},
    {25, "aes"},
    {26, "xsave"},
    {28, "avx"},
    {29, "f16c"},
    {30, "rdrand"},
    {31, "hypervisor"},
};
constexpr FlagName EXTENDED_ECX[] = {
    {0, "lahf_lm"}, {1, "cmp_legacy"}, {2, "svm"},           {4, "cr8_legacy"},
    {5, "abm"},     {6, "sse4a"},      {8, "3dnowprefetch"},
};
constexpr FlagName LEAF7_EBX[] = {
    {0, "fsgsbase"}, {3, "bmi1"},     {5, "avx2"},        {7, "smep"},     {8, "bmi2"},
    {9, "erms"},     {10, "invpcid"}, {14, "mpx"},        {16, "avx512f"}, {18, "rdseed"},
    {19, "adx"},     {20, "smap"},    {23, "clflushopt"}, {24, "clwb"},    {29, "sha_ni"},
};
constexpr FlagName LEAF7_ECX[] = {{2, "umip"}, {3, "pku"}, {9, "vaes"}, {16, "la57"}, {22, "rdpid"}};

template <usize N> Result<> append_flags(String& out, u32 word, const FlagName (&names)[N]) {
    for (const FlagName& flag : names)
        if ((word >> flag.bit & 1) != 0) TRY(format_append(out, " {}", flag.name));
    return {};
}

Result<> append_one(String& out, const arch::CpuIdentity& cpu, u32 index) {
    const u64 kilohertz = time::cycle_counter_hertz() / 1000;
    TRY(format_append(out, "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\n", index,
                      cpu.vendor, cpu.family, cpu.model));
    std::string_view brand = cpu.brand;
    while (brand.starts_with(' ')) brand.remove_prefix(1);
    TRY(format_append(out, "model name\t: {}\nstepping\t: {}\n", brand.empty() ? "unknown" : brand,
                      cpu.stepping));
    TRY(format_append(out, "cpu MHz\t\t: {}.{:03}\n", kilohertz / 1000, kilohertz % 1000));
    TRY(format_append(out, "physical id\t: 0\nsiblings\t: {}\ncore id\t\t: {}\ncpu cores\t: {}\n",
                      online_cpus(), index, online_cpus()));
    TRY(format_append(out, "apicid\t\t: {}\ninitial apicid\t: {}\nfpu\t\t: yes\nfpu_exception\t: yes\n",
                      index, index));
    TRY(format_append(out, "cpuid level\t: {}\nwp\t\t: yes\nflags\t\t:", cpu.highest_leaf));
    TRY(append_flags(out, cpu.leaf1_edx, LEAF1_EDX));
    TRY(append_flags(out, cpu.extended_edx, EXTENDED_EDX));
    TRY(append_flags(out, cpu.leaf1_ecx, LEAF1_ECX));
    TRY(append_flags(out, cpu.extended_ecx, EXTENDED_ECX));
    TRY(append_flags(out, cpu.leaf7_ebx, LEAF7_EBX));
    TRY(append_flags(out, cpu.leaf7_ecx, LEAF7_ECX));
    return format_append(
        out,
        "\nclflush size\t: {}\ncache_alignment\t: {}\naddress sizes\t: {} bits physical, {} bits "
        "virtual\npower management:\n\n",
        cpu.cache_line_bytes, cpu.cache_line_bytes, cpu.physical_bits, cpu.virtual_bits);
}

}  // namespace

Result<> generate_cpu_information(String& out) {
    const arch::CpuIdentity cpu = arch::cpu_identity();
    for (u32 index = 0; index < online_cpus(); ++index) TRY(append_one(out, cpu, index));
    return {};
}

}  // namespace exo::posix_x::procfs
