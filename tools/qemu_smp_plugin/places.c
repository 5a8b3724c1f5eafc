#include "places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

enum { MAX_RANGES = 256, LINE_SIZE = 256 };

struct Range {
    uint64_t start, end;
    enum Place place;
};

// Written while the emulator starts, and only read after that, so that no lock is needed.
static struct Range ranges[MAX_RANGES];
static int range_count;
static char names[MAX_COUNTERS][NAME_SIZE];
static int name_count;
static struct Table counters;  // address -> counter
static struct Table lock_waits;

static bool add_range(enum Place place, uint64_t start, uint64_t end) {
    if (start >= end || range_count == MAX_RANGES) return false;
    ranges[range_count++] = (struct Range){start, end, place};
    return true;
}

static bool add_counter(uint64_t address, const char* name) {
    int counter = 0;
    while (counter < name_count && strcmp(names[counter], name) != 0) ++counter;
    if (counter == MAX_COUNTERS) return false;
    if (counter == name_count) strcpy(names[name_count++], name);
    table_put(&counters, address)->number = (uint32_t)counter;
    return true;
}

static bool take(const char* line) {
    char kind[16], name[NAME_SIZE];
    uint64_t start, end;
    if (sscanf(line, "%15s %" SCNx64 " %" SCNx64, kind, &start, &end) == 3) {
        if (strcmp(kind, "wait") == 0) return add_range(PlaceWait, start, end);
        if (strcmp(kind, "idle") == 0) return add_range(PlaceIdle, start, end);
        if (strcmp(kind, "resume") == 0) return add_range(PlaceResume, start, end);
    }
    if (sscanf(line, "count %" SCNx64 " %31s", &start, name) == 2 && start) return add_counter(start, name);
    if (sscanf(line, "contended %" SCNx64, &start) == 1 && start) return table_put(&lock_waits, start);
    return false;
}

bool places_read(const char* path) {
    FILE* file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "exo plugin: %s: %s\n", path, strerror(errno));
        return false;
    }
    char line[LINE_SIZE];
    bool is_good = true;
    while (is_good && fgets(line, sizeof line, file)) is_good = take(line);
    if (!is_good) fprintf(stderr, "exo plugin: %s: no place, or one too many: %s", path, line);
    fclose(file);
    return is_good;
}

enum Place place_of(uint64_t address) {
    for (int i = 0; i < range_count; ++i)
        if (address >= ranges[i].start && address < ranges[i].end) return ranges[i].place;
    return PlacePlain;
}

int counter_of(uint64_t address) {
    const struct Entry* entry = table_find(&counters, address);
    return entry ? (int)entry->number : NO_COUNTER;
}

bool is_lock_wait(uint64_t address) { return table_find(&lock_waits, address); }

int counter_count(void) { return name_count; }
const char* counter_name(int counter) { return names[counter]; }
