#include "arch/x86_64/descriptor_tables.hpp"

#include "arch/x86_64/cpu_features.hpp"

extern "C" {
extern const exo::u8 exo_vector_stubs[];
}

namespace exo::arch {

namespace {

struct IdtEntry {
    u16 offset_low;
    u16 selector;
    u8 ist;
    u8 type;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};
static_assert(sizeof(IdtEntry) == 16);

struct [[gnu::packed]] TablePointer {
    u16 limit;
    u64 base;
};

constexpr usize GDT_TSS = 8;
constexpr usize IST_STACK_SIZE = 8 * KIB;

struct alignas(PAGE_SIZE) GuardedStack {
    u8 guard[PAGE_SIZE];  ///< Unmapped by memory.
    u8 bytes[IST_STACK_SIZE];
};

/// Those of further CPUs come with start_cpu.
constinit GuardedStack first_ist_stacks[IST_STACKS]{};
alignas(16) constinit IdtEntry idt[256]{};

constexpr u8 GATE_KERNEL = 0x8e;
constexpr u8 GATE_USER = 0xee;  // int3 and into may be executed by programs
constexpr u16 TASK_SELECTOR = GDT_TSS * 8;

u8 ist_of(u32 vector) {
    switch (vector) {
        case 1: return 1;   // #DB
        case 2: return 2;   // NMI
        case 8: return 3;   // #DF
        case 18: return 4;  // #MC
        default: return 0;
    }
}

void fill_idt() {
    for (u32 vector = 0; vector < 256; ++vector) {
        // SAFETY: the stubs are 16 bytes each (entry.S).
        const u64 address = reinterpret_cast<u64>(exo_vector_stubs) + vector * 16ULL;
        idt[vector] = {static_cast<u16>(address),
                       KERNEL_CS,
                       ist_of(vector),
                       vector == 3 || vector == 4 ? GATE_USER : GATE_KERNEL,
                       static_cast<u16>(address >> 16),
                       static_cast<u32>(address >> 32),
                       0};
    }
}

void fill_gdt(CpuLocal& cpu) {
    cpu.gdt[1] = 0x00cf9b000000ffff;  // 0x08: 32-bit kernel code
    cpu.gdt[2] = 0x00af9b000000ffff;  // 0x10: kernel code
    cpu.gdt[3] = 0x00cf93000000ffff;  // 0x18: kernel data
    cpu.gdt[4] = 0x00cffb000000ffff;  // 0x20: 32-bit user code
    cpu.gdt[5] = 0x00cff3000000ffff;  // 0x28: user data
    cpu.gdt[6] = 0x00affb000000ffff;  // 0x30: user code
    const u64 base = reinterpret_cast<u64>(&cpu.task_state);
    const u64 limit = sizeof(TaskState) - 1;
    cpu.gdt[GDT_TSS] = (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56 | limit | 0x89ULL << 40;
    cpu.gdt[GDT_TSS + 1] = base >> 32;
}

/// The CPU's record lies at the top of each of its own stacks: entry.S reads it there.
void fill_ist(CpuLocal& cpu, const OwnStacks& tops) {
    for (u32 index = 0; index < IST_STACKS; ++index) {
        // SAFETY: the last 16 bytes of the stack, which is 16-byte aligned.
        auto* top = static_cast<u64*>(tops[index]) - 2;
        top[0] = reinterpret_cast<u64>(&cpu);
        cpu.task_state.ist[index] = reinterpret_cast<u64>(top);
    }
    cpu.task_state.io_map_base = sizeof(TaskState);
}

}  // namespace

OwnStacks first_own_stacks() {
    OwnStacks tops{};
    for (u32 index = 0; index < IST_STACKS; ++index)
        tops[index] = first_ist_stacks[index].bytes + IST_STACK_SIZE;
    return tops;
}

void load_descriptor_tables(CpuLocal& cpu, const OwnStacks& tops) {
    fill_gdt(cpu);
    fill_ist(cpu, tops);
    if (cpu.index == 0) fill_idt();  // one table for all CPUs
    const TablePointer gdt_pointer{sizeof(cpu.gdt) - 1, reinterpret_cast<u64>(cpu.gdt)};
    const TablePointer idt_pointer{sizeof(idt) - 1, reinterpret_cast<u64>(idt)};
    asm volatile(
        "lgdt %0\n\t"
        "lidt %1\n\t"
        "pushq %2\n\t"
        "lea 1f(%%rip), %%rax\n\t"
        "push %%rax\n\t"
        "lretq\n"
        "1:\n\t"
        "mov %3, %%ss\n\t"
        "xor %%eax, %%eax\n\t"
        "mov %%eax, %%ds\n\t"
        "mov %%eax, %%es\n\t"
        "mov %%eax, %%fs\n\t"
        "mov %%eax, %%gs\n\t"
        "ltr %w4\n\t"
        "lldt %%ax"
        :
        : "m"(gdt_pointer), "m"(idt_pointer), "i"(KERNEL_CS), "r"(static_cast<u32>(KERNEL_SS)),
          "r"(static_cast<u32>(TASK_SELECTOR))
        : "rax", "memory");
    cpu.self = &cpu;
    write_msr(0xc0000101, reinterpret_cast<u64>(&cpu));  // GS_BASE
    write_msr(0xc0000102, 0);                            // KERNEL_GS_BASE: the user's
    // The member before the count: whoever reads the count finds the member. seq_cst: before all that this CPU announces.
    cpu_list.members[cpu.index].store(&cpu, std::memory_order_release);
    cpu_list.count.fetch_add(1, std::memory_order_seq_cst);
}

std::array<u64, IST_STACKS> ist_guards() {
    std::array<u64, IST_STACKS> guards{};
    for (u32 index = 0; index < IST_STACKS; ++index)
        guards[index] = reinterpret_cast<u64>(first_ist_stacks[index].guard);
    return guards;
}

void set_kernel_stack(void* stack_top) {
    asm volatile("mov %0, %%gs:%c1; mov %0, %%gs:%c2"
                 :
                 : "r"(stack_top), "i"(offsetof(CpuLocal, task_state) + offsetof(TaskState, rsp)),
                   "i"(offsetof(CpuLocal, kernel_stack_top))
                 : "memory");
}

namespace descriptor_state {

namespace {

constexpr u32 USER_LEVEL = 3;

TablePointer loaded_idt() {
    TablePointer pointer{};
    asm volatile("sidt %0" : "=m"(pointer));
    return pointer;
}

TablePointer loaded_gdt() {
    TablePointer pointer{};
    asm volatile("sgdt %0" : "=m"(pointer));
    return pointer;
}

/// SAFETY: the CPU's own table, which has an entry for each vector.
const IdtEntry& gate(u32 vector) { return reinterpret_cast<const IdtEntry*>(loaded_idt().base)[vector]; }

/// SAFETY: `index` is within the table's limit.
u64 segment(u64 index) { return reinterpret_cast<const u64*>(loaded_gdt().base)[index]; }

u64 level_of(u64 descriptor) { return descriptor >> 45 & 3; }

struct LoadedTss {
    const TaskState* tss;
    u64 limit;
};

LoadedTss loaded_tss() {
    const u64 index = read_task_selector() / 8;
    const u64 low = segment(index);
    const u64 base = (low >> 16 & 0xffffff) | (low >> 56) << 24 | segment(index + 1) << 32;
    // SAFETY: the descriptor of the task register names the CPU's own TSS.
    return {reinterpret_cast<const TaskState*>(base), low & 0xffff};
}

}  // namespace

u64 wanted_idt_base() { return reinterpret_cast<u64>(idt); }
u64 read_idt_base() { return loaded_idt().base; }
u64 read_idt_limit() { return loaded_idt().limit; }

/// Bit 63 stands for every vector from 63 on.
u64 read_user_gates() {
    u64 vectors = 0;
    for (u32 vector = 0; vector < 256; ++vector)
        if ((gate(vector).type >> 5 & 3) == USER_LEVEL) vectors |= 1ULL << (vector < 63 ? vector : 63);
    return vectors;
}

u64 read_ist_numbers() {
    return gate(1).ist | u64{gate(2).ist} << 8 | u64{gate(8).ist} << 16 | u64{gate(18).ist} << 24;
}

u64 read_ist_stacks() {
    u64 stacks = 0;
    for (u32 index = 0; index < 7; ++index)
        if (loaded_tss().tss->ist[index] != 0) stacks |= 1ULL << index;
    return stacks;
}

u64 wanted_gdt_limit() { return sizeof(CpuLocal::gdt) - 1; }
u64 read_gdt_limit() { return loaded_gdt().limit; }

u64 read_user_segments() {
    u64 entries = 0;
    for (u64 index = 1; index < GDT_TSS; ++index)
        if (segment(index) != 0 && level_of(segment(index)) == USER_LEVEL) entries |= 1ULL << index;
    return entries;
}

u64 read_ldt_selector() {
    u16 selector = 0;
    asm volatile("sldt %0" : "=r"(selector));
    return selector;
}

u64 wanted_task_selector() { return TASK_SELECTOR; }
u64 read_task_selector() {
    u16 selector = 0;
    asm volatile("str %0" : "=r"(selector));
    return selector;
}

u64 ports_are_closed() {
    const LoadedTss loaded = loaded_tss();
    return loaded.tss->io_map_base > loaded.limit ? 1 : 0;
}

}  // namespace descriptor_state

}  // namespace exo::arch
