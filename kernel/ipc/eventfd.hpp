// eventfd(2): a counter whose readers can wait.
#pragma once

#include "fs/file/file.hpp"

namespace exo::ipc {

enum class EventMode : u8 { Counter, Semaphore };

/// Makes an eventfd. Of `flags`, only Nonblock is used. Errors: Enomem.
Result<Ref<fs::File>> create_event_file(u32 initial, EventMode mode, abi::OpenFlags flags);

}  // namespace exo::ipc
