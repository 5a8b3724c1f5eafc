// A plugin for QEMU that counts what several guest CPUs execute between two markers, and which lines of memory they write
// in turn. (tools/qemu_plugin counts one CPU, to the last instruction, and follows its calls.)
//
//   -plugin exo-smp-counts.so,out=PATH[,places=FILE]
//
// The markers are those of tools/qemu_plugin: `nopl 0x45580001(%rax)` opens a region, `nopl 0x45580002(%rax)` closes it. One
// CPU executes both; what all CPUs execute between them counts. The program that opens a region must see to it that the
// others begin after that, and end before it closes it. PATH gets a line of JSON for each region, with a list of one number
// a CPU for each count; PATH.lines what was written in turn, by line and instruction (lines.h), and the locks that CPUs waited for.
// FILE says which addresses wait, idle or count by themselves (places.h).
//
// An instruction counts when its block begins. So a block that an exception leaves in its middle counts as a whole, and a
// repeated string instruction as often as the emulator begins its block.
//
// Every CPU is a thread of the emulator. Translations happen in several threads at once; blocks do not change after that.
#include <stdio.h>
#include <string.h>

#include "blocks.h"
#include "counts.h"
#include "lines.h"
#include "plugin_api.h"
#include "table.h"

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv);

static void on_block(unsigned cpu, void* data) { counts_block(cpu, data); }

static void on_marker(unsigned cpu, void* data) {
    const struct MarkerPlace* place = data;
    (place->marker == MarkerOpen ? counts_open : counts_close)(cpu, place);
}

static void on_store(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void* data) {
    if (!qemu_plugin_mem_is_store(info)) return;  // QEMU 7.2 calls for reads, too, whatever it was asked for
    const struct qemu_plugin_hwaddr* where = qemu_plugin_get_hwaddr(info, address);
    if (where && !qemu_plugin_hwaddr_is_io(where))
        counts_store(cpu, data, address, qemu_plugin_hwaddr_phys_addr(where));
}

static void watch_marker(struct qemu_plugin_insn* instruction, struct MarkerPlace place) {
    struct MarkerPlace* kept = allocate(1, sizeof *kept);
    *kept = place;
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_marker, QEMU_PLUGIN_CB_NO_REGS, kept);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* translated) {
    (void)id;
    struct Block* block = make_block(translated, watch_marker);
    qemu_plugin_register_vcpu_tb_exec_cb(translated, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    for (uint32_t i = 0; i < block->count; ++i)
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(translated, i), on_store,
                                         QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W, &block->stores[i]);
}

static void on_end(qemu_plugin_id_t id, void* data) {
    (void)id;
    (void)data;
    counts_finish();
}

static bool parse(int argc, char** argv, const char** out, const char** places) {
    for (int i = 0; i < argc; ++i) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            *out = argv[i] + 4;
        } else if (strncmp(argv[i], "places=", 7) == 0) {
            *places = argv[i] + 7;
        } else {
            fprintf(stderr, "exo plugin: what is %s?\n", argv[i]);
            return false;
        }
    }
    if (!*out) fputs("exo plugin: out=PATH is missing\n", stderr);
    return *out;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc, char** argv) {
    const char *out = NULL, *places = NULL;
    if (!parse(argc, argv, &out, &places)) return -1;
    if (!info->system_emulation || strcmp(info->target_name, "x86_64") != 0 ||
        info->system.max_vcpus > MAX_CPUS) {
        fprintf(stderr, "exo plugin: it counts the CPUs of an x86_64 machine, %d at most\n", MAX_CPUS);
        return -1;
    }
    if (places && !places_read(places)) return -1;
    if (!lines_start() || !counts_start(out, (unsigned)info->system.max_vcpus)) return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
