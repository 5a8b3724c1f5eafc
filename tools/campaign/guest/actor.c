// An actor: a process or a thread that makes one call after the other, as the controller says, and tells what came of it.
// It keeps nothing that a call under test could take from it, but two pipes.
#define _GNU_SOURCE
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "guest.h"

// Each actor has its own, because some share their memory.
static unsigned char messages[ACTORS][MAX_MESSAGE] __attribute__((aligned(16)));
static unsigned char answers[ACTORS][MAX_MESSAGE] __attribute__((aligned(16)));
static unsigned char stacks[ACTORS][65536] __attribute__((aligned(16)));

static void read_all(int fd, void* to, size_t size) {
    for (size_t done = 0; done < size;) {
        const long got = raw_call(SYS_read, (uint64_t)fd, (uintptr_t)to + done, size - done, 0, 0, 0);
        if (got == -4 /* EINTR */) continue;
        if (got <= 0) raw_call(SYS_exit_group, 99, 0, 0, 0, 0, 0);
        done += (size_t)got;
    }
}

static void write_all(int fd, const void* from, size_t size) {
    for (size_t done = 0; done < size;) {
        const long put = raw_call(SYS_write, (uint64_t)fd, (uintptr_t)from + done, size - done, 0, 0, 0);
        if (put == -4) continue;
        if (put <= 0) raw_call(SYS_exit_group, 98, 0, 0, 0, 0, 0);
        done += (size_t)put;
    }
}

struct placed {
    unsigned char* at;
    uint32_t length;
    uint8_t flags;
};

static uint64_t value_of(const struct wire_argument* argument, const struct placed* buffers, unsigned count) {
    switch (argument->kind) {
        case BUFFER:
            return argument->index < count ? (uintptr_t)buffers[argument->index].at + argument->value : 0;
        case HANDLER: return handler_address(argument->value);
        default: return argument->value;
    }
}

/// Puts the buffers in their places, with the pointers that they hold.
static unsigned place_buffers(int actor, const struct wire_call* call, const unsigned char* from,
                              struct placed* buffers) {
    const unsigned char* start = from;
    for (unsigned i = 0; i < call->buffer_count; i++) {
        const struct wire_buffer* buffer = (const void*)from;
        buffers[i] = (struct placed){place_of(actor, i, buffer->length), buffer->length, buffer->flags};
        from += sizeof(*buffer) + PADDED(buffer->data_length) +
                buffer->relocation_count * sizeof(struct wire_relocation);
    }
    from = start;
    for (unsigned i = 0; i < call->buffer_count; i++) {
        const struct wire_buffer* buffer = (const void*)from;
        from += sizeof(*buffer);
        memcpy(buffers[i].at, from, buffer->data_length);
        memset(buffers[i].at + buffer->data_length, FILLER, buffer->length - buffer->data_length);
        from += PADDED(buffer->data_length);
        for (unsigned r = 0; r < buffer->relocation_count; r++, from += sizeof(struct wire_relocation)) {
            struct wire_relocation relocation;
            memcpy(&relocation, from, sizeof(relocation));
            const uint64_t value = value_of(&relocation.argument, buffers, call->buffer_count);
            memcpy(buffers[i].at + relocation.offset, &value, sizeof(value));
        }
    }
    return call->buffer_count;
}

static long peek(uint64_t address, uint64_t length, uint64_t unused) {
    (void)unused;
    long sum = 0;
    for (uint64_t i = 0; i < length; i++) sum = sum * 31 + ((volatile unsigned char*)address)[i];
    return sum & 0x7fffffff;
}

static long poke(uint64_t address, uint64_t length, uint64_t value) {
    for (uint64_t i = 0; i < length; i++) ((volatile unsigned char*)address)[i] = (unsigned char)value;
    return 0;
}

static long poke_pages(uint64_t address, uint64_t length, uint64_t value) {
    for (uint64_t i = 0; i < length; i += 4096) ((volatile unsigned char*)address)[i] = (unsigned char)value;
    return 0;
}

/// Types into a terminal: the number of bytes that it took, or the first one's error. It types slowly: whom a key wakes
/// has done what it does before the next one.
static long type(uint64_t fd, uint64_t text, uint64_t length) {
    const struct timespec pause = {0, 1000000};
    for (uint64_t i = 0; i < length; i++) {
        const long result = raw_call(SYS_ioctl, fd, TIOCSTI, text + i, 0, 0, 0);
        if (result < 0) return i > 0 ? (long)i : result;
        raw_call(SYS_nanosleep, (uintptr_t)&pause, 0, 0, 0, 0, 0);
    }
    return (long)length;
}

static long execute(uint64_t address, uint64_t unused, uint64_t neither) {
    (void)unused, (void)neither;
    return ((long (*)(void))address)();
}

static long load(uint64_t to, uint64_t from, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) ((volatile unsigned char*)to)[i] = ((unsigned char*)from)[i];
    return 0;
}

static long get_word(uint64_t address, uint64_t unused, uint64_t neither) {
    (void)unused, (void)neither;
    return (long)*(volatile uint32_t*)address;
}

static long set_word(uint64_t address, uint64_t value, uint64_t more) {
    *(volatile uint32_t*)address = (uint32_t)(value | more);
    return 0;
}

/// Where a child goes on.
__attribute__((used)) _Noreturn static void begin_child(int actor) { actor_main(actor, SAYS_ID); }

/// The child has a stack of its own: if it shares its parent's memory, that one's must stay as it is.
static long fork_on_other_stack(long number, int actor, uint64_t first, uint64_t second, uint64_t parent_word,
                                uint64_t child_word, uint64_t pointer) {
    register uint64_t r10 asm("r10") = child_word;
    register uint64_t r8 asm("r8") = pointer;
    long result;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "lea %[stack], %%rsp\n\t"
        "cmp %[brief], %[actor]\n\t"
        "jl 2f\n\t"
        "je 3f\n\t"
        "mov %[pause], %%eax\n\t"
        "syscall\n"
        "3:\n\t"
        "mov %[exit], %%eax\n\t"
        "xor %%edi, %%edi\n\t"
        "syscall\n"
        "2:\n\t"
        "mov %[actor], %%edi\n\t"
        "xor %%ebp, %%ebp\n\t"
        "call begin_child\n"
        "1:"
        : "=a"(result)
        : "a"(number), "D"(first), "S"(second), "d"(parent_word), "r"(r10),
          "r"(r8), [stack] "m"(stacks[actor % ACTORS][sizeof(stacks[0]) - 64]), [actor] "b"(actor),
          [brief] "i"(BRIEF), [pause] "i"(SYS_pause), [exit] "i"(SYS_exit)
        : "rcx", "r11", "memory");
    return result;
}

/// The child of a vfork gives its parent's memory back while it is still ending: whether SIGCHLD comes before or after the
/// parent goes on is the scheduler's affair, and if it executes a program, how long that takes. So the parent goes on when all
/// that is over.
static long after_child(long result) {
    const struct timespec pause = {0, 40000000};
    if (result > 0) raw_call(SYS_nanosleep, (uintptr_t)&pause, 0, 0, 0, 0, 0);
    return result;
}

/// The stack is the child's from its first instruction on, so that it can take signals at once.
static uint64_t stack_top(int actor) { return (uintptr_t)&stacks[actor % ACTORS][sizeof(stacks[0]) - 64]; }

static long make_clone(int actor, uint64_t flags, const uint64_t* more) {
    enum { WITH_MEMORY = 0x100, WITH_WAIT = 0x4000 };
    const uint64_t stack = flags & WITH_MEMORY ? stack_top(actor) : 0;
    const long result = fork_on_other_stack(SYS_clone, actor, flags, stack, more[0], more[1], more[2]);
    return flags & WITH_WAIT ? after_child(result) : result;
}

static long make_fork(int actor, const uint64_t* a) {
    if (actor < BRIEF) expect_actor(actor);
    switch (a[1]) {
        case 1: return after_child(fork_on_other_stack(SYS_vfork, actor, 0, 0, 0, 0, 0));
        case 2: return make_clone(actor, a[2], a + 3);
        case 3: return fork_on_other_stack(SYS_clone3, actor, a[2], a[3], 0, 0, 0);
        default: return fork_on_other_stack(SYS_fork, actor, 0, 0, 0, 0, 0);
    }
}

/// Callee-saved and argument registers with known values around a getppid.
static long check_registers(void) {
    long changed;
    asm volatile(
        "push %%rbx\n\tpush %%rbp\n\tpush %%r12\n\tpush %%r13\n\tpush %%r14\n\tpush %%r15\n\t"
        "mov $0x1111, %%rbx\n\tmov $0x2222, %%rbp\n\tmov $0x3333, %%r12\n\tmov $0x4444, %%r13\n\tmov "
        "$0x5555, %%r14\n\tmov $0x6666, %%r15\n\t"
        "mov $0x71, %%rdi\n\tmov $0x72, %%rsi\n\tmov $0x73, %%rdx\n\tmov $0x74, %%r10\n\tmov $0x75, "
        "%%r8\n\tmov $0x76, %%r9\n\t"
        "mov $110, %%eax\n\tsyscall\n\t"
        "sub $0x1111, %%rbx\n\tsub $0x2222, %%rbp\n\tsub $0x3333, %%r12\n\tsub $0x4444, %%r13\n\tsub "
        "$0x5555, %%r14\n\tsub $0x6666, %%r15\n\t"
        "sub $0x71, %%rdi\n\tsub $0x72, %%rsi\n\tsub $0x73, %%rdx\n\tsub $0x74, %%r10\n\tsub $0x75, "
        "%%r8\n\tsub $0x76, %%r9\n\t"
        "or %%rbp, %%rbx\n\tor %%r12, %%rbx\n\tor %%r13, %%rbx\n\tor %%r14, %%rbx\n\tor %%r15, %%rbx\n\t"
        "or %%rdi, %%rbx\n\tor %%rsi, %%rbx\n\tor %%rdx, %%rbx\n\tor %%r10, %%rbx\n\tor %%r8, %%rbx\n\tor "
        "%%r9, %%rbx\n\t"
        "mov %%rbx, %%rax\n\t"
        "pop %%r15\n\tpop %%r14\n\tpop %%r13\n\tpop %%r12\n\tpop %%rbp\n\tpop %%rbx"
        : "=a"(changed)
        :
        : "rcx", "r11", "rdi", "rsi", "rdx", "r10", "r8", "r9", "memory");
    return changed;
}

static long make(int actor, uint32_t number, const uint64_t* a) {
    switch (number) {
        case CALL_FORK: return make_fork((int)a[0], a);
        case CALL_PEEK: return guarded(actor, peek, a[0], a[1], 0);
        case CALL_POKE: return guarded(actor, a[3] == 0 ? poke : poke_pages, a[0], a[1], a[2]);
        case CALL_NOTHING: return 0;
        case CALL_REGISTERS: return check_registers();
        case CALL_EXECUTE: return guarded(actor, execute, a[0], 0, 0);
        case CALL_TYPE: return type(a[0], a[1], a[2]);
        case CALL_FORGE: set_forgeries((const void*)a[0], a[1]); return 0;
        case CALL_RETURN: return guarded(actor, return_through, a[0], 0, 0);
        case CALL_GET_WORD: return guarded(actor, get_word, a[0], 0, 0);
        case CALL_SET_WORD: return guarded(actor, set_word, a[0], a[1], a[2]);
        case CALL_LOAD: return guarded(actor, load, a[0], a[1], a[2]);
        default: return raw_call((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

/// Where a debugger waits for a certain call: its address is known, because the program is linked to one place.
__attribute__((noinline)) void stop_here(void) { asm volatile(""); }

static void reply(int actor, long result, const struct placed* buffers, unsigned count) {
    unsigned char* answer = answers[actor];
    struct wire_reply* head = (void*)answer;
    unsigned char* to = answer + sizeof(*head);
    head->result = result;
    head->signal_count = take_signals(actor, (void*)to);
    to += head->signal_count * sizeof(struct wire_signal);
    for (unsigned i = 0; i < count; i++) {
        if (!(buffers[i].flags & BUFFER_OUT)) continue;
        struct wire_output output = {buffers[i].length, buffers[i].length, 0};
        while (output.stored > 0 && buffers[i].at[output.stored - 1] == FILLER) output.stored--;
        uint64_t hash = 0;
        const void* bytes = buffers[i].at;
        if (output.stored > WHOLE_OUTPUT) {
            hash = hash_bytes(bytes, output.stored);
            bytes = &hash;
            output.stored = sizeof(hash);
            output.is_hash = 1;
        }
        memcpy(to, &output, sizeof(output));
        memcpy(to + sizeof(output), bytes, output.stored);
        to += sizeof(output) + output.stored;
    }
    head->size = (uint32_t)(to - answer);
    write_all(REPLY_FD + actor, answer, head->size);
}

void actor_main(int actor, enum greeting greeting) {
    const int control = CONTROL_FD + actor;
    unsigned char* message = messages[actor];
    enter_actor(actor);
    map_arena(actor);
    const long id = greeting == SAYS_ID ? raw_call(SYS_gettid, 0, 0, 0, 0, 0, 0) : 0;
    if (greeting != SAYS_NOTHING) reply(actor, id, NULL, 0);
    while (1) {
        struct placed buffers[MAX_BUFFERS];
        uint64_t arguments[6] = {0};
        struct wire_call* call = (void*)message;
        read_all(control, message, sizeof(*call));
        read_all(control, message + sizeof(*call), call->size - sizeof(*call));
        const struct wire_argument* given = (const void*)(message + sizeof(*call));
        const unsigned count =
            place_buffers(actor, call, (const void*)(given + call->argument_count), buffers);
        for (unsigned i = 0; i < call->argument_count; i++)
            arguments[i] = value_of(&given[i], buffers, count);
        if (call->stops) stop_here();
        reply(actor, make(actor, call->number, arguments), buffers, count);
    }
}
