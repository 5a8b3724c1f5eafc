#include "regions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "call_stacks.h"

struct Counts {
    int64_t user, kernel;
    int64_t events[EVENT_COUNT];
};

static FILE* counts_file;
static FILE* stacks_file;
static int64_t profile = PROFILE_NONE;
static int64_t opened = 0;
static bool is_open = false;
static bool is_profiled = false;
static struct Counts counts;

static FILE* open_file(const char* path, const char* suffix) {
    char name[4096];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE* file = fopen(name, "w");
    if (!file) fprintf(stderr, "exo plugin: %s: %s\n", name, strerror(errno));
    return file;
}

bool regions_start(const char* path, int64_t wanted) {
    profile = wanted;
    counts_file = open_file(path, "");
    if (!counts_file) return false;
    if (profile == PROFILE_NONE) return true;
    stacks_file = open_file(path, ".stacks");
    return stacks_file;
}

bool regions_want_stacks(void) { return profile != PROFILE_NONE; }

int64_t regions_current(void) { return is_open ? opened - 1 : -1; }

void regions_open(void) {
    regions_close();
    memset(&counts, 0, sizeof counts);
    is_profiled = profile == PROFILE_ALL || profile == opened;
    is_open = true;
    ++opened;
}

void regions_close(void) {
    if (!is_open) return;
    is_open = false;
    fprintf(counts_file,
            "{\"region\": %" PRId64 ", \"instructions\": %" PRId64 ", \"kernel\": %" PRId64
            ", \"user\": %" PRId64,
            opened - 1, counts.kernel + counts.user, counts.kernel, counts.user);
    for (int i = 0; i < EVENT_COUNT; ++i)
        fprintf(counts_file, ", \"%s\": %" PRId64, EVENT_NAMES[i], counts.events[i]);
    fputs("}\n", counts_file);
    fflush(counts_file);
    if (is_profiled) stacks_write(stacks_file, (unsigned)(opened - 1));
}

static uint32_t leaf_of(struct Block* block) {
    if (block->leaf_parent != stacks_current()) {
        block->leaf_parent = stacks_current();
        block->leaf = stacks_leaf(block->start);
    }
    return block->leaf;
}

void regions_account(struct Block* block, uint32_t from, uint32_t to, int times) {
    if (!is_open || from >= to) return;
    const int64_t instructions = times * (int64_t)(to - from);
    *(is_kernel_block(block) ? &counts.kernel : &counts.user) += instructions;
    for (uint32_t i = 0; i < block->event_count; ++i) {
        const struct BlockEvent event = block->events[i];
        if (event.index >= from && event.index < to) counts.events[event.event] += times;
    }
    if (is_profiled) stacks_count(leaf_of(block), instructions);
}

void regions_finish(void) {
    if (is_open)
        fprintf(stderr, "exo plugin: region %" PRId64 " was never closed; it is dropped\n", opened - 1);
    is_open = false;
}
