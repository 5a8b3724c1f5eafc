// What travels between the generator, the controller and the actors. All numbers are little-endian.
//
//   batch      wire_batch, then sequences, one after the other     (the file /batch)
//   sequence   wire_sequence, then its calls
//   call       wire_call, wire_argument[], then for each buffer wire_buffer, its first bytes, wire_relocation[]
//   reply      wire_reply, wire_signal[], then for each Out buffer wire_output and its bytes   (actor to controller)
//   frame      wire_frame, then events: wire_event and what its kind says
//
// Frames are not sent: a serial port takes far longer than the calls. They are one stream in the controller's memory, in
// pages that the host finds when it looks at the machine's: wire_page, then bytes of the stream.
#pragma once

#include <stdint.h>

// First bytes of buffers take a multiple of 8, so that everything is aligned.
#define PADDED(size) (((size) + 7U) & ~7U)

enum { ACTORS = 6, BRIEF = ACTORS, IDLE, MAX_CALLS = 256, MAX_BUFFERS = 8, MAX_MESSAGE = 1 << 18 };

// ---- Calls. A number from 10000 on is something that only a running program can do.

enum {
    // (actor, kind: 0 fork, 1 vfork, 2 clone, 3 clone3, then for clone: flags, parent's word, child's word, thread's pointer; for
    // clone3: a structure, its size). A child may be a thread: it is an actor like the others. In a race it may also be nobody:
    // BRIEF ends at once, IDLE when a signal has come.
    CALL_FORK = 10000,
    CALL_PEEK,       // (address, bytes): reads them; the result is their sum
    CALL_POKE,       // (address, bytes, value, only pages): fills them, or the first byte of each page
    CALL_NOTHING,    // looks whether the actor answers, and collects its signals
    CALL_REGISTERS,  // what must survive a call: the sum of what changed
    CALL_EXECUTE,    // (address): calls what is there
    CALL_LOAD,       // (address, buffer, bytes): copies them there
    CALL_TYPE,       // (descriptor, buffer, bytes): types them into a terminal
    CALL_FORGE,      // (buffer, count): what handler 3 changes in its frame from now on, as wire_forgery
    CALL_RETURN,     // (address): rt_sigreturn with a frame there
    CALL_GET_WORD,   // (address): the 32 bits there
    CALL_SET_WORD,   // (address, value, more bits): stores them
};

enum argument_kind {
    CONSTANT,  // value
    RESULT,    // what call `index` returned, plus value
    FIELD,     // the 32-bit word at `field` & 0xffff of Out buffer `field` >> 16 of call `index`, plus value
    BUFFER,    // the address of buffer `index`, plus value
    HANDLER,   // the address of signal handler `value`; 100: of the restorer
    PROCESS,  // the id of actor `index`; by the low half of value: 0 as it is, 1 negative, 2 of its process. The high half of
              // value is that of the argument
    PROCESS_NAME,  // the same as eight characters of a path: digits behind slashes
};

struct wire_argument {
    uint8_t kind, reserved;
    uint16_t index;
    uint32_t field;
    uint64_t value;
};

enum { BUFFER_IN = 1, BUFFER_OUT = 2 };

struct wire_buffer {
    uint32_t length;       // bytes of room; it ends at a page that cannot be touched
    uint32_t data_length;  // bytes that follow; the rest is FILLER
    uint8_t flags, relocation_count;
    uint16_t reserved;
    uint32_t padding;
};

struct wire_relocation {
    uint32_t offset, reserved;
    struct wire_argument argument;
};

/// A word of a signal frame: at `offset` of its ucontext, or of what it keeps of the FPU.
struct wire_forgery {
    uint32_t is_in_fpu, offset;
    uint64_t value;
};

struct wire_call {
    uint32_t size;  // of all of it
    uint32_t number;
    uint8_t actor, argument_count, buffer_count;
    uint8_t stops;  // for a debugger, at stop_here
    uint32_t padding;
};

struct wire_batch {
    uint8_t
        run[16];  // never used before. Pages of the stream begin with its complement, and nothing else does
    uint32_t wants_counts;
    uint32_t stops;    // whether the first sequence stops for a debugger before the call
    uint32_t stop_at;  // of this place
    // CPUs. Of several the controller keeps the last one, and moves an actor to one of the others before each call.
    uint32_t spread_over;
};

enum { PAGE_BYTES = 4096 };

struct wire_page {
    uint8_t run[16];
    uint32_t index;           // its place in the stream
    uint32_t used;            // bytes of it; of two copies of a page the fuller one is the newer
    uint32_t sequence, call;  // of the first page: what is being made
};

struct wire_sequence {
    uint32_t size, id, call_count;
    uint32_t race_from;  // from this call on nobody waits for answers: actors run against each other
};

enum { FILLER = 0xa5, WHOLE_OUTPUT = 4096 };

// ---- Replies.

struct wire_signal {
    int32_t number, code, sender, value;
    uint32_t handler, was_nested;
};

struct wire_output {
    uint32_t length;  // of the buffer
    uint32_t stored;  // bytes that follow: without the FILLER at the end; of more than WHOLE_OUTPUT a hash
    uint32_t is_hash;
};

struct wire_reply {
    uint32_t size, signal_count;
    int64_t result;
};

// ---- Events.

enum event_kind {
    EVENT_REPLY,    // a wire_reply: at once, or late from an actor that had been SILENT
    EVENT_SILENT,   // the actor waits or is stopped: detail is its state in /proc/PID/stat
    EVENT_DEAD,     // the actor has ended
    EVENT_SKIPPED,  // the call's actor is not there to make it
    EVENT_PID,      // detail: the actor's id, of its thread, to tell ids apart
    EVENT_FILE,     // wire_file, path, and a link's target
    EVENT_COUNTS,   // wire_counts: what is in use after the sequence
    EVENT_REACHED,  // 32-bit numbers of the kernel's counters that have moved for the first time
};

struct wire_event {
    uint16_t kind, call, actor, reserved;
    int32_t detail;
    uint32_t size;  // of what follows
};

struct wire_counts {
    uint64_t free_kib, shared_kib, slab_kib, committed_kib, processes, threads;
};

struct wire_file {
    uint32_t mode, links, uid, gid;
    uint64_t size, device, blocks, inode, content;
    int64_t times[3][2];  // access, modification, change: seconds, nanoseconds
    uint16_t path_length, target_length;
    uint32_t file_system;  // st_dev
};

enum { FRAME_MAGIC = 0x51455358 };  // "XSEQ"

/// What the terminal shows behind a sequence's output: the number between two of these.
#define TERMINAL_MARK "\x1e"

struct wire_frame {
    uint32_t magic, id, size;
};
