// What the counters and the call stacks want to know of one instruction of 64-bit code, from its bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The privileged and the costly, counted one by one. The order is that of EVENT_NAMES.
enum Event {
    EventSyscall,
    EventIret,
    EventSysret,
    EventCr3,
    EventInvlpg,
    EventSwapgs,
    EventWrmsr,
    EventRdmsr,
    EventLocked,
    EventXsave,
    EventXrstor,
    EventHlt,
    EventIo,
    EVENT_COUNT,
    EventNone = EVENT_COUNT
};

extern const char* const EVENT_NAMES[EVENT_COUNT];

/// Where the processor can be after an instruction without an exception or an interrupt.
enum Flow {
    FlowNext,          // the instruction behind it
    FlowBranch,        // that, or the target
    FlowJump,          // the target
    FlowCall,          // the target; the return address was stored
    FlowRepeat,        // a string instruction with a prefix: itself, or the one behind it
    FlowIndirect,      // anywhere, by a jump
    FlowIndirectCall,  // anywhere, by a call
    FlowReturn,        // anywhere: the address was loaded from the stack
    FlowSyscall,       // the kernel's entry for system calls
    FlowResume         // anywhere, by sysret or iret
};

enum Marker { MarkerNone, MarkerOpen, MarkerClose };

struct Decoded {
    enum Event event;
    enum Flow flow;
    enum Marker marker;
    uint64_t target;      // of FlowBranch, FlowJump, FlowCall
    bool touches_memory;  // may fault on data; only told for what is not FlowNext
};

struct Decoded decode(const uint8_t* bytes, size_t size, uint64_t address);
