// A translated block, as it is known when a CPU begins it. Nothing in it changes after its translation.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "places.h"
#include "plugin_api.h"

/// An instruction that may write to memory.
struct Store {
    uint64_t instruction;
    bool is_locked, is_wait;
};

struct Block {
    uint64_t start;
    struct Store* stores;  // one for each instruction
    uint8_t* events;       // of each instruction, an enum Event
    uint32_t count;        // of instructions
    uint16_t sums[EVENT_COUNT];
    enum Place place;
    int counter;
    bool is_lock_wait, is_kernel;
};

/// A marker is instruction number `index` of a block.
struct MarkerPlace {
    struct Block* block;
    uint32_t index;
    enum Marker marker;
};

typedef void (*MarkerFound)(struct qemu_plugin_insn* instruction, struct MarkerPlace place);

struct Block* make_block(const struct qemu_plugin_tb* translated, MarkerFound marker_found);
