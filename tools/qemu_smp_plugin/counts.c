#include "counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lines.h"

/// What a CPU has executed since the start. `kernel`, `user` and `events` are without waiting.
struct Counts {
    uint64_t kernel, user, waiting, idle;
    uint64_t transfers, waiting_transfers, contended;
    uint64_t events[EVENT_COUNT];
    uint64_t counters[MAX_COUNTERS];
};
enum { WORDS = sizeof(struct Counts) / sizeof(uint64_t) };

struct Cpu {
    struct Counts counts;
    struct Tally transfers, contentions;  // of the region that is open
    uint64_t last_work;                   // the last block that was no waiting
    bool is_idle, is_contending;
} __attribute__((aligned(128)));

static struct Cpu cpus[MAX_CPUS];
static struct Counts at_open[MAX_CPUS];
static unsigned cpu_count;
static FILE* counts_file;
static FILE* lines_file;
static int64_t opened;
static bool is_open;

static FILE* open_file(const char* path, const char* suffix) {
    char name[4096];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE* file = fopen(name, "w");
    if (!file) fprintf(stderr, "exo plugin: %s: %s\n", name, strerror(errno));
    return file;
}

bool counts_start(const char* path, unsigned count) {
    cpu_count = count;
    counts_file = open_file(path, "");
    lines_file = counts_file ? open_file(path, ".lines") : NULL;
    return lines_file;
}

/// Only the CPU's own thread adds; another may read meanwhile.
static void add(uint64_t* count, uint64_t more) {
    __atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + more, __ATOMIC_RELAXED);
}

void counts_block(unsigned number, const struct Block* block) {
    struct Cpu* cpu = &cpus[number];
    struct Counts* counts = &cpu->counts;
    if (block->place == PlaceIdle)
        cpu->is_idle = true;
    else if (block->place == PlaceResume || !block->is_kernel)
        cpu->is_idle = false;
    if (block->counter != NO_COUNTER) add(&counts->counters[block->counter], 1);
    if (block->is_lock_wait) {
        add(&counts->contended, 1);
        cpu->is_contending = true;
    }
    if (block->place == PlaceWait) {
        add(&counts->waiting, block->count);
        return;
    }
    if (cpu->is_idle) {
        add(&counts->idle, block->count);
        return;
    }
    cpu->last_work = block->start;
    add(block->is_kernel ? &counts->kernel : &counts->user, block->count);
    for (int i = 0; i < EVENT_COUNT; ++i)
        if (block->sums[i]) add(&counts->events[i], block->sums[i]);
}

void counts_store(unsigned number, const struct Store* store, uint64_t address, uint64_t physical) {
    struct Cpu* cpu = &cpus[number];
    const bool is_region = __atomic_load_n(&is_open, __ATOMIC_RELAXED);
    if (cpu->is_contending && store->is_locked && store->is_wait) {
        cpu->is_contending = false;
        if (is_region) tally_add(&cpu->contentions, address, address, cpu->last_work);
    }
    if (!line_is_taken(physical, number)) return;
    const bool is_waiting = store->is_wait || cpu->is_idle;
    add(is_waiting ? &cpu->counts.waiting_transfers : &cpu->counts.transfers, 1);
    if (is_region) tally_add(&cpu->transfers, physical & ~63ull, address, store->instruction);
}

static void read_counts(unsigned number, struct Counts* to) {
    const uint64_t* from = (const uint64_t*)&cpus[number].counts;
    for (int i = 0; i < WORDS; ++i) ((uint64_t*)to)[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/// The CPU's own counts have the whole block of the marker. Takes back instructions `from` to its end.
static void take_back(struct Counts* counts, const struct Block* block, uint32_t from) {
    *(block->is_kernel ? &counts->kernel : &counts->user) -= block->count - from;
    for (uint32_t i = from; i < block->count; ++i)
        if (block->events[i] != EventNone) --counts->events[block->events[i]];
}

void counts_open(unsigned number, const struct MarkerPlace* place) {
    for (unsigned i = 0; i < cpu_count; ++i) {
        tally_clear(&cpus[i].transfers);
        tally_clear(&cpus[i].contentions);
        read_counts(i, &at_open[i]);
    }
    take_back(&at_open[number], place->block, place->index + 1);
    ++opened;
    __atomic_store_n(&is_open, true, __ATOMIC_RELAXED);
}

static void write_each(const char* name, const struct Counts* found, size_t offset) {
    fprintf(counts_file, ", \"%s\": [", name);
    for (unsigned i = 0; i < cpu_count; ++i)
        fprintf(counts_file, "%s%" PRIu64, i ? ", " : "",
                *(const uint64_t*)((const char*)&found[i] + offset));
    fputc(']', counts_file);
}

static void write_region(const struct Counts* found) {
    fprintf(counts_file, "{\"region\": %" PRId64, opened - 1);
#define WRITE(field) write_each(#field, found, offsetof(struct Counts, field))
    WRITE(kernel);
    WRITE(user);
    WRITE(waiting);
    WRITE(idle);
    WRITE(transfers);
    WRITE(waiting_transfers);
    WRITE(contended);
#undef WRITE
    for (int i = 0; i < EVENT_COUNT; ++i)
        write_each(EVENT_NAMES[i], found, offsetof(struct Counts, events) + (size_t)i * sizeof(uint64_t));
    for (int i = 0; i < counter_count(); ++i)
        write_each(counter_name(i), found, offsetof(struct Counts, counters) + (size_t)i * sizeof(uint64_t));
    fputs("}\n", counts_file);
    fflush(counts_file);
}

void counts_close(unsigned number, const struct MarkerPlace* place) {
    if (!__atomic_load_n(&is_open, __ATOMIC_RELAXED)) return;
    __atomic_store_n(&is_open, false, __ATOMIC_RELAXED);
    struct Counts found[MAX_CPUS];
    for (unsigned i = 0; i < cpu_count; ++i) read_counts(i, &found[i]);
    take_back(&found[number], place->block, place->index);
    for (unsigned i = 0; i < cpu_count; ++i)
        for (int word = 0; word < WORDS; ++word)
            ((uint64_t*)&found[i])[word] -= ((const uint64_t*)&at_open[i])[word];
    write_region(found);
    for (unsigned i = 0; i < cpu_count; ++i) {
        tally_write(&cpus[i].transfers, lines_file, opened - 1, "transfer", i);
        tally_write(&cpus[i].contentions, lines_file, opened - 1, "contended", i);
    }
    fflush(lines_file);
}

void counts_finish(void) {
    if (is_open)
        fprintf(stderr, "exo plugin: region %" PRId64 " was never closed; it is dropped\n", opened - 1);
}
