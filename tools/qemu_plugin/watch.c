#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct Place {
    uint64_t address;
    bool is_reached;
};

static struct Place places[WATCH_CAPACITY];
static unsigned count;
static FILE* file;
static const uint64_t* counter;
static uint64_t started;

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool watch_add(const char* text) {
    char* end;
    errno = 0;
    const uint64_t address = strtoull(text, &end, 16);
    if (!*text || *end || errno || count == WATCH_CAPACITY) return false;
    places[count++].address = address;
    return true;
}

bool watch_start(const char* path, const uint64_t* begun) {
    if (!count) return true;
    char name[4096];
    snprintf(name, sizeof name, "%s.watch", path);
    file = fopen(name, "w");
    if (!file) fprintf(stderr, "exo plugin: %s: %s\n", name, strerror(errno));
    counter = begun;
    started = nanoseconds();
    return file;
}

static void on_arrival(unsigned cpu, void* data) {
    (void)cpu;
    struct Place* place = data;
    if (place->is_reached) return;
    place->is_reached = true;
    fprintf(file, "{\"address\": %" PRIu64 ", \"instructions\": %" PRIu64 ", \"nanoseconds\": %" PRIu64 "}\n",
            place->address, *counter, nanoseconds() - started);
    fflush(file);  // whoever waits for the guest may end us at once
}

static void watch_instruction(struct qemu_plugin_insn* instruction) {
    for (unsigned i = 0; i < count; ++i)
        if (!places[i].is_reached && places[i].address == qemu_plugin_insn_vaddr(instruction))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_arrival, QEMU_PLUGIN_CB_NO_REGS,
                                                   &places[i]);
}

void watch_block(const struct qemu_plugin_tb* translated) {
    if (!count) return;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(translated); ++i)
        watch_instruction(qemu_plugin_tb_get_insn(translated, i));
}
