#include "transitions.h"

#include "call_stacks.h"
#include "regions.h"
#include "table.h"

/// An instruction that ended its block and may not have been executed: an exception or an interrupt came there. If the
/// kernel returns to that very instruction, it had failed, and it is counted when it is repeated.
struct Doubt {
    struct Block* block;
    int64_t region;
    uint32_t leaf_parent;
    uint64_t entry;
};

enum { DOUBTS = 64 };
static struct Doubt doubts[DOUBTS];
static unsigned doubt_count;  // of all that there ever were

// Where exceptions and interrupts enter the kernel; the value says whether one of them was an instruction's failure.
static struct Table entries;

static bool is_entry(uint64_t address) { return table_find(&entries, address); }

static bool is_explained(const struct Block* block, uint64_t next) {
    switch (block->flow) {
        case FlowNext: return next == block->end;
        case FlowBranch: return next == block->end || next == block->target;
        case FlowJump:
        case FlowCall: return next == block->target;
        case FlowRepeat: return next == block->end || next == block->last;
        default: return !is_entry(next);
    }
}

static void doubt(struct Block* block, uint64_t entry) {
    if (!block->may_fault_last) return;
    doubts[doubt_count++ % DOUBTS] = (struct Doubt){block, regions_current(), stacks_current(), entry};
}

/// The kernel resumes at `target`: was there an instruction that had failed?
static void settle(uint64_t target) {
    for (unsigned i = 0; i < DOUBTS && i < doubt_count; ++i) {
        struct Doubt* found = &doubts[(doubt_count - 1 - i) % DOUBTS];
        if (!found->block || (found->block->last != target && found->block->end != target)) continue;
        struct Block* block = found->block;
        found->block = NULL;
        if (block->last != target) return;
        // A repeated string instruction goes on at itself after an interrupt, too.
        struct Entry* entry = table_put(&entries, found->entry);
        if (block->flow == FlowRepeat && !entry->value) return;
        entry->value = 1;
        if (found->region == regions_current()) regions_account(block, block->count - 1, block->count, -1);
        return;
    }
}

static void enter_stacks(struct Block* block, uint64_t slot, uint64_t entry) {
    const uint64_t site = block->last;
    if (block->may_fault_last) stacks_expect(block->last);
    switch (block->flow) {
        case FlowReturn: stacks_enter_after_return(site, slot, entry); break;
        case FlowCall:
            if (slot) stacks_call(site, slot, block->end, block->target);
            stacks_enter(site, slot ? block->target : 0, entry);
            break;
        case FlowIndirectCall: stacks_call(site, slot, block->end, entry); break;
        case FlowJump: stacks_enter(site, block->target, entry); break;
        case FlowBranch: stacks_expect(block->target);  // fall through
        case FlowNext:
        case FlowRepeat: stacks_enter(site, block->end, entry); break;
        default: stacks_enter(site, 0, entry);
    }
}

/// An exception or an interrupt behind the last instruction of a block, or at it.
static void interrupted(struct Block* block, uint64_t slot, uint64_t entry) {
    table_put(&entries, entry);
    doubt(block, entry);
    if (regions_want_stacks()) enter_stacks(block, slot, entry);
}

static void follow(struct Block* block, uint64_t slot, uint64_t next) {
    if (!regions_want_stacks()) {
        if (block->flow == FlowResume) settle(next);
        return;
    }
    switch (block->flow) {
        case FlowCall:
        case FlowIndirectCall: stacks_call(block->last, slot, block->end, next); break;
        case FlowReturn: stacks_return(slot, next); break;
        case FlowSyscall: stacks_enter(block->last, block->end, next); break;
        case FlowResume:
            stacks_resume(next);
            settle(next);
            break;
        default: break;
    }
}

/// Only `reached` instructions of the block were begun.
static void broken_off(struct Block* block, uint32_t reached, uint32_t skipped, uint64_t next) {
    // A device's register makes the emulator run its instruction once more, alone and unseen.
    const bool was_device = next == instruction_address(block, reached);
    regions_account(block, skipped, was_device ? reached : reached - 1, 1);
    const uint64_t failed = instruction_address(block, reached - 1);
    if (was_device || next == failed) return;
    table_put(&entries, next)->value = 1;
    if (regions_want_stacks()) stacks_enter(failed, failed, next);
}

void leave_block(struct Block* block, uint32_t reached, uint32_t skipped, uint64_t slot, uint64_t next) {
    if (reached < block->count) {
        broken_off(block, reached, skipped, next);
        return;
    }
    // Code that was changed by its own last instruction: translated again, and that instruction repeated.
    const bool is_repeated = block->flow == FlowNext && next == block->last;
    regions_account(block, skipped, is_repeated ? block->count - 1 : block->count, 1);
    if (is_repeated) return;
    if (is_explained(block, next)) {
        follow(block, slot, next);
    } else {
        interrupted(block, slot, next);
    }
}
