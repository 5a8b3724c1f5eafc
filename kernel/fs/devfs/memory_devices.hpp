// The devices of major 1: null, zero, full, random, urandom (null(4), full(4), random(4)).
#pragma once

#include "fs/devfs/devfs.hpp"

namespace exo::fs {

/// Registers these devices. Errors: Eexist, Enomem.
Result<> register_memory_devices();

}  // namespace exo::fs
