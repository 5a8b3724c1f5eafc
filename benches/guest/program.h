// What the suites that run as /init share (benches/guest, benches/scale, benches/smp): system calls without a library, the marks of
// a measured region, which operations are wanted, and the end of the machine.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

// Ends the run: an operation is wrong. `what` says what should have held; errno is added.
_Noreturn void fail(const char* what);
#define REQUIRE(condition) ((condition) ? (void)0 : fail(#condition))

// System calls without a library around them, so that only the kernel is measured.
static inline long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define CALL6(n, a, b, c, d, e, f) call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL4(n, a, b, c, d) CALL6(n, a, b, c, d, 0, 0)
#define CALL3(n, a, b, c) CALL6(n, a, b, c, 0, 0, 0)
#define CALL2(n, a, b) CALL6(n, a, b, 0, 0, 0, 0)
#define CALL1(n, a) CALL6(n, a, 0, 0, 0, 0, 0)
#define CALL0(n) CALL6(n, 0, 0, 0, 0, 0, 0)

// nopl imm32(%rax): the counting plugin opens and closes a region here. Nothing else has these bytes.
static inline void open_region(void) {
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x01, 0x00, 0x58, 0x45" ::: "memory");
}
static inline void close_region(void) {
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x02, 0x00, 0x58, 0x45" ::: "memory");
}

// Under -icount the time-stamp counter is the number of instructions.
static inline uint64_t instructions(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline _Noreturn void end_machine(void) {
    sync();
    reboot(RB_AUTOBOOT);  // QEMU ends: -no-reboot
    _exit(1);
}

// `operations` in the environment (a word of the kernel's command line) names what to run, with commas between.
// Not the arguments: Linux also hands on words there that only its start-up code knows, like nokaslr.
static inline int is_wanted(const char* name) {
    const char* list = getenv("operations");
    const size_t size = strlen(name);
    if (!list) return 1;
    for (const char* found = list; (found = strstr(found, name)) != NULL; found += size)
        if ((found == list || found[-1] == ',') && (found[size] == 0 || found[size] == ',')) return 1;
    return 0;
}
