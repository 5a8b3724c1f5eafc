// Which addresses of the guest mean something to the counts: loops that wait, the idle loop, entries to count.
//
// A file has a line for each, in any order, with hexadecimal addresses; END is exclusive:
//
//   wait START END        code that only waits for another CPU
//   idle START END        the loop of a CPU without work; what it calls is idle too
//   resume START END      code that ends the idle time: the switch to a thread, the entries of interrupts
//   count ADDRESS NAME    how often the code at ADDRESS is entered; several addresses may have one name
//   contended ADDRESS     the same, for the entry of a function that waits for a lock: its first locked
//                         instruction names the lock
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum Place { PlacePlain, PlaceWait, PlaceIdle, PlaceResume };

enum { MAX_COUNTERS = 16, NO_COUNTER = -1, NAME_SIZE = 32 };

/// Errors: false, with a line on standard error, when the file cannot be read or a line makes no sense.
bool places_read(const char* path);

enum Place place_of(uint64_t address);

/// The number of the counter of an address, or NO_COUNTER.
int counter_of(uint64_t address);

bool is_lock_wait(uint64_t address);

int counter_count(void);
const char* counter_name(int counter);
