// The compiler's checks read shadow; there is none for an address that is neither RAM of ours nor a device's. What was about
// to be accessed follows from the shadow's address: for the kernel half from CR2, for any other from the faulting
// instruction, because its shadow's address is not canonical and the CPU does not say it.
#if defined(EXO_KASAN)

#include <optional>

#include "arch/x86_64/kasan/kasan_start.hpp"
#include "utils/kasan.hpp"

namespace exo::arch {

namespace {

u64 unshadowed(u64 shadow) { return (shadow - kasan::SHADOW_OFFSET) << 3; }

u64 register_of(const UserRegisters& r, u32 number) {
    const u64 values[16] = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi,
                            r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
    return values[number & 15];
}

i64 displacement(const u8* bytes, u32 mode) {
    if (mode == 1) return static_cast<i8>(bytes[0]);
    if (mode == 0) return 0;
    return static_cast<i32>(u32{bytes[0]} | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24);
}

/// The address of an instruction's memory operand, for the few opcodes that read or write shadow: MOV, MOVZX, MOVSX, CMP
/// (Intel SDM vol. 2, 2.1.5).
std::optional<u64> memory_operand(const UserRegisters& registers) {
    // SAFETY: the CPU has just executed it.
    const auto* code = reinterpret_cast<const u8*>(registers.rip);
    if (*code == 0x66) ++code;
    u32 rex = 0;
    if ((*code & 0xf0) == 0x40) rex = *code++;
    if (*code == 0x0f) ++code;
    const u8 modrm = code[1];
    code += 2;
    const u32 mode = modrm >> 6;
    u32 base = modrm & 7;
    if (mode == 3) return std::nullopt;
    if (base != 4) {
        if (mode == 0 && base == 5) return std::nullopt;  // relative to RIP
        return register_of(registers, base | (rex & 1) << 3) + static_cast<u64>(displacement(code, mode));
    }
    const u8 sib = *code++;
    base = sib & 7;
    const u32 index = (sib >> 3 & 7) | (rex & 2) << 2;
    const bool has_base = mode != 0 || base != 5;
    u64 address = has_base ? register_of(registers, base | (rex & 1) << 3) : 0;
    if (index != 4) address += register_of(registers, index) << (sib >> 6);
    return address + static_cast<u64>(displacement(code, has_base ? mode : 2));
}

}  // namespace

void explain_page_fault(u64 address, const UserRegisters& registers) {
    if (kasan::is_shadow(address)) kasan::report_wild_access(unshadowed(address), &registers);
}

void explain_general_protection(const UserRegisters& registers) {
    const std::optional<u64> operand = memory_operand(registers);
    // The shadow of all 64 bits' addresses: what is not in the kernel half's part of it.
    if (operand && *operand - kasan::SHADOW_OFFSET < (1ULL << 61) && !kasan::is_shadow(*operand))
        kasan::report_wild_access(unshadowed(*operand), &registers);
}

}  // namespace exo::arch

#endif
