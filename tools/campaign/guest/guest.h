// The parts of the executor: controller.c (pid 1) sends calls to actors, actor.c makes them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

// Descriptors of the pipes: calls under test keep away from them.
enum { CONTROL_FD = 60, REPLY_FD = CONTROL_FD + ACTORS, END_FD = REPLY_FD + ACTORS };

// ---- actor.c
/// Makes calls until the pipe ends. Before that it may say that it is there: as the result of an execve, or who it is.
enum greeting { SAYS_NOTHING, SAYS_EXECUTED, SAYS_ID };
_Noreturn void actor_main(int actor, enum greeting greeting);

// ---- arena.c
/// Maps the places of an actor's buffers, which lie at the same addresses in each program.
void map_arena(int actor);
/// Where an actor's buffer `index` of `length` bytes lies: it ends with its place. Null: too long.
unsigned char* place_of(int actor, unsigned index, size_t length);

// ---- signals.c
/// This thread is the actor's from now on: what its handlers see is noted for it.
void enter_actor(int actor);
/// Until a new thread says who it is, it is this one.
void expect_actor(int actor);
uint64_t handler_address(uint64_t number);
/// What the forging handler does to its frame from now on.
void set_forgeries(const struct wire_forgery* wanted, uint64_t count);
/// Makes rt_sigreturn(2) take the ucontext at the address. Comes back only from a frame that cannot be taken.
long return_through(uint64_t ucontext, uint64_t, uint64_t);
/// What was delivered to the actor since the last time; returns the number of signals and forgets them.
unsigned take_signals(int actor, struct wire_signal* signals);
enum { MAX_SIGNALS = 64 };
/// Runs `access(address, length, value)` for the actor so that a handled SIGSEGV or SIGBUS ends it: then -1.
long guarded(int actor, long (*access)(uint64_t, uint64_t, uint64_t), uint64_t address, uint64_t length,
             uint64_t value);

// ---- snapshot.c
/// Emits an EVENT_FILE for everything below the folder, in order of names.
void take_snapshot(const char* folder);

// ---- terminal.c
/// The terminal that programs play with: as it is after boot, with a size that says nothing.
void reset_terminal(void);
/// Says on it where a sequence's output ends.
void mark_terminal(uint32_t sequence);

// ---- memory.c
/// Zeros that actors do not get with the rest: who locks all memory would have to make their pages.
void* memory_of_controller(size_t size);
/// The stream of frames begins.
void start_memory(const uint8_t* run);
/// Appends to it. What does not fit any more is dropped: then frames are missing at its end.
void keep(const void* bytes, size_t size);

/// For whoever looks at the memory of a machine that has died.
void note_progress(uint32_t sequence, uint32_t call);

// ---- controller.c
_Noreturn void controller_main(void);
void emit(uint16_t kind, uint16_t call, uint16_t actor, int32_t detail, const void* data, uint32_t size);

uint64_t hash_bytes(const void* bytes, size_t size);

static inline long raw_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                            uint64_t f) {
    register uint64_t r10 asm("r10") = d;
    register uint64_t r8 asm("r8") = e;
    register uint64_t r9 asm("r9") = f;
    long result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}
