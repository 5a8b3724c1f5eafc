// Which CPU wrote a line of memory last, and how often lines went from one CPU to another.
//
// A line is 64 bytes of the guest's physical memory. A transfer is a write by another CPU than the last one that wrote
// to the line. Reads do not count: a line that one CPU writes and others read shows no transfer. The emulator tells of a write
// a moment after it; two writes of two CPUs within that moment may be told in the wrong order, which hides a transfer.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/// Errors: false, with a line on standard error, when there is no memory for it.
bool lines_start(void);

/// CPU `cpu` writes to the physical address. True if another CPU wrote to its line last.
bool line_is_taken(uint64_t physical, unsigned cpu);

/// Counts by (address, instruction). Any thread may use any tally.
struct Tally {
    struct Written* entries;
    uint64_t capacity;  // a power of two, or 0
    uint64_t used;
    bool is_locked;
};

/// `key`: what is counted, such as a line's physical address; `address`: the virtual one; `instruction`: that which wrote.
void tally_add(struct Tally* tally, uint64_t key, uint64_t address, uint64_t instruction);

void tally_clear(struct Tally* tally);

/// Writes a line `REGION KIND CPU KEY ADDRESS INSTRUCTION COUNT` for each entry; all but CPU and COUNT hexadecimal.
void tally_write(struct Tally* tally, FILE* file, int64_t region, const char* kind, unsigned cpu);
