// The first program of a machine whose boot is measured: reads the time-stamp counter with its first instruction, which
// under QEMU's -icount shift=0 is the count of instructions since reset, prints it, and ends the machine. No C library:
// nothing runs before it.
//
//   @@BOOT count
#include <stdint.h>
#include <sys/reboot.h>
#include <sys/syscall.h>

enum { STANDARD_OUTPUT = 1, DIGITS = 20 };
enum { MAGIC = (int)0xfee1dead, MAGIC_2 = 672274793 };  // reboot(2)

static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

__attribute__((used, noreturn)) static void report(uint64_t count) {
    char line[] = "@@BOOT 00000000000000000000\n";
    for (int at = DIGITS; at; --at, count /= 10) line[sizeof "@@BOOT" - 1 + at] += (char)(count % 10);
    call(SYS_write, STANDARD_OUTPUT, (long)line, sizeof line - 1);
    call(SYS_reboot, MAGIC, MAGIC_2, RB_AUTOBOOT);
    for (;;) {
    }
}

// rdi is report's argument; the stack is as the kernel gave it, aligned by 16 as after no call.
__asm__(
    ".globl _start\n"
    "_start:\n"
    "    rdtsc\n"
    "    shl $32, %rdx\n"
    "    lea (%rax, %rdx), %rdi\n"
    "    call report\n");
