// PipeBuffer: a queue of bytes in pages. Small writes are merged into the last page, as Linux does; pages come when
// needed and one is kept when the buffer runs empty, so that a ping-pong allocates nothing.
#pragma once

#include "memory/physical/frame_ref.hpp"
#include "utils/vector.hpp"
#include "vm/io_buffer.hpp"

namespace exo::ipc {

class PipeBuffer {
  public:
    /// Room for `pages` pages, a power of two. Errors: Enomem.
    Result<> reserve(u32 pages);
    /// F_SETPIPE_SZ. Errors: Ebusy (more pages are in use), Enomem.
    Result<> resize(u32 pages);

    u32 capacity_pages() const { return static_cast<u32>(slots_.size()); }
    usize size() const { return size_; }
    bool is_empty() const { return size_ == 0; }
    /// No page is free; the last one may have room still.
    bool is_full() const { return used_ == slots_.size(); }
    /// Bytes that `append` could take now without losing atomicity.
    usize room() const;

    /// Moves up to `limit` bytes in, as many as there is room for.
    /// Errors: Efault, Enomem: nothing was moved.
    Result<usize> append(vm::InBuffer& from, usize limit);
    /// Moves up to everything out. Errors: Efault, nothing moved.
    Result<usize> take(vm::OutBuffer& to);

  private:
    struct Slot {
        memory::FrameRef frame;
        u32 begin = 0;
        u32 end = 0;
    };
    Slot& slot(u32 position) { return slots_.data()[position & (slots_.size() - 1)]; }
    Result<Slot*> slot_with_room();
    void drop_first();

    Vector<Slot> slots_;  ///< A ring; its size is a power of two.
    u32 head_ = 0;        ///< The first used slot.
    u32 used_ = 0;
    usize size_ = 0;
    memory::FrameRef spare_;
};

}  // namespace exo::ipc
