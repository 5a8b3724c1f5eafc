// Places for buffers, each with a page behind it that faults: who reads or writes too far is seen.
#include <sys/mman.h>

#include "guest.h"

enum { PAGE = 4096, SMALL = 2 * PAGE, LARGE = 32 * PAGE, LARGE_PLACES = 2 };
#define BASE ((unsigned char*)0x20000000)

static unsigned char* start_of(unsigned index) { return BASE + PAGE + (size_t)index * (SMALL + PAGE); }

static unsigned char* large_start_of(unsigned index) {
    return start_of(MAX_BUFFERS) + (size_t)(index % LARGE_PLACES) * (LARGE + PAGE);
}

void map_arena(void) {
    const size_t size = (size_t)(large_start_of(LARGE_PLACES - 1) + LARGE + PAGE - BASE);
    mmap(BASE, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (unsigned i = 0; i < MAX_BUFFERS; i++) mprotect(start_of(i), SMALL, PROT_READ | PROT_WRITE);
    for (unsigned i = 0; i < LARGE_PLACES; i++) mprotect(large_start_of(i), LARGE, PROT_READ | PROT_WRITE);
}

unsigned char* place_of(unsigned index, size_t length) {
    if (index >= MAX_BUFFERS || length > LARGE) return NULL;
    return length <= SMALL ? start_of(index) + SMALL - length : large_start_of(index) + LARGE - length;
}
