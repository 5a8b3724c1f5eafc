// A translated block, as it is known when it is executed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "plugin_api.h"

struct BlockEvent {
    uint16_t index;
    uint8_t event;
};

struct Block {
    uint64_t start, last, end;  // of the block, its last instruction, and what is behind it
    uint64_t target;
    uint16_t* offsets;  // of each instruction from the start
    struct BlockEvent* events;
    uint32_t count;  // of instructions
    uint32_t event_count;
    enum Flow flow;
    bool may_fault_last;         // whether its last instruction can fail on data
    uint32_t leaf_parent, leaf;  // the last answer of stacks_leaf
};

/// A marker in a block. It is number `index`, and it is not counted itself.
struct MarkerPlace {
    struct Block* block;
    uint32_t index;
    enum Marker marker;
};

static inline uint64_t instruction_address(const struct Block* block, uint32_t index) {
    return block->start + block->offsets[index];
}

static inline bool is_kernel_block(const struct Block* block) { return block->start >> 63; }

typedef void (*MarkerFound)(struct qemu_plugin_insn* instruction, struct MarkerPlace place);

struct Block* make_block(const struct qemu_plugin_tb* translated, MarkerFound marker_found);
