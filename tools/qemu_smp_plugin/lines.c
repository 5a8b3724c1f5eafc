#include "lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "table.h"

enum { LINE_SHIFT = 6 };
// One byte for each line of the first 64 GiB. The host gives memory only to the pages that are written.
static const uint64_t LINES = 1ull << (36 - LINE_SHIFT);
static const uint64_t FIRST_CAPACITY = 1024;

struct Written {
    uint64_t key, address, instruction;
    uint64_t count;  // 0: free
};

static uint8_t* last_writers;  // CPU + 1, or 0

bool lines_start(void) {
    void* memory =
        mmap(NULL, LINES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "exo plugin: no room for the last writers of lines: %s\n", strerror(errno));
        return false;
    }
    last_writers = memory;
    return true;
}

bool line_is_taken(uint64_t physical, unsigned cpu) {
    const uint64_t line = physical >> LINE_SHIFT;
    if (line >= LINES) return false;
    const uint8_t self = (uint8_t)(cpu + 1);
    // Mostly it is ours: then nothing is written, and the host's own line does not move.
    if (__atomic_load_n(&last_writers[line], __ATOMIC_RELAXED) == self) return false;
    const uint8_t before = __atomic_exchange_n(&last_writers[line], self, __ATOMIC_RELAXED);
    return before && before != self;
}

static void lock(struct Tally* tally) {
    while (__atomic_test_and_set(&tally->is_locked, __ATOMIC_ACQUIRE)) __builtin_ia32_pause();
}

static void unlock(struct Tally* tally) { __atomic_clear(&tally->is_locked, __ATOMIC_RELEASE); }

static struct Written* slot_of(struct Tally* tally, uint64_t key, uint64_t instruction) {
    uint64_t at = hash_of(key + hash_of(instruction)) & (tally->capacity - 1);
    for (;; at = (at + 1) & (tally->capacity - 1)) {
        struct Written* entry = &tally->entries[at];
        if (!entry->count || (entry->key == key && entry->instruction == instruction)) return entry;
    }
}

static void grow(struct Tally* tally) {
    const struct Tally old = *tally;
    tally->capacity = old.capacity ? 2 * old.capacity : FIRST_CAPACITY;
    tally->entries = allocate(tally->capacity, sizeof *tally->entries);
    for (uint64_t i = 0; i < old.capacity; ++i)
        if (old.entries[i].count)
            *slot_of(tally, old.entries[i].key, old.entries[i].instruction) = old.entries[i];
    free(old.entries);
}

void tally_add(struct Tally* tally, uint64_t key, uint64_t address, uint64_t instruction) {
    lock(tally);
    if (2 * tally->used >= tally->capacity) grow(tally);
    struct Written* entry = slot_of(tally, key, instruction);
    if (!entry->count) {
        *entry = (struct Written){key, address, instruction, 0};
        ++tally->used;
    }
    ++entry->count;
    unlock(tally);
}

void tally_clear(struct Tally* tally) {
    lock(tally);
    if (tally->capacity) memset(tally->entries, 0, tally->capacity * sizeof *tally->entries);
    tally->used = 0;
    unlock(tally);
}

void tally_write(struct Tally* tally, FILE* file, int64_t region, const char* kind, unsigned cpu) {
    lock(tally);
    for (uint64_t i = 0; i < tally->capacity; ++i) {
        const struct Written* entry = &tally->entries[i];
        if (!entry->count) continue;
        fprintf(file, "%" PRIx64 " %s %u %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIu64 "\n", (uint64_t)region,
                kind, cpu, entry->key, entry->address, entry->instruction, entry->count);
    }
    unlock(tally);
}
