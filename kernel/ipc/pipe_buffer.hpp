// PipeBuffer: a queue of bytes in pages, with Linux's rule for what shares a page: a write whose odd part (its size
// modulo 4096) fits behind the last bytes puts that part there, everything else starts on a page of its own. So a
// write of at most 4096 bytes never lies in two pages, and is stored whole or not at all.
// A copy that faults inside a page leaves that page as it was: it is neither stored nor taken in part (Linux: pipe_write,
// pipe_read).
// Pages come when needed; one is kept when the buffer runs empty, so that a ping-pong allocates nothing.
// Not locked: Pipe does that.
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
        bool may_merge = false;  ///< A write may put its odd part behind the end.
        bool is_own = false;     ///< Nobody else refers to the frame.
    };

  public:
    /// Room for `pages` pages, a power of two. Once. Errors: Enomem.
    Result<> reserve(u32 pages);
    /// F_SETPIPE_SZ. Errors: Ebusy (more pages are in use), Enomem.
    Result<> resize(u32 pages);
    void clear();

    u32 capacity_pages() const { return static_cast<u32>(slots_.size()); }
    usize size() const { return size_; }
    bool is_empty() const { return size_ == 0; }
    /// No page is free; the last one may have room still.
    bool is_full() const { return used_ == slots_.size(); }
    u32 free_pages() const { return static_cast<u32>(slots_.size()) - used_; }
    /// How long the odd part of a write may be to fit behind the last bytes.
    usize merge_room() const;

    /// Moves the odd part of `from` behind the last bytes, if it fits. First, and once for a write.
    /// Errors: Efault.
    Result<usize> append_merging(vm::InBuffer& from);
    /// Moves what is left onto pages of its own, as far as there are free ones.
    /// Errors: Efault, Enomem: nothing was moved.
    Result<usize> append_pages(vm::InBuffer& from) { return append_pages(from, Kind::Bytes); }
    /// O_DIRECT: what does not fit into a page becomes several packets. Otherwise like append_pages.
    Result<usize> append_packets(vm::InBuffer& from) { return append_pages(from, Kind::Packet); }
    /// Moves up to everything out, or a packet, of which what does not fit is lost. Errors: Efault, nothing moved.
    Result<usize> take(vm::OutBuffer& to);

    // ---- Pages that others may refer to (splice(2), tee(2), vmsplice(2)).

    /// Puts a page of somebody else's last. The buffer must not be full.
    void append_piece(fs::PagePiece piece);
    /// What lies in the first page. The buffer must not be empty.
    fs::PagePiece front() const;
    /// Takes that many bytes out of the first page, which has them.
    void consume(usize count);
    /// Moves pages with up to `count` bytes behind those of `to`, as far as it has free ones. Returns the number of bytes.
    usize move_to(PipeBuffer& to, usize count);
    /// Lets `to` refer to them too, and keeps them.
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
