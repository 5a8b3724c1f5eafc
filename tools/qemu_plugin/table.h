// A hash table from addresses to two words. It only grows; an entry is forgotten by giving it a value that says so.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct Entry {
    uint64_t key;  // 0: free
    uint64_t value;
    uint32_t number;
};

struct Table {
    struct Entry* entries;
    size_t capacity;  // a power of two, or 0
    size_t used;
};

/// NULL if the key was never stored.
struct Entry* table_find(const struct Table* table, uint64_t key);

/// The entry of a key, made with zeros if it is not there. It stays where it is until the next call. `key` is not 0.
struct Entry* table_put(struct Table* table, uint64_t key);

uint64_t hash_of(uint64_t key);

/// calloc, or the end of the emulator: counts with a hole in them are worse than none.
void* allocate(size_t count, size_t size);
