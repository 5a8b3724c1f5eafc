// The parts of arch/interface.hpp that are a few instructions.
#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "utils/kasan.hpp"

extern "C" {
exo::usize exo_copy_from_user(void* to, exo::u64 from, exo::usize size);
exo::usize exo_copy_to_user(exo::u64 to, const void* from, exo::usize size);
exo::usize exo_zero_user(exo::u64 to, exo::usize size);
exo::isize exo_copy_string_from_user(char* to, exo::u64 from, exo::usize size);
exo::u64 exo_load_user_word(exo::u64 address);
exo::u64 exo_compare_exchange_user(exo::u64 address, exo::u32 expected, exo::u32 desired);
}

namespace exo::arch {

void wait_for_interrupt() {
    asm volatile("sti; hlt" : : : "memory");  // sti takes effect after the next instruction: no gap
}

void stop_machine() {
    while (true) asm volatile("cli; hlt");
}

u64 hardware_capabilities() { return cpu_features().hwcap; }

u64 hardware_capabilities_2() { return cpu_features().has_fsgsbase ? 2 : 0; }

u32 own_apic_id() { return this_cpu().apic_id; }

void serialize_instructions() { (void)cpuid(0); }

void reset_cpu() {
    // An exception without a descriptor table to handle it resets the CPU.
    struct [[gnu::packed]] {
        u16 limit;
        u64 base;
    } const empty{0, 0};
    asm volatile("lidt %0; int3" : : "m"(empty));
    stop_machine();
}

void switch_starting(Fibre&, Fibre&, void*, usize) {}
void switch_finished() {}

void load_address_space(u64 root) {
    this_cpu().address_space = root;
    asm volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

u64 loaded_address_space() { return this_cpu().address_space; }

void flush_tlb_page(u64 virtual_address) { asm volatile("invlpg (%0)" : : "r"(virtual_address) : "memory"); }

void flush_tlb_all() {
    // Toggling PGE drops global entries too.
    u64 cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4; mov %1, %%cr4" : : "r"(cr4 & ~0x80ULL), "r"(cr4) : "memory");
}

usize copy_from_user(void* to, u64 from, usize size) {
    kasan::check_write(to, size);
    return exo_copy_from_user(to, from, size);
}

usize copy_to_user(u64 to, const void* from, usize size) {
    kasan::check_read(from, size);
    return exo_copy_to_user(to, from, size);
}

usize zero_user(u64 to, usize size) { return exo_zero_user(to, size); }

isize copy_string_from_user(char* to, u64 from, usize size) {
    kasan::check_write(to, size);
    return exo_copy_string_from_user(to, from, size);
}

Result<u32> load_user_word(u64 address) {
    const u64 observed = exo_load_user_word(address);
    if (observed >> 32 != 0) return Error::Efault;
    return static_cast<u32>(observed);
}

Result<u32> compare_exchange_user(u64 address, u32 expected, u32 desired) {
    const u64 observed = exo_compare_exchange_user(address, expected, desired);
    if (observed >> 32 != 0) return Error::Efault;
    return static_cast<u32>(observed);
}

}  // namespace exo::arch
