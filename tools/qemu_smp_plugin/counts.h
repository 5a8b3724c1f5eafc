// What each CPU has executed, and the regions: what all CPUs executed between two markers.
//
// Each CPU's thread writes its own counts. The thread that comes to a marker reads those of all CPUs, so a count is written and
// read as a whole; a region is the difference between two readings.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"

enum { MAX_CPUS = 64 };

/// Errors: false, with a line on standard error, when PATH or PATH.lines cannot be written.
bool counts_start(const char* path, unsigned cpus);

/// CPU `cpu` begins the block.
void counts_block(unsigned cpu, const struct Block* block);

/// CPU `cpu` has written to `address`, which is `physical`.
void counts_store(unsigned cpu, const struct Store* store, uint64_t address, uint64_t physical);

void counts_open(unsigned cpu, const struct MarkerPlace* place);
void counts_close(unsigned cpu, const struct MarkerPlace* place);

/// Says what is left open.
void counts_finish(void);
