#include "table.h"

#include <stdio.h>
#include <stdlib.h>

static const size_t FIRST_CAPACITY = 1024;

void* allocate(size_t count, size_t size) {
    void* memory = calloc(count, size);
    if (!memory) {
        fputs("exo plugin: no memory left\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

uint64_t hash_of(uint64_t key) {
    key *= 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio (Knuth, volume 3, section 6.4)
    return key ^ key >> 32;
}

static struct Entry* slot_of(const struct Table* table, uint64_t key) {
    size_t at = hash_of(key) & (table->capacity - 1);
    while (table->entries[at].key && table->entries[at].key != key) at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

static void grow(struct Table* table) {
    const struct Table old = *table;
    table->capacity = old.capacity ? 2 * old.capacity : FIRST_CAPACITY;
    table->entries = allocate(table->capacity, sizeof *table->entries);
    for (size_t i = 0; i < old.capacity; ++i)
        if (old.entries[i].key) *slot_of(table, old.entries[i].key) = old.entries[i];
    free(old.entries);
}

struct Entry* table_find(const struct Table* table, uint64_t key) {
    if (!table->capacity) return NULL;
    struct Entry* entry = slot_of(table, key);
    return entry->key ? entry : NULL;
}

struct Entry* table_put(struct Table* table, uint64_t key) {
    if (2 * table->used >= table->capacity) grow(table);
    struct Entry* entry = slot_of(table, key);
    if (!entry->key) {
        *entry = (struct Entry){.key = key};
        ++table->used;
    }
    return entry;
}
