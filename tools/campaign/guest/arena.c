// Places for buffers, each with a page behind it that faults: who reads or writes too far is seen.
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"

enum { PAGE = 4096, SMALL = 2 * PAGE, LARGE = 32 * PAGE, LARGE_PLACES = 2 };
#define BASE ((unsigned char*)0x20000000)
// Actors that share their memory must not share places; the others have copies of all.
enum { SHARE = PAGE + MAX_BUFFERS * (SMALL + PAGE) + LARGE_PLACES * (LARGE + PAGE) };

static unsigned char* start_of(int actor, unsigned index) {
    return BASE + (size_t)actor * SHARE + PAGE + (size_t)index * (SMALL + PAGE);
}

static unsigned char* large_start_of(int actor, unsigned index) {
    return start_of(actor, MAX_BUFFERS) + (size_t)(index % LARGE_PLACES) * (LARGE + PAGE);
}

void map_arena(int actor) {
    // Without the library: it keeps errno where a thread's pointer leads, and that may be anywhere.
    raw_call(SYS_mmap, (uintptr_t)(BASE + (size_t)actor * SHARE), SHARE, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1UL, 0);
    for (unsigned i = 0; i < MAX_BUFFERS; i++)
        raw_call(SYS_mprotect, (uintptr_t)start_of(actor, i), SMALL, PROT_READ | PROT_WRITE, 0, 0, 0);
    for (unsigned i = 0; i < LARGE_PLACES; i++)
        raw_call(SYS_mprotect, (uintptr_t)large_start_of(actor, i), LARGE, PROT_READ | PROT_WRITE, 0, 0, 0);
}

unsigned char* place_of(int actor, unsigned index, size_t length) {
    if (index >= MAX_BUFFERS || length > LARGE) return NULL;
    return length <= SMALL ? start_of(actor, index) + SMALL - length
                           : large_start_of(actor, index) + LARGE - length;
}
