// Which calls led to where the processor is, for every thread of the guest, without its registers.
//
// A call stores its return address in a slot of some stack, and the return loads it from that slot: the slot's address
// names the frame, whichever thread it belongs to. So nothing here knows of threads, and a switch between two of them
// needs no recognising: it ends in a return from a slot of the other one's stack. Entries to the kernel are found again
// by the address at which they resume.
//
// A place is a node in a tree. Below a node there are alternately the addresses of an instruction that calls and of
// what it calls; at the end the blocks that ran.
#pragma once

#include <stdint.h>
#include <stdio.h>

/// `slot`: where the return address was stored. 0: unknown.
void stacks_call(uint64_t site, uint64_t slot, uint64_t return_address, uint64_t target);

/// Errors: none. A return that no call is known for begins a stack of its own.
void stacks_return(uint64_t slot, uint64_t target);

/// A system call, an exception or an interrupt; what was left goes on at `resume`.
void stacks_enter(uint64_t site, uint64_t resume, uint64_t target);

/// What is left here may as well go on at `resume`: before stacks_enter.
void stacks_expect(uint64_t resume);

/// sysret or iret to `target`.
void stacks_resume(uint64_t target);

/// An interrupt came right after a transfer whose target is not known yet (but for a return, whose slot tells).
void stacks_enter_after_return(uint64_t site, uint64_t slot, uint64_t target);

/// The node of the block at `address` where we are.
uint32_t stacks_leaf(uint64_t address);

/// Changes whenever stacks_leaf would give another node for the same block.
uint32_t stacks_current(void);

void stacks_count(uint32_t leaf, int64_t instructions);

/// Writes `REGION ADDRESS;ADDRESS;... COUNT` lines, outermost first, and sets the counts to 0.
void stacks_write(FILE* file, unsigned region);
