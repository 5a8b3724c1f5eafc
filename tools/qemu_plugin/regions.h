// What is counted between two markers, and where it is written: a line of JSON for each region as soon as it closes, so
// that nothing is lost however the emulator ends.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "blocks.h"

enum { PROFILE_NONE = -1, PROFILE_ALL = -2 };

/// Opens the files. `profile` is a region's number, or one of the above. Errors: false, with a line on standard error.
bool regions_start(const char* path, int64_t profile);

/// Whether call stacks have to be followed.
bool regions_want_stacks(void);

void regions_open(void);
void regions_close(void);

/// Instructions `from` to `to` (exclusive) of a block were executed, `times` times; -1 takes them back.
void regions_account(struct Block* block, uint32_t from, uint32_t to, int times);

/// The number of the region that is open, or -1.
int64_t regions_current(void);

/// Says what is left open.
void regions_finish(void);
