// ipc: what processes talk through. Pipes and eventfds are fs::Files; rings and channels join them.
//
// Key types: Pipe (the buffer that both ends share, pipe(7), fifo(7)), PipeEnd (an open end), EventFile (eventfd.hpp).
// Neighbours: fs and scheduler below; posix_x above, which makes EPIPE a SIGPIPE.
// Locking: one sleeping lock a pipe (LockRank::Pipe) guards buffer and end counts. It is held across copies from and to
// a program: the fault path takes only locks of a higher rank. Who waits, waits without it.
#pragma once

#include "fs/file.hpp"
#include "ipc/pipe_buffer.hpp"

namespace exo::ipc {

class Pipe;

struct PipePair {
    Ref<fs::File> reader;
    Ref<fs::File> writer;
};

/// pipe2. `flags`: Nonblock; O_DIRECT (packets) is Einval. Errors: Enomem, Einval.
Result<PipePair> create_pipe(abi::OpenFlags flags, const fs::Credentials& credentials);

/// Registers the opener of named pipes and makes the file system that pipes' inodes belong to. Errors: Enomem.
Result<> init();

/// /proc/sys/fs/pipe-max-size.
inline constexpr u32 MAX_UNPRIVILEGED_PIPE_SIZE = 1 << 20;
inline constexpr u32 DEFAULT_PIPE_PAGES = 16;

}  // namespace exo::ipc
