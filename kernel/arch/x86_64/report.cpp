// The part of a panic report about the CPU: registers and the call chain with names.
#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"

extern "C" {
extern const exo::u8 exo_symbols[];
extern const exo::u8 exo_image_start[];
extern const exo::u8 exo_text_end[];
}

namespace exo::arch {

namespace {

/// Written by tools/embed_symbols.py: count, then {address offset from the image's start, name offset}, then names.
struct SymbolTable {
    u32 magic;
    u32 count;
    struct Entry {
        u32 address;
        u32 name;
    } entries[];
};
constexpr u32 SYMBOL_MAGIC = 0x4d59534b;

bool is_text(u64 address) {
    return address >= reinterpret_cast<u64>(exo_image_start) && address < reinterpret_cast<u64>(exo_text_end);
}

/// `place` lies in the function that is named: a call that does not come back may be a function's last instruction, and
/// returns to the next one.
void describe_in(FormatSink sink, u64 address, u64 place) {
    // SAFETY: the table is part of the image and was written with it; the magic says whether.
    const auto* table = reinterpret_cast<const SymbolTable*>(exo_symbols);
    format_to(sink, "  {:016x}", address);
    if (is_text(place) && table->magic == SYMBOL_MAGIC) {
        const u32 offset = static_cast<u32>(place - reinterpret_cast<u64>(exo_image_start));
        u32 low = 0;
        u32 high = table->count;
        while (high - low > 1) {
            const u32 middle = (low + high) / 2;
            (table->entries[middle].address <= offset ? low : high) = middle;
        }
        const auto* name = reinterpret_cast<const char*>(exo_symbols) + table->entries[low].name;
        format_to(sink, "  {}+{:x}", name, offset - table->entries[low].address + (address - place));
    }
    sink("\n");
}

bool is_kernel_stack_pointer(u64 address) { return address >= 0xffff'8000'0000'0000 && (address & 7) == 0; }

/// Visits the return addresses of at most `most` frames.
template <class Visit> void walk_frames(u64 frame, usize most, Visit visit) {
    for (usize depth = 0; depth < most && is_kernel_stack_pointer(frame); ++depth) {
        // SAFETY: frames lie on mapped kernel stacks; a wild pointer ends in a double fault, which stops the machine.
        const auto* words = reinterpret_cast<const u64*>(frame);
        if (!is_text(words[1])) break;
        visit(words[1]);
        if (words[0] <= frame) break;
        frame = words[0];
    }
}

void describe_calls(FormatSink sink, u64 rip, u64 frame) {
    constexpr usize MAX_FRAMES = 32;
    sink("call chain:\n");
    describe_in(sink, rip, rip);
    walk_frames(frame, MAX_FRAMES, [&](u64 call) { describe_in(sink, call, call - 1); });
}

}  // namespace

void describe_address(FormatSink sink, u64 address) { describe_in(sink, address, address - 1); }

usize call_chain(u64 frame, std::span<u64> calls) {
    usize count = 0;
    walk_frames(frame, calls.size(), [&](u64 call) { calls[count++] = call; });
    return count;
}

void describe_cpu(FormatSink sink, const UserRegisters* registers) {
    u64 cr3;
    u64 cr2;
    asm volatile("mov %%cr3, %0; mov %%cr2, %1" : "=r"(cr3), "=r"(cr2));
    if (registers == nullptr) {
        // SAFETY: our own frame; its first word is the caller's.
        const auto* frame = static_cast<const u64*>(__builtin_frame_address(0));
        describe_calls(sink, reinterpret_cast<u64>(__builtin_return_address(0)), frame[0]);
        return;
    }
    const UserRegisters& r = *registers;
    format_to(sink, "rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}\n", r.rax, r.rbx, r.rcx, r.rdx);
    format_to(sink, "rsi {:016x}  rdi {:016x}  rbp {:016x}  rsp {:016x}\n", r.rsi, r.rdi, r.rbp, r.rsp);
    format_to(sink, "r8  {:016x}  r9  {:016x}  r10 {:016x}  r11 {:016x}\n", r.r8, r.r9, r.r10, r.r11);
    format_to(sink, "r12 {:016x}  r13 {:016x}  r14 {:016x}  r15 {:016x}\n", r.r12, r.r13, r.r14, r.r15);
    format_to(sink, "rip {:016x}  flags {:08x}  cs {:x}  ss {:x}  cr2 {:016x}  cr3 {:016x}\n", r.rip,
              r.rflags, r.cs, r.ss, cr2, cr3);
    describe_calls(sink, r.rip, r.rbp);
}

}  // namespace exo::arch
