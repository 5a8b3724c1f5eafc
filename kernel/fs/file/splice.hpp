// Splice: the interface of a file that takes pages without a copy through the program: sendfile(2) and
// splice(2) into a pipe.
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

/// The target of a splice. Pipes implement it. For any other file, File::write copies the bytes.
class Splice {
  public:
    /// Waits until the file has room for a page. Errors: Ebadf (not open for writing), Epipe, Eagain (full,
    /// and `blocking` is No), RestartSys.
    virtual Result<> wait_for_room(scheduler::Blocking blocking) = 0;
    /// How many pages would fit in now.
    virtual u32 free_pages() const = 0;
    /// Refers to the page from now on: whoever else has it still changes what will be read. LINUX: the file gets no new time.
    /// Errors: Ebadf (not open for writing), Epipe, Eagain (full; nothing is waited for).
    virtual Result<> take_page(PagePiece piece) = 0;
    /// The sender calls this after the last page of a call. It wakes the threads that wait for bytes, which then find
    /// all pages of the call.
    virtual void tell_readers() = 0;

  protected:
    ~Splice() = default;
};

}  // namespace exo::fs
