#include "decode.h"

#include <string.h>

const char* const EVENT_NAMES[EVENT_COUNT] = {"syscall", "iret",  "sysret", "cr3",    "invlpg",
                                              "swapgs",  "wrmsr", "rdmsr",  "locked", "xsave",
                                              "xrstor",  "hlt",   "io"};

/// The markers are `nopl imm32(%rax)`; the displacements are the contract with the benchmarks.
static const uint8_t MARKER_OPCODE[] = {0x0f, 0x1f, 0x80};
static const uint32_t MARKER_OPENS = 0x45580001;
static const uint32_t MARKER_CLOSES = 0x45580002;
static const size_t MARKER_SIZE = 7;

struct Prefixes {
    size_t length;
    bool lock, repeat, operand_size, vector;
};

/// VEX and EVEX belong to no prefix that matters here: none of their instructions is an event or changes the flow.
static struct Prefixes prefixes_of(const uint8_t* bytes, size_t size) {
    struct Prefixes found = {0};
    for (; found.length < size; ++found.length) {
        switch (bytes[found.length]) {
            case 0xf0: found.lock = true; continue;
            case 0xf2:
            case 0xf3: found.repeat = true; continue;
            case 0x66: found.operand_size = true; continue;
            case 0x67:
            case 0x26:
            case 0x2e:
            case 0x36:
            case 0x3e:
            case 0x64:
            case 0x65: continue;
            case 0xc4:
            case 0xc5:
            case 0x62: found.vector = true; return found;
            default: break;
        }
        break;
    }
    if (found.length < size && (bytes[found.length] & 0xf0) == 0x40) ++found.length;  // REX
    return found;
}

static enum Marker marker_of(const uint8_t* bytes, size_t size) {
    if (size != MARKER_SIZE || memcmp(bytes, MARKER_OPCODE, sizeof MARKER_OPCODE) != 0) return MarkerNone;
    uint32_t number;
    memcpy(&number, bytes + sizeof MARKER_OPCODE, sizeof number);
    return number == MARKER_OPENS ? MarkerOpen : number == MARKER_CLOSES ? MarkerClose : MarkerNone;
}

/// Two-byte opcodes: what follows 0f. `group` is the reg field of the ModRM byte.
static enum Event event_0f(uint8_t opcode, uint8_t modrm, const struct Prefixes* prefixes) {
    const unsigned group = modrm >> 3 & 7;
    const bool memory = modrm >> 6 != 3;
    switch (opcode) {
        case 0x05: return EventSyscall;
        case 0x07: return EventSysret;
        case 0x22: return group == 3 ? EventCr3 : EventNone;
        case 0x30: return EventWrmsr;
        case 0x32: return EventRdmsr;
        case 0x01:
            if (modrm == 0xf8) return EventSwapgs;
            return memory && group == 7 ? EventInvlpg : EventNone;
        case 0xae:
            if (!memory || prefixes->operand_size || prefixes->repeat)
                return EventNone;                                           // clwb, rdfsbase, fences
            if (group == 0 || group == 4 || group == 6) return EventXsave;  // fxsave, xsave, xsaveopt
            return group == 1 || group == 5 ? EventXrstor : EventNone;      // fxrstor, xrstor
        case 0xc7:
            if (!memory) return EventNone;
            if (group == 4 || group == 5) return EventXsave;  // xsavec, xsaves
            return group == 3 ? EventXrstor : EventNone;      // xrstors
        default: return EventNone;
    }
}

static enum Event event_of(uint8_t opcode, uint8_t modrm) {
    switch (opcode) {
        case 0x86:
        case 0x87:
            return modrm >> 6 != 3 ? EventLocked : EventNone;  // xchg with memory locks without the prefix
        case 0xcf: return EventIret;
        case 0xf4: return EventHlt;
        case 0x6c:
        case 0x6d:
        case 0x6e:
        case 0x6f:
        case 0xe4:
        case 0xe5:
        case 0xe6:
        case 0xe7:
        case 0xec:
        case 0xed:
        case 0xee:
        case 0xef: return EventIo;
        default: return EventNone;
    }
}

/// The displacement is the instruction's last `width` bytes.
static uint64_t relative(const uint8_t* bytes, size_t size, uint64_t address, size_t width) {
    int32_t wide = 0;
    if (width == 1) return address + size + (uint64_t)(int8_t)bytes[size - 1];
    memcpy(&wide, bytes + size - sizeof wide, sizeof wide);
    return address + size + (uint64_t)wide;
}

static void flow_of_group_ff(struct Decoded* decoded, uint8_t modrm) {
    const unsigned group = modrm >> 3 & 7;
    if (group < 2 || group > 5) return;
    decoded->flow = group < 4 ? FlowIndirectCall : FlowIndirect;
    decoded->touches_memory = group < 4 || modrm >> 6 != 3;
}

static void flow_of(struct Decoded* decoded, const uint8_t* bytes, size_t size, uint64_t address,
                    const struct Prefixes* prefixes) {
    const uint8_t opcode = bytes[prefixes->length];
    if ((opcode >= 0x70 && opcode < 0x80) || (opcode >= 0xe0 && opcode <= 0xe3)) {
        decoded->flow = FlowBranch;
        decoded->target = relative(bytes, size, address, 1);
        return;
    }
    const bool string = (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) ||
                        (opcode >= 0x6c && opcode <= 0x6f);
    switch (opcode) {
        case 0xe8:
            decoded->flow = FlowCall;
            decoded->touches_memory = true;
            decoded->target = relative(bytes, size, address, 4);
            break;
        case 0xe9:
        case 0xeb:
            decoded->flow = FlowJump;
            decoded->target = relative(bytes, size, address, opcode == 0xeb ? 1 : 4);
            break;
        case 0xc2:
        case 0xc3:
        case 0xca:
        case 0xcb:
            decoded->flow = FlowReturn;
            decoded->touches_memory = true;
            break;
        case 0xcf:
            decoded->flow = FlowResume;
            decoded->touches_memory = true;
            break;
        case 0xff:
            if (size > prefixes->length + 1) flow_of_group_ff(decoded, bytes[prefixes->length + 1]);
            break;
        default:
            if (string && prefixes->repeat) {
                decoded->flow = FlowRepeat;
                decoded->touches_memory = true;
            }
    }
}

struct Decoded decode(const uint8_t* bytes, size_t size, uint64_t address) {
    struct Decoded decoded = {.event = EventNone, .flow = FlowNext, .marker = marker_of(bytes, size)};
    const struct Prefixes prefixes = prefixes_of(bytes, size);
    if (prefixes.vector || prefixes.length >= size) return decoded;
    const uint8_t* code = bytes + prefixes.length;
    const size_t left = size - prefixes.length;
    if (code[0] != 0x0f || left < 2) {
        decoded.event = event_of(code[0], left > 1 ? code[1] : 0);
        flow_of(&decoded, bytes, size, address, &prefixes);
    } else {
        decoded.event = event_0f(code[1], left > 2 ? code[2] : 0, &prefixes);
        if (code[1] == 0x05) decoded.flow = FlowSyscall;
        if (code[1] == 0x07) decoded.flow = FlowResume;
        if ((code[1] & 0xf0) == 0x80) {
            decoded.flow = FlowBranch;
            decoded.target = relative(bytes, size, address, 4);
        }
    }
    if (prefixes.lock) decoded.event = EventLocked;
    return decoded;
}
