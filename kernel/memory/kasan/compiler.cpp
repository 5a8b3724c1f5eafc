// The functions that instrumented code calls (llvm/lib/Transforms/Instrumentation/AddressSanitizer.cpp):
// reports of failed inline checks, checks in functions that are too long for inline ones, and the shadow of
// its stack frames.
#if defined(EXO_KASAN)

#include "memory/kasan/shadow.hpp"
#include "memory/virtual/kernel_stack.hpp"

extern "C" {
extern exo::u8 exo_boot_stack[];
extern exo::u8 exo_boot_stack_end[];
}

using exo::align_down;
using exo::align_up;
using exo::u64;
using exo::u8;
using exo::usize;
using exo::kasan::Access;

namespace {

u64 caller(const void* return_address) { return exo::kasan::address_of(return_address); }

void check_access(u64 address, usize size, Access access, const void* code) {
    if (address < exo::memory::KERNEL_START) return;  // the CPU's affair
    if (exo::kasan::first_bad_byte(address, size) != 0) [[unlikely]]
        exo::kasan::report_access(address, size, access, caller(code));
}

void set_shadow(u64 shadow, usize size, int value) {
    // SAFETY: the compiler names shadow of the running function's frame.
    __builtin_memset(reinterpret_cast<u8*>(shadow), value, size);
}

/// Where the stack ends on which `address` lies; `address` itself if it is one of the CPU's for the worst exceptions,
/// which are not left.
u64 stack_top(u64 address) {
    const u64 offset = address - exo::memory::layout.kernel_stacks;
    if (offset < exo::memory::SLOT_SIZE)
        return exo::memory::layout.kernel_stacks + align_up(offset + 1, exo::memory::StackSlots::STRIDE);
    const u64 boot_end = exo::kasan::address_of(exo_boot_stack_end);
    return address >= exo::kasan::address_of(exo_boot_stack) && address < boot_end ? boot_end : address;
}

}  // namespace

extern "C" {

#define EXO_KASAN_ACCESS(size)                                                                        \
    [[noreturn]] void __asan_report_load##size(u64 address) {                                         \
        exo::kasan::report_access(address, size, Access::Read, caller(__builtin_return_address(0)));  \
    }                                                                                                 \
    [[noreturn]] void __asan_report_store##size(u64 address) {                                        \
        exo::kasan::report_access(address, size, Access::Write, caller(__builtin_return_address(0))); \
    }                                                                                                 \
    void __asan_load##size(u64 address) {                                                             \
        check_access(address, size, Access::Read, __builtin_return_address(0));                       \
    }                                                                                                 \
    void __asan_store##size(u64 address) {                                                            \
        check_access(address, size, Access::Write, __builtin_return_address(0));                      \
    }
EXO_KASAN_ACCESS(1)
EXO_KASAN_ACCESS(2)
EXO_KASAN_ACCESS(4)
EXO_KASAN_ACCESS(8)
EXO_KASAN_ACCESS(16)

[[noreturn]] void __asan_report_load_n(u64 address, usize size) {
    exo::kasan::report_access(address, size, Access::Read, caller(__builtin_return_address(0)));
}
[[noreturn]] void __asan_report_store_n(u64 address, usize size) {
    exo::kasan::report_access(address, size, Access::Write, caller(__builtin_return_address(0)));
}
void __asan_loadN(u64 address, usize size) {
    check_access(address, size, Access::Read, __builtin_return_address(0));
}
void __asan_storeN(u64 address, usize size) {
    check_access(address, size, Access::Write, __builtin_return_address(0));
}

#define EXO_KASAN_SET_SHADOW(value) \
    void __asan_set_shadow_##value(u64 shadow, usize size) { set_shadow(shadow, size, 0x##value); }
EXO_KASAN_SET_SHADOW(00)
EXO_KASAN_SET_SHADOW(01)
EXO_KASAN_SET_SHADOW(02)
EXO_KASAN_SET_SHADOW(03)
EXO_KASAN_SET_SHADOW(04)
EXO_KASAN_SET_SHADOW(05)
EXO_KASAN_SET_SHADOW(06)
EXO_KASAN_SET_SHADOW(07)
EXO_KASAN_SET_SHADOW(f1)
EXO_KASAN_SET_SHADOW(f2)
EXO_KASAN_SET_SHADOW(f3)
EXO_KASAN_SET_SHADOW(f5)
EXO_KASAN_SET_SHADOW(f8)

/// Variables that go out of scope, and come into it again.
void __asan_poison_stack_memory(u64 address, usize size) {
    exo::kasan::poison(address, align_up(size, exo::kasan::GRANULE), exo::kasan::Poison::StackScope);
}
void __asan_unpoison_stack_memory(u64 address, usize size) { exo::kasan::unpoison(address, size); }

/// Before a call that does not come back: the frames above are left without their ends, which would clean up.
void __asan_handle_no_return() {
    const u64 here = align_down(caller(__builtin_frame_address(0)), exo::kasan::GRANULE);
    exo::kasan::unpoison(here, stack_top(here) - here);
}
}

#endif
