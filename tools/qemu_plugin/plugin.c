// A plugin for QEMU that counts what one guest processor executes between two markers.
//
//   -plugin exo-counts.so,out=PATH[,profile=NUMBER|all][,watch=ADDRESS]…[,count=off]
//
// A benchmark executes `nopl 0x45580001(%rax)` to open a region and `nopl 0x45580002(%rax)` to close it. Regions are
// numbered from 0 in the order in which they are opened, and do not nest. Neither marker is counted itself. PATH gets a
// line of JSON for each region; with `profile`, PATH.stacks gets the call stacks (call_stacks.h); with
// `watch`, PATH.watch when each of these addresses was reached first (watch.h). With `count=off` nothing is counted, so
// that the guest runs as fast as without us.
//
// What counts as an instruction is what the emulator's own count (-icount) takes as one: each round of a repeated string
// instruction, the last and empty one too; and an instruction that fails and is repeated once, not twice. Nothing here
// changes that count, so the guest runs as it would without us.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "plugin_api.h"
#include "regions.h"
#include "table.h"
#include "transitions.h"
#include "watch.h"

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv);

static uint64_t begun;         // instructions since the start; the emulated code itself adds to it
static uint64_t begun_before;  // the same when the current block began
static struct Block* current;
static uint32_t skipped;  // instructions at the beginning of the current block that are not to be counted
static uint64_t slot;     // the stack slot that the call or return at the current block's end has used
static bool is_counting = true;

static void on_block(unsigned cpu, void* data) {
    (void)cpu;
    struct Block* next = data;
    if (current) leave_block(current, (uint32_t)(begun - begun_before), skipped, slot, next->start);
    current = next;
    begun_before = begun;
    skipped = 0;
    slot = 0;
}

static void on_marker(unsigned cpu, void* data) {
    (void)cpu;
    const struct MarkerPlace* place = data;
    regions_account(place->block, skipped, place->index, 1);
    skipped = place->index + 1;
    if (place->marker == MarkerOpen) {
        regions_open();
    } else {
        regions_close();
    }
}

static void on_stack_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void* data) {
    (void)cpu;
    const struct Block* block = data;
    if (qemu_plugin_mem_is_store(info) == (block->flow != FlowReturn)) slot = address;
}

static void watch_marker(struct qemu_plugin_insn* instruction, struct MarkerPlace place) {
    struct MarkerPlace* kept = allocate(1, sizeof *kept);
    *kept = place;
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_marker, QEMU_PLUGIN_CB_NO_REGS, kept);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* translated) {
    (void)id;
    watch_block(translated);
    if (!is_counting) return;
    struct Block* block = make_block(translated, watch_marker);
    qemu_plugin_register_vcpu_tb_exec_cb(translated, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    for (uint32_t i = 0; i < block->count; ++i)
        qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_tb_get_insn(translated, i),
                                                   QEMU_PLUGIN_INLINE_ADD_U64, &begun, 1);
    const bool uses_stack =
        block->flow == FlowCall || block->flow == FlowIndirectCall || block->flow == FlowReturn;
    if (uses_stack && regions_want_stacks())
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(translated, block->count - 1),
                                         on_stack_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, block);
}

static void on_end(qemu_plugin_id_t id, void* data) {
    (void)id;
    (void)data;
    regions_finish();
}

/// "all", or a number. Errors: PROFILE_NONE.
static int64_t parse_profile(const char* text) {
    if (strcmp(text, "all") == 0) return PROFILE_ALL;
    char* end;
    const long number = strtol(text, &end, 10);
    return *text && !*end && number >= 0 ? number : PROFILE_NONE;
}

static bool parse(int argc, char** argv, const char** out, int64_t* profile) {
    for (int i = 0; i < argc; ++i) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            *out = argv[i] + 4;
        } else if (strcmp(argv[i], "count=off") == 0) {
            is_counting = false;
        } else if (strncmp(argv[i], "watch=", 6) == 0 && watch_add(argv[i] + 6)) {
            continue;
        } else if (strncmp(argv[i], "profile=", 8) == 0 &&
                   (*profile = parse_profile(argv[i] + 8)) != PROFILE_NONE) {
            continue;
        } else {
            fprintf(stderr, "exo plugin: what is %s?\n", argv[i]);
            return false;
        }
    }
    if (!*out) fputs("exo plugin: out=PATH is missing\n", stderr);
    return *out;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
    const char* out = NULL;
    int64_t profile = PROFILE_NONE;
    if (!parse(argc, argv, &out, &profile)) return -1;
    if (!info->system_emulation || strcmp(info->target_name, "x86_64") != 0 || info->system.max_vcpus > 1) {
        fputs("exo plugin: it counts one processor of an x86_64 machine (-smp 1)\n", stderr);
        return -1;
    }
    if (!regions_start(out, profile) || !watch_start(out, &begun)) return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
