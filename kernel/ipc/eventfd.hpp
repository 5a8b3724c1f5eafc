// eventfd(2): a counter that can be waited for.
#pragma once

#include "fs/file/file.hpp"

namespace exo::ipc {

enum class EventMode : u8 { Counter, Semaphore };

/// `flags`: Nonblock counts. Errors: Enomem.
Result<Ref<fs::File>> create_event_file(u32 initial, EventMode mode, abi::OpenFlags flags);

}  // namespace exo::ipc
