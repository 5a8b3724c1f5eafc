#include "call_stacks.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "table.h"

struct Node {
    uint64_t address;
    int64_t count;
    uint32_t parent;
    uint32_t depth;
};

// The root is node 0. A path this deep is a mistake (or a recursion that nobody would look at): it starts again.
enum { ROOT = 0, MAX_DEPTH = 250, FIRST_NODES = 4096 };
static const uint32_t FORGOTTEN = UINT32_MAX;

static struct Node* nodes;
static uint32_t node_count, node_capacity;
static uint32_t* children;  // of all nodes, by hash of parent and address; holds node + 1
static uint32_t current = ROOT;
static struct Table frames;   // slot -> return address, node of the caller
static struct Table resumes;  // address -> node that goes on there
static uint64_t newest_slot;

static bool is_kernel(uint64_t address) { return address >> 63; }

static uint32_t* child_slot(uint32_t parent, uint64_t address) {
    const uint32_t mask = 2 * node_capacity - 1;
    uint32_t at = (uint32_t)hash_of(address + hash_of(parent + 1ull)) & mask;
    while (children[at]) {
        const struct Node* node = &nodes[children[at] - 1];
        if (node->parent == parent && node->address == address) break;
        at = (at + 1) & mask;
    }
    return &children[at];
}

static void grow(void) {
    struct Node* old = nodes;
    const uint32_t old_count = node_count;
    node_capacity = node_capacity ? 2 * node_capacity : FIRST_NODES;
    nodes = allocate(node_capacity, sizeof *nodes);
    free(children);
    children = allocate(2ull * node_capacity, sizeof *children);
    if (!old) node_count = 1;
    for (uint32_t i = 1; i < old_count; ++i) {
        nodes[i] = old[i];
        *child_slot(nodes[i].parent, nodes[i].address) = i + 1;
    }
    free(old);
}

static uint32_t child(uint32_t parent, uint64_t address) {
    if (node_count == node_capacity) grow();
    uint32_t* slot = child_slot(parent, address);
    if (!*slot) {
        nodes[node_count] =
            (struct Node){.address = address, .parent = parent, .depth = nodes[parent].depth + 1};
        *slot = ++node_count;
    }
    return *slot - 1;
}

static void enter(uint64_t site, uint64_t target) {
    if (node_count && nodes[current].depth > MAX_DEPTH) current = ROOT;
    current = child(child(current, site), target);
}

void stacks_call(uint64_t site, uint64_t slot, uint64_t return_address, uint64_t target) {
    if (slot) {
        struct Entry* frame = table_put(&frames, slot);
        frame->value = return_address;
        frame->number = current;
        newest_slot = slot;
    }
    enter(site, target);
}

void stacks_return(uint64_t slot, uint64_t target) {
    const struct Entry* frame = slot ? table_find(&frames, slot) : NULL;
    // Another address in the slot of the newest call: a thunk that jumps by returning; it belongs to the caller.
    const bool is_ours = frame && (frame->value == target || slot == newest_slot);
    current = is_ours ? frame->number : child(ROOT, target);
}

void stacks_expect(uint64_t resume) { table_put(&resumes, resume)->number = current; }

void stacks_enter(uint64_t site, uint64_t resume, uint64_t target) {
    if (resume) stacks_expect(resume);
    enter(site, target);
}

void stacks_enter_after_return(uint64_t site, uint64_t slot, uint64_t target) {
    const struct Entry* frame = slot ? table_find(&frames, slot) : NULL;
    if (frame) {
        current = frame->number;
        stacks_expect(frame->value);
    }
    enter(site, target);
}

void stacks_resume(uint64_t target) {
    struct Entry* entry = table_find(&resumes, target);
    if (!entry || entry->number == FORGOTTEN) {
        current = child(ROOT, target);
        return;
    }
    current = entry->number;
    // A user's address stays: after a fork two processes go on there.
    if (is_kernel(target)) entry->number = FORGOTTEN;
}

uint32_t stacks_leaf(uint64_t address) { return child(current, address); }

uint32_t stacks_current(void) { return current; }

void stacks_count(uint32_t leaf, int64_t instructions) { nodes[leaf].count += instructions; }

static void write_path(FILE* file, uint32_t node) {
    uint64_t path[MAX_DEPTH + 8];
    unsigned length = 0;
    for (; node != ROOT; node = nodes[node].parent) path[length++] = nodes[node].address;
    while (length > 0) {
        --length;
        fprintf(file, "%" PRIx64 "%c", path[length], length ? ';' : ' ');
    }
}

void stacks_write(FILE* file, unsigned region) {
    for (uint32_t i = 1; i < node_count; ++i) {
        if (!nodes[i].count) continue;
        fprintf(file, "%u ", region);
        write_path(file, i);
        fprintf(file, "%" PRId64 "\n", nodes[i].count);
        nodes[i].count = 0;
    }
    fflush(file);
}
