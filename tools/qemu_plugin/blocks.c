#include "blocks.h"

#include <stdlib.h>

#include "table.h"

static void keep_event(struct Block* block, uint32_t index, enum Event event) {
    struct BlockEvent* grown = allocate(block->event_count + 1, sizeof *grown);
    for (uint32_t i = 0; i < block->event_count; ++i) grown[i] = block->events[i];
    grown[block->event_count] = (struct BlockEvent){.index = (uint16_t)index, .event = (uint8_t)event};
    free(block->events);
    block->events = grown;
    ++block->event_count;
}

struct Block* make_block(const struct qemu_plugin_tb* translated, MarkerFound marker_found) {
    const size_t count = qemu_plugin_tb_n_insns(translated);
    struct Block* block = allocate(1, sizeof *block);
    block->count = (uint32_t)count;
    block->offsets = allocate(count, sizeof *block->offsets);
    block->leaf_parent = UINT32_MAX;
    struct Decoded decoded = {0};
    for (uint32_t i = 0; i < count; ++i) {
        struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
        const size_t size = qemu_plugin_insn_size(instruction);
        block->last = qemu_plugin_insn_vaddr(instruction);
        if (i == 0) block->start = block->last;
        block->end = block->last + size;
        block->offsets[i] = (uint16_t)(block->last - block->start);
        decoded = decode(qemu_plugin_insn_data(instruction), size, block->last);
        if (decoded.event != EventNone) keep_event(block, i, decoded.event);
        if (decoded.marker != MarkerNone)
            marker_found(instruction, (struct MarkerPlace){block, i, decoded.marker});
    }
    block->flow = decoded.flow;
    block->target = decoded.target;
    block->may_fault_last = decoded.flow == FlowNext || decoded.touches_memory;
    return block;
}
