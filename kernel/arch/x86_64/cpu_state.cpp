#include "arch/x86_64/cpu_state.hpp"

#include <cstring>

#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/descriptor_tables.hpp"

extern "C" {
void exo_syscall_entry();
void exo_traced_syscall_entry();
extern const exo::u64 exo_trace_sites_start[];
extern const exo::u64 exo_trace_sites_end[];
void exo_compatibility_syscall_entry();
}

namespace exo::arch {

namespace {

namespace msr {
constexpr u32 SYSENTER_CS = 0x174;
constexpr u32 SYSENTER_ESP = 0x175;
constexpr u32 SYSENTER_EIP = 0x176;
constexpr u32 XFD = 0x1c4;
constexpr u32 DEBUGCTL = 0x1d9;
constexpr u32 PAT = 0x277;
constexpr u32 XSS = 0xda0;
constexpr u32 EFER = 0xc0000080;
constexpr u32 STAR = 0xc0000081;
constexpr u32 LSTAR = 0xc0000082;
constexpr u32 CSTAR = 0xc0000083;
constexpr u32 SFMASK = 0xc0000084;
constexpr u32 TSC_AUX = 0xc0000103;
}  // namespace msr

constexpr u64 EFER_SCE = 1;
constexpr u64 EFER_LME_LMA = 1 << 8 | 1 << 10;
constexpr u64 EFER_NXE = 1 << 11;
/// SYSRET loads CS from bits 48-63 + 16 and SS from + 8; SYSRETL takes bits 48-63 themselves as CS.
constexpr u64 STAR_VALUE = u64{USER_CS_32} << 48 | u64{KERNEL_CS} << 32;
/// RFLAGS that SYSCALL clears: IF, DF, TF, NT, AC.
constexpr u64 SFMASK_VALUE = 0x200 | 0x400 | 0x100 | 0x4000 | 0x40000;
/// The PAT's value after reset: write-back, write-through, uncached-, uncached, twice.
constexpr u64 PAT_AFTER_RESET = 0x0007'0406'0007'0406;
constexpr u64 DR7_OFF = 0x400;
/// PG, AM, WP, NE, ET, MP, PE.
constexpr u64 CR0_VALUE = 0x8005'0033;

template <u32 NUMBER> u64 read() { return read_msr(NUMBER); }
template <u64 VALUE> u64 constant() { return VALUE; }

u64 read_cr0() {
    u64 value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}
u64 read_cr4() {
    u64 value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
u64 read_xcr0() {
    u32 low;
    u32 high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return static_cast<u64>(high) << 32 | low;
}
u64 read_dr7() {
    u64 value;
    asm volatile("mov %%dr7, %0" : "=r"(value));
    return value;
}
/// IOPL, NT, VM, AC.
u64 read_privileged_flags() {
    u64 flags;
    asm volatile("pushfq; pop %0" : "=r"(flags) : : "memory");
    return flags & (0x3000 | 0x4000 | 0x20000 | 0x40000);
}
u64 wanted_efer() { return EFER_SCE | EFER_LME_LMA | (cpu_features().has_nx ? EFER_NXE : 0); }
constinit bool traces_system_calls = false;
u64 wanted_lstar() {
    return reinterpret_cast<u64>(traces_system_calls ? &exo_traced_syscall_entry : &exo_syscall_entry);
}
u64 wanted_cstar() { return reinterpret_cast<u64>(&exo_compatibility_syscall_entry); }
u64 wanted_tsc_aux() { return cpu_index(); }
u64 wanted_xcr0() { return cpu_features().xsave_components; }
bool has_xsave() { return cpu_features().has_xsave; }
bool has_tsc_aux() { return cpu_features().has_rdtscp; }
bool has_xss() { return cpu_features().has_supervisor_states; }
bool has_xfd() { return cpu_features().has_feature_disable; }

constexpr CpuStateItem ITEMS[] = {
    {"CR0", "2.5", "boot.S", nullptr, &constant<CR0_VALUE>, &read_cr0},
    // PCE, VMXE, CET, PKS, UINTR and LA57 are off: a loader may leave any of them on.
    {"CR4", "2.5", "enable_cpu_features", nullptr, &wanted_cr4, &read_cr4},
    {"XCR0", "2.6", "enable_cpu_features", &has_xsave, &wanted_xcr0, &read_xcr0},
    {"EFER", "2.2.1", "boot.S, set_cpu_state", nullptr, &wanted_efer, &read<msr::EFER>},
    {"RFLAGS: IOPL, NT, VM, AC", "2.3", "boot.S", nullptr, &constant<0>, &read_privileged_flags},

    // Ways into ring 0.
    {"STAR", "5.8.8", "set_cpu_state", nullptr, &constant<STAR_VALUE>, &read<msr::STAR>},
    {"LSTAR", "5.8.8", "set_cpu_state", nullptr, &wanted_lstar, &read<msr::LSTAR>},
    // AMD's CPUs and QEMU's TCG enter here from the 32-bit code segment (AMD APM vol. 2, 6.1.1).
    {"CSTAR", "5.8.8", "set_cpu_state", nullptr, &wanted_cstar, &read<msr::CSTAR>},
    {"SFMASK", "5.8.8", "set_cpu_state", nullptr, &constant<SFMASK_VALUE>, &read<msr::SFMASK>},
    // SYSENTER is a general-protection fault where its code segment is 0.
    {"SYSENTER_CS", "5.8.7", "set_cpu_state", nullptr, &constant<0>, &read<msr::SYSENTER_CS>},
    {"SYSENTER_ESP", "5.8.7", "set_cpu_state", nullptr, &constant<0>, &read<msr::SYSENTER_ESP>},
    {"SYSENTER_EIP", "5.8.7", "set_cpu_state", nullptr, &constant<0>, &read<msr::SYSENTER_EIP>},
    {"IDT: base", "6.10", "load_descriptor_tables", nullptr, &descriptor_state::wanted_idt_base,
     &descriptor_state::read_idt_base},
    {"IDT: limit", "6.10", "load_descriptor_tables", nullptr, &constant<256 * 16 - 1>,
     &descriptor_state::read_idt_limit},
    // INT3 and INTO alone; INT n of any other vector is a general-protection fault.
    {"IDT: vectors of gates with DPL 3, a bit each", "6.12.1.1", "load_descriptor_tables", nullptr,
     &constant<1 << 3 | 1 << 4>, &descriptor_state::read_user_gates},
    // A #DB that MOV SS has held back arrives at the kernel's first instruction, with the program's GS base.
    {"IDT: IST numbers of #DB, NMI, #DF, #MC, a byte each", "6.14.5", "load_descriptor_tables", nullptr,
     &constant<0x04030201>, &descriptor_state::read_ist_numbers},
    {"TSS: IST stacks that are set, a bit each", "8.7", "load_descriptor_tables", nullptr, &constant<0xf>,
     &descriptor_state::read_ist_stacks},

    // Segments.
    {"GDT: limit", "3.5.1", "load_descriptor_tables", nullptr, &descriptor_state::wanted_gdt_limit,
     &descriptor_state::read_gdt_limit},
    // 32-bit code, data and 64-bit code; no call gate.
    {"GDT: entries with DPL 3, a bit each", "3.4.5", "load_descriptor_tables", nullptr,
     &constant<1 << (USER_CS_32 >> 3) | 1 << (USER_SS >> 3) | 1 << (USER_CS >> 3)>,
     &descriptor_state::read_user_segments},
    // After reset its base is 0 and its limit 0xffff: descriptors would be read from the program's own page 0.
    {"LDTR", "2.4.2", "load_descriptor_tables", nullptr, &constant<0>, &descriptor_state::read_ldt_selector},
    {"TR", "2.4.4", "load_descriptor_tables", nullptr, &descriptor_state::wanted_task_selector,
     &descriptor_state::read_task_selector},
    // The I/O permission bitmap begins beyond the TSS's limit: every port is closed.
    {"TSS: I/O bitmap beyond the limit", "8.2.1", "load_descriptor_tables", nullptr, &constant<1>,
     &descriptor_state::ports_are_closed},

    // State that programs can read, and state that changes how their instructions run.
    {"TSC_AUX", "18.17.2", "set_cpu_state", &has_tsc_aux, &wanted_tsc_aux, &read<msr::TSC_AUX>},
    {"PAT", "12.12", "set_cpu_state", nullptr, &constant<PAT_AFTER_RESET>, &read<msr::PAT>},
    {"DEBUGCTL", "18.4.1", "set_cpu_state", nullptr, &constant<0>, &read<msr::DEBUGCTL>},
    {"DR7", "18.2.4", "set_cpu_state", nullptr, &constant<DR7_OFF>, &read_dr7},
    {"XSS", "vol. 1, 13.3", "set_cpu_state", &has_xss, &constant<0>, &read<msr::XSS>},
    {"XFD", "vol. 1, 13.14", "set_cpu_state", &has_xfd, &constant<0>, &read<msr::XFD>},
};

}  // namespace

std::span<const CpuStateItem> cpu_state() { return ITEMS; }

void trace_system_calls() {
    traces_system_calls = true;
    write_msr(msr::LSTAR, wanted_lstar());
    // A jump to the copy's traced form over its first instructions. Further CPUs start after this.
    for (const u64* site = exo_trace_sites_start; site != exo_trace_sites_end; site += 2) {
        constexpr u8 JUMP = 0xe9;
        constexpr u64 JUMP_SIZE = 5;
        const u32 distance = static_cast<u32>(site[1] - (site[0] + JUMP_SIZE));
        // SAFETY: user_copy.S has recorded the address of a function of ours that is at least as long.
        auto* code = reinterpret_cast<u8*>(site[0]);
        code[0] = JUMP;
        std::memcpy(code + 1, &distance, sizeof(distance));
    }
}

void set_cpu_state() {
    write_msr(msr::EFER, wanted_efer());
    write_msr(msr::STAR, STAR_VALUE);
    write_msr(msr::LSTAR, wanted_lstar());
    write_msr(msr::CSTAR, wanted_cstar());
    write_msr(msr::SFMASK, SFMASK_VALUE);
    write_msr(msr::SYSENTER_CS, 0);
    write_msr(msr::SYSENTER_ESP, 0);
    write_msr(msr::SYSENTER_EIP, 0);
    if (has_tsc_aux()) write_msr(msr::TSC_AUX, wanted_tsc_aux());
    write_msr(msr::PAT, PAT_AFTER_RESET);
    write_msr(msr::DEBUGCTL, 0);
    asm volatile("mov %0, %%dr7" : : "r"(DR7_OFF));
    if (has_xss()) write_msr(msr::XSS, 0);
    if (has_xfd()) write_msr(msr::XFD, 0);
}

}  // namespace exo::arch
