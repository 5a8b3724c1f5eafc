// The stream of frames, in pages that say what they are.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"

enum { ROOM = PAGE_BYTES - sizeof(struct wire_page), PAGES = 24576 };

static unsigned char* start;
static uint32_t page_count;
static uint8_t run_name[16];

static struct wire_page* page(uint32_t index) { return (void*)(start + (size_t)index * PAGE_BYTES); }

static int add_page(void) {
    if (page_count == PAGES) return 0;
    struct wire_page* added = page(page_count);
    added->index = page_count++;
    memcpy(added->run, run_name, sizeof(run_name));
    return 1;
}

void* memory_of_controller(size_t size) {
    void* memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, size, MADV_DONTFORK) != 0) abort();
    return memory;
}

void start_memory(const uint8_t* run) {
    for (unsigned i = 0; i < sizeof(run_name); i++) run_name[i] = (uint8_t)~run[i];
    start = memory_of_controller((size_t)PAGES * PAGE_BYTES);
    add_page();
}

void keep(const void* bytes, size_t size) {
    const unsigned char* from = bytes;
    while (size > 0) {
        struct wire_page* last = page(page_count - 1);
        if (last->used == ROOM) {
            if (!add_page()) return;
            continue;
        }
        const size_t part = size < ROOM - last->used ? size : ROOM - last->used;
        memcpy((unsigned char*)(last + 1) + last->used, from, part);
        last->used += (uint32_t)part;
        from += part;
        size -= part;
    }
}

void note_progress(uint32_t sequence, uint32_t call) {
    page(0)->sequence = sequence;
    page(0)->call = call;
}
