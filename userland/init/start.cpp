// The parts of a C library that this program needs: the entry point, the return from signal handlers, and the
// memory functions that the compiler calls.

#include "linux.hpp"

/// The initial stack holds argc, argv and the environment (System V ABI for AMD64, 3.4.1); none is used here:
/// what to run comes in files. The stack is made 16-byte aligned for main().
asm(R"(
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    and $-16, %rsp
    call init_main
    ud2
    .size _start, . - _start

    .globl signal_restorer
    .type signal_restorer, @function
signal_restorer:
    mov $15, %eax
    syscall
    .size signal_restorer, . - signal_restorer

    .section .note.GNU-stack, "", @progbits
)");

extern "C" {

void* memcpy(void* to, const void* from, usize bytes) {
    void* const result = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return result;
}

void* memset(void* to, int value, usize bytes) {
    void* const result = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return result;
}

void* memmove(void* to, const void* from, usize bytes) {
    auto* target = static_cast<u8*>(to);
    const auto* source = static_cast<const u8*>(from);
    if (target <= source || target >= source + bytes) return memcpy(to, from, bytes);
    while (bytes-- > 0) target[bytes] = source[bytes];
    return to;
}
}
