// The first time that the processor comes to an address: after how many instructions, and when. Each becomes a line of JSON
// in PATH.watch.
#pragma once

#include <stdbool.h>

#include "plugin_api.h"

enum { WATCH_CAPACITY = 64 };

/// `text`: a hexadecimal address. Errors: false when it is none, or the table is full.
bool watch_add(const char* text);
/// Errors: false, with a message, when PATH.watch cannot be written. `begun` counts the instructions since the start.
bool watch_start(const char* path, const uint64_t* begun);
/// To be called for each block that is translated.
void watch_block(const struct qemu_plugin_tb* translated);
