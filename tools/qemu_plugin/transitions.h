// From one block to the next: how many instructions of the first were executed, and how the processor came to the second.
//
// The emulator tells only which block begins. What follows is derived: a block that was left in its middle was left by an
// exception, and one whose last instruction does not lead to the next block by an exception or an interrupt.
#pragma once

#include <stdint.h>

#include "blocks.h"

/// `reached` instructions of `block`, counted from its start, were begun; the first `skipped` of them do not count.
/// `slot`: the stack slot that its call or return used, 0 if unknown. Then the processor was at `next`.
void leave_block(struct Block* block, uint32_t reached, uint32_t skipped, uint64_t slot, uint64_t next);
