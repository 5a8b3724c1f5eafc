#include "blocks.h"

#include "table.h"

struct Block* make_block(const struct qemu_plugin_tb* translated, MarkerFound marker_found) {
    const size_t count = qemu_plugin_tb_n_insns(translated);
    struct Block* block = allocate(1, sizeof *block);
    block->count = (uint32_t)count;
    block->stores = allocate(count, sizeof *block->stores);
    block->events = allocate(count, sizeof *block->events);
    block->start = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0));
    block->place = place_of(block->start);
    block->counter = counter_of(block->start);
    block->is_lock_wait = is_lock_wait(block->start);
    block->is_kernel = block->start >> 63;
    for (uint32_t i = 0; i < count; ++i) {
        struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(translated, i);
        const uint64_t address = qemu_plugin_insn_vaddr(instruction);
        const struct Decoded decoded =
            decode(qemu_plugin_insn_data(instruction), qemu_plugin_insn_size(instruction), address);
        block->events[i] = (uint8_t)decoded.event;
        if (decoded.event != EventNone) ++block->sums[decoded.event];
        block->stores[i] = (struct Store){address, decoded.event == EventLocked, block->place == PlaceWait};
        if (decoded.marker != MarkerNone)
            marker_found(instruction, (struct MarkerPlace){block, i, decoded.marker});
    }
    return block;
}
