// PipeBuffer: a queue of bytes in pages. A write fills pages by Linux's rule: the remainder of its size
// modulo 4096 goes behind the last bytes if it fits there, and everything else starts on a new page. So a
// write of at most 4096 bytes never spans two pages, and is stored completely or not at all.
// A copy that faults inside a page leaves that page unchanged: no part of it is stored or taken (Linux:
// pipe_write, pipe_read).
// Pages are allocated when needed. One page is kept when the buffer becomes empty, so that a ping-pong
// allocates nothing.
// PipeBuffer has no lock of its own; Pipe locks it.
#pragma once

#include "fs/file/splice.hpp"
#include "memory/physical/frame_ref.hpp"
#include "utils/vector.hpp"
#include "vm/io_buffer.hpp"

namespace exo::ipc {

class PipeBuffer {
    enum class Kind : u8 { Bytes, Packet };
    struct Slot {
        memory::FrameRef frame;
        u32 begin = 0;
        u32 end = 0;
        bool is_packet = false;
        bool may_merge = false;  ///< A write may append its remainder to this page.
        bool is_own = false;     ///< Only this buffer refers to the frame.
    };

  public:
    /// Reserves `pages` slots, a power of two. Callable once. Errors: Enomem.
    Result<> reserve(u32 pages);
    /// F_SETPIPE_SZ. Errors: Ebusy (more pages are in use), Enomem.
    Result<> resize(u32 pages);
    void clear();

    u32 capacity_pages() const { return static_cast<u32>(slots_.size()); }
    usize size() const { return size_; }
    bool is_empty() const { return size_ == 0; }
    /// Whether no slot is free. The last page may still have room.
    bool is_full() const { return used_ == slots_.size(); }
    u32 free_pages() const { return static_cast<u32>(slots_.size()) - used_; }
    /// The largest remainder of a write that fits behind the last bytes.
    usize merge_room() const;

    /// Moves the remainder of `from` behind the last bytes, if it fits. A write calls this first, and once.
    /// Errors: Efault.
    Result<usize> append_merging(vm::InBuffer& from);
    /// Moves the rest of `from` onto new pages, as far as there are free slots.
    /// Errors, when nothing was moved: Efault, Enomem.
    Result<usize> append_pages(vm::InBuffer& from) {
        Result<usize> moved = 0UZ;
        [[clang::always_inline]] moved = append_pages(from, Kind::Bytes);
        return moved;
    }
    /// O_DIRECT: like append_pages, but each page is a packet. A longer write becomes several packets.
    Result<usize> append_packets(vm::InBuffer& from) { return append_pages(from, Kind::Packet); }
    /// Moves as many bytes out as fit, or one packet, whose excess is lost. Errors: Efault (nothing was
    /// moved).
    Result<usize> take(vm::OutBuffer& to);

    // ---- Pages that other owners may refer to (splice(2), tee(2), vmsplice(2)).

    /// Appends a page of another owner. The buffer must not be full.
    void append_piece(fs::PagePiece piece);
    /// The first page's bytes. The buffer must not be empty.
    fs::PagePiece front() const;
    /// Removes `count` bytes from the first page, which must have that many.
    void consume(usize count);
    /// Moves pages with up to `count` bytes to the end of `to`, as far as it has free slots. Returns the
    /// number of bytes.
    usize move_to(PipeBuffer& to, usize count);
    /// Like move_to, but `to` gets references to the same pages, and this buffer keeps them.
    usize share_with(PipeBuffer& to, usize count);

  private:
    Result<usize> append_pages(vm::InBuffer& from, Kind kind);
    static usize share_slot(Slot& from, PipeBuffer& to, usize most);
    const Slot& slot(u32 position) const { return slots_.data()[position & (slots_.size() - 1)]; }
    Slot& slot(u32 position) { return slots_.data()[position & (slots_.size() - 1)]; }
    Result<Slot*> new_slot();
    void drop_first();

    Vector<Slot> slots_;  ///< A ring; its size is a power of two.
    u32 head_ = 0;        ///< The first used slot.
    u32 used_ = 0;
    usize size_ = 0;
    memory::FrameRef spare_;
};

}  // namespace exo::ipc
