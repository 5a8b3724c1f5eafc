// Splice: a file into which the kernel moves pages without a visit to the program, as sendfile(2) and splice(2) do into a pipe.
#pragma once

#include "memory/physical/frame_ref.hpp"
#include "scheduler/block_until.hpp"
#include "vm/io_buffer.hpp"

namespace exo::fs {

/// Bytes `begin` to `end` of a page.
struct PagePiece {
    memory::FrameRef frame;
    u32 begin = 0;
    u32 end = 0;

    u32 size() const { return end - begin; }
    std::span<const u8> bytes() const { return {frame.data() + begin, size()}; }
};

/// Pipes implement it. Bytes that go into any other file are written to it (File::write).
class Splice {
  public:
    /// Waits until a page would fit in. Errors: Ebadf (not open for writing), Epipe, Eagain (full, and this one must not wait),
    /// RestartSys.
    virtual Result<> wait_for_room(scheduler::Blocking blocking) = 0;
    /// Refers to the page from now on: whoever else has it still changes what will be read. LINUX: the file gets no new time.
    /// Errors: Ebadf (not open for writing), Epipe, Eagain (full; nothing is waited for).
    virtual Result<> take_page(PagePiece piece) = 0;

  protected:
    ~Splice() = default;
};

}  // namespace exo::fs
