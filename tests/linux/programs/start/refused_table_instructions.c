// sgdt, sidt, smsw, sldt and str where the CPU refuses them to programs (UMIP): Linux answers with values of its own.
#include "check.h"

#include <setjmp.h>
#include <ucontext.h>

static struct {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed)) table;
static sigjmp_buf back;
static siginfo_t seen;
static int is_place_known = 1;
static unsigned long seen_error, seen_trap;

static void on_fault(int signal, siginfo_t* info, void* context) {
    ucontext_t* user = context;
    seen = *info;
    seen_error = user->uc_mcontext.gregs[REG_ERR];
    seen_trap = user->uc_mcontext.gregs[REG_TRAPNO];
    siglongjmp(back, signal);
}

#define TABLE(what, text, ...)                                                       \
    do {                                                                             \
        memset(&table, 0xaa, sizeof table);                                          \
        __asm__ volatile(text : "+m"(table) : __VA_ARGS__ : "r12", "r13", "memory"); \
        SAY(what ": limit %x base %lx", table.limit, table.base);                    \
    } while (0)

#define FAULT(what, text, ...)                                                                         \
    do {                                                                                               \
        int signal = sigsetjmp(back, 1);                                                               \
        if (signal == 0) {                                                                             \
            __asm__ volatile(text : : __VA_ARGS__ : "rax", "memory");                                  \
            SAY(what ": no fault");                                                                    \
        } else {                                                                                       \
            SAY(what ": %s code %d address %lx error %lx trap %ld", signal_name(signal), seen.si_code, \
                (long)seen.si_addr&(is_place_known ? -1 : 0xfff), seen_error, seen_trap);              \
        }                                                                                              \
    } while (0)

static void registers(void) {
    uint64_t a, b;
#define REGISTER(text)                                                             \
    __asm__ volatile("mov $-1, %%rax; mov $-1, %%r11; " text : "=a"(a) : : "r11"); \
    SAY(text ": %lx", a);
    REGISTER("smsw %%rax")
    REGISTER("smsw %%eax")
    REGISTER("smsw %%ax")
    REGISTER("smsw %%r11; mov %%r11, %%rax")
    REGISTER("smsw %%r11d; mov %%r11, %%rax")
    REGISTER("sldt %%rax")
    REGISTER("sldt %%eax")
    REGISTER("sldt %%ax")
    REGISTER("str %%rax")
    REGISTER("str %%eax")
    REGISTER("str %%ax")
    REGISTER("str %%r11w; mov %%r11, %%rax")
    b = -1;
    __asm__ volatile("smsw %0" : "+m"(b));
    SAY("smsw memory: %lx", b);
    b = -1;
    __asm__ volatile("sldt %0" : "+m"(b));
    SAY("sldt memory: %lx", b);
    b = -1;
    __asm__ volatile("str %0" : "+m"(b));
    SAY("str memory: %lx", b);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL), sigaction(SIGILL, &action, NULL);
    TABLE("sgdt", "sgdt %0", "r"(0));
    TABLE("sidt", "sidt %0", "r"(0));
    TABLE("base", "sgdt (%1)", "r"(&table));
    TABLE("8 bit displacement", "sidt 16(%1)", "r"((char*)&table - 16));
    TABLE("32 bit displacement", "sgdt -4096(%1)", "r"((char*)&table + 4096));
    TABLE("index and scale", "sgdt 8(%1,%2,4)", "r"((char*)&table - 48), "r"(10L));
    TABLE("high registers", "mov %1, %%r13; mov $3, %%r12; sidt -3(%%r13,%%r12,1)", "r"(&table));
    TABLE("r13 without displacement", "mov %1, %%r13; sgdt (%%r13)", "r"(&table));
    TABLE("no base", "sgdt 0(,%1,2)", "r"((uint64_t)&table / 2));
    TABLE("relative to rip", "sgdt %0", "r"(0));
    TABLE("with a prefix of data size", "data16 sgdt (%1)", "r"(&table));
    TABLE("with an address of 32 bits", "sgdt (%k1)", "r"(0x5500000000ul | (uint32_t)(uintptr_t)&table));
    TABLE("with a segment", "cs sgdt (%1)", "r"(&table));
    uint64_t old_base;
    syscall(SYS_arch_prctl, 0x1004, &old_base);
    syscall(SYS_arch_prctl, 0x1001, 0x1000);
    TABLE("with gs", "gs; sgdt (%1)", "r"((char*)&table - 0x1000));
    registers();
    FAULT("not mapped", "sgdt (%0)", "r"(0x10));
    FAULT("kernel", "sgdt (%0)", "r"(KERNEL_ADDRESS));
    FAULT("not canonical", "sgdt (%0)", "r"(NON_CANONICAL));
    is_place_known = 0;
    FAULT("read-only", "sidt (%0)", "r"(read_only_page()));
    FAULT("half mapped", "sidt (%0)", "r"(before_hole(4)));
    is_place_known = 1;
    FAULT("smsw not mapped", "smsw (%0)", "r"(0x10));
    FAULT("locked", ".byte 0xf0; sgdt (%0)", "r"(&table));
    FAULT("lgdt", "lgdt (%0)", "r"(&table));
    FAULT("lidt", "lidt (%0)", "r"(&table));
    FAULT("lmsw", "lmsw %%ax", "r"(0));
    FAULT("lldt", "lldt %%ax", "r"(0));
    const int signal = sigsetjmp(back, 1);
    if (signal == 0) __asm__ volatile("int $0x80" : : "a"(20) : "memory");
    SAY("int 0x80: %s", signal ? signal_name(signal) : "no fault");
    // An instruction that lies across the end of a page, and one whose last byte is missing.
    char* code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code + PAGE - 2, "\x0f\x01\xe0\xc3", 4);
    SAY("across pages: %x", ((uint32_t (*)(void))(code + PAGE - 2))());
    return done();
}
