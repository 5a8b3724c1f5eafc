#include "posix_x/x86_64/refused_instructions.hpp"

#include <cstring>
#include <optional>

#include "posix_x/process/process.hpp"
#include "sync/spin_lock.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

// LINUX: the constant results of these instructions.
constexpr u64 GDT_BASE = 0xffff'ffff'fffe'0000;
constexpr u64 IDT_BASE = 0xffff'ffff'ffff'0000;
constexpr u64 CR0_VALUE = 0x8005'0033;  // PG, AM, WP, NE, ET, MP, PE
constexpr u64 TASK_SELECTOR = 0x40;

enum class Instruction : u8 { Sgdt, Sidt, Smsw, Sldt, Str };

/// The bytes at an instruction pointer, as far as they can be read (Intel SDM vol. 2, 2.1: at most 15).
class Code {
  public:
    explicit Code(u64 address) {
        while (size_ < sizeof(bytes_)) {
            const u64 at = address + size_;
            const usize piece = std::min<usize>(sizeof(bytes_) - size_, PAGE_SIZE - at % PAGE_SIZE);
            if (!vm::read_user(at, {bytes_ + size_, piece})) return;
            size_ += piece;
        }
    }
    std::optional<u8> next() { return at_ < size_ ? std::optional(bytes_[at_++]) : std::nullopt; }
    std::optional<u8> peek() const { return at_ < size_ ? std::optional(bytes_[at_]) : std::nullopt; }
    /// A signed number of 1 or 4 bytes.
    std::optional<i64> displacement(usize count) {
        if (size_ - at_ < count) return std::nullopt;
        i32 value = 0;
        if (count == 1)
            value = static_cast<i8>(bytes_[at_]);
        else if (count == sizeof(value))
            std::memcpy(&value, bytes_ + at_, sizeof(value));
        at_ += count;
        return value;
    }
    usize used() const { return at_; }

  private:
    u8 bytes_[15];
    usize size_ = 0;
    usize at_ = 0;
};

/// The prefixes before the opcode.
struct Prefixes {
    bool has_16_bit_operand = false;
    bool has_32_bit_address = false;
    u8 segment = 0;  ///< Of FS and GS alone: the others start at 0.
    u8 rex = 0;
    bool wide_operand() const { return (rex & 8) != 0; }
    /// The register's highest bit, for the reg, index or base field.
    u32 high(u32 bit) const { return (rex >> bit & 1) != 0 ? 8 : 0; }
};

constexpr u8 PREFIX_FS = 0x64;
constexpr u8 PREFIX_GS = 0x65;

Prefixes read_prefixes(Code& code) {
    Prefixes prefixes;
    for (auto byte = code.peek(); byte; byte = code.peek()) {
        switch (*byte) {
            case 0x66: prefixes.has_16_bit_operand = true; break;
            case 0x67: prefixes.has_32_bit_address = true; break;
            case PREFIX_FS:
            case PREFIX_GS: prefixes.segment = *byte; break;
            case 0x26:
            case 0x2e:
            case 0x36:
            case 0x3e:
            case 0xf0:
            case 0xf2:
            case 0xf3: break;
            default:
                if ((*byte & 0xf0) != 0x40) return prefixes;
                // It only counts right before the opcode.
                prefixes.rex = *byte;
                (void)code.next();
                return prefixes;
        }
        (void)code.next();
    }
    return prefixes;
}

std::optional<Instruction> instruction_of(u8 second_byte, u32 reg) {
    if (second_byte == 1) {
        if (reg == 0) return Instruction::Sgdt;
        if (reg == 1) return Instruction::Sidt;
        if (reg == 4) return Instruction::Smsw;
    } else if (second_byte == 0) {
        if (reg == 0) return Instruction::Sldt;
        if (reg == 1) return Instruction::Str;
    }
    return std::nullopt;
}

u64& register_of(arch::UserRegisters& registers, u32 number) {
    switch (number) {
        case 0: return registers.rax;
        case 1: return registers.rcx;
        case 2: return registers.rdx;
        case 3: return registers.rbx;
        case 4: return registers.rsp;
        case 5: return registers.rbp;
        case 6: return registers.rsi;
        case 7: return registers.rdi;
        case 8: return registers.r8;
        case 9: return registers.r9;
        case 10: return registers.r10;
        case 11: return registers.r11;
        case 12: return registers.r12;
        case 13: return registers.r13;
        case 14: return registers.r14;
        default: return registers.r15;
    }
}

/// The address of the operand in memory (Intel SDM vol. 2, 2.1.5 and 2.2.1). Nothing if the code ends too
/// early.
std::optional<u64> address_of_operand(Code& code, u8 modrm, const Prefixes& prefixes,
                                      arch::UserRegisters& registers) {
    constexpr u32 HAS_INDEX = 4;
    constexpr u32 NO_BASE = 5;
    const u32 mode = modrm >> 6;
    u32 base = modrm & 7;
    u64 address = 0;
    const bool has_index = base == HAS_INDEX;
    if (has_index) {
        const auto sib = code.next();
        if (!sib) return std::nullopt;
        const u32 index = (*sib >> 3 & 7) + prefixes.high(1);
        if (index != HAS_INDEX) address = register_of(registers, index) << (*sib >> 6);
        base = *sib & 7;
    }
    const bool has_base = base != NO_BASE || mode != 0;
    if (has_base) address += register_of(registers, base + prefixes.high(0));
    const usize size = mode == 1 ? 1 : mode == 2 || !has_base ? 4 : 0;
    const auto displacement = code.displacement(size);
    if (!displacement) return std::nullopt;
    address += static_cast<u64>(*displacement);
    if (!has_base && !has_index) address += registers.rip + code.used();
    if (prefixes.has_32_bit_address) address = static_cast<u32>(address);
    const sync::InterruptsOff no_interrupts;
    if (prefixes.segment == PREFIX_FS) address += arch::user_fs_base();
    if (prefixes.segment == PREFIX_GS) address += arch::user_gs_base();
    return address;
}

/// At most ten bytes, of which the first `size` are stored.
struct Outcome {
    u8 bytes[10] = {};
    usize size = 0;
};

Outcome table_outcome(u64 base) {
    Outcome outcome{.size = 10};  // the limit, 0, and the base
    std::memcpy(outcome.bytes + 2, &base, sizeof(base));
    return outcome;
}

Outcome number_outcome(u64 value, bool is_register, const Prefixes& prefixes) {
    Outcome outcome;
    std::memcpy(outcome.bytes, &value, sizeof(value));
    const usize operand = prefixes.wide_operand() ? 8 : prefixes.has_16_bit_operand ? 2 : 4;
    outcome.size = is_register ? operand : 2;
    return outcome;
}

Outcome outcome_of(Instruction instruction, bool is_register, const Prefixes& prefixes) {
    switch (instruction) {
        case Instruction::Sgdt: return table_outcome(GDT_BASE);
        case Instruction::Sidt: return table_outcome(IDT_BASE);
        case Instruction::Smsw: return number_outcome(CR0_VALUE, is_register, prefixes);
        case Instruction::Sldt: return number_outcome(0, is_register, prefixes);
        case Instruction::Str: return number_outcome(TASK_SELECTOR, is_register, prefixes);
    }
}

/// LINUX: force_sig_info_umip_fault. The signal says that nothing is mapped there, whatever the actual fault
/// is.
void fail_to_store(u64 address) {
    constexpr u64 PAGE_FAULT = 14;
    constexpr u64 WRITE_BY_USER = 6;
    current_task().last_fault = {PAGE_FAULT, WRITE_BY_USER, address};
    force_signal({.signal = Signal::Segv, .code = signal_code::SEGV_MAPERR, .value = address});
}

}  // namespace

bool carry_out_refused_instruction(arch::UserRegisters& registers) {
    if (registers.cs != arch::user_selector::CODE) return false;
    Code code(registers.rip);
    const Prefixes prefixes = read_prefixes(code);
    if (code.next() != 0x0f) return false;
    const auto second = code.next();
    const auto modrm = code.next();
    if (!second || !modrm) return false;
    const auto instruction = instruction_of(*second, *modrm >> 3 & 7);
    if (!instruction) return false;
    const bool is_register = *modrm >> 6 == 3;
    if (is_register && (*instruction == Instruction::Sgdt || *instruction == Instruction::Sidt)) return false;

    const Outcome outcome = outcome_of(*instruction, is_register, prefixes);
    if (is_register) {
        // LINUX: the register's other bytes stay, where the CPU would clear the upper half.
        u64& target = register_of(registers, (*modrm & 7) + prefixes.high(0));
        std::memcpy(&target, outcome.bytes, outcome.size);
    } else {
        const auto address = address_of_operand(code, *modrm, prefixes, registers);
        if (!address) return false;
        if (!vm::write_user(*address, {outcome.bytes, outcome.size})) {
            fail_to_store(*address);
            return true;
        }
    }
    registers.rip += code.used();
    return true;
}

}  // namespace exo::posix_x
