// PipeEnd: an open end of a pipe, or both ends of a fifo that is open for reading and writing.
#pragma once

#include "ipc/pipe.hpp"

namespace exo::ipc {

class PipeEnd final : public fs::File, private fs::Splice {
  public:
    /// The caller has added the ends to the pipe; the file's destructor drops them.
    PipeEnd(Ref<Pipe> pipe, PipeEnds ends, Ref<fs::Inode> inode, abi::OpenFlags flags)
        : File({}, std::move(inode), flags, {}),
          pipe_(std::move(pipe)),
          ends_(ends) {}
    PipeEnd(Ref<Pipe> pipe, PipeEnds ends, fs::OpenRequest&& request, u32 writers_at_open)
        : File(std::move(request), {}),
          pipe_(std::move(pipe)),
          ends_(ends),
          writers_at_open_(writers_at_open) {}
    ~PipeEnd() override { pipe_->drop(ends_); }

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    Result<u64> readable_bytes() override { return pipe_->size(); }
    /// Only the writing end reports the pipe's memory, so that it counts once.
    u64 held_bytes() const override { return ends_.writes ? pipe_->held_bytes() : 0; }
    fs::PollEvents poll(fs::PollTable* table) override { return pipe_->poll(table, ends_, writers_at_open_); }
    /// F_GETPIPE_SZ and F_SETPIPE_SZ. Errors: Ebadf (other commands), Einval, Eperm, Ebusy, Enomem.
    Result<u64> fcntl(fs::FileCommand command, const fs::Credentials& credentials) override;
    fs::Splice* splice() override { return this; }
    Result<> append_description(String& out) override;
    bool has_signals_for_input() const override { return true; }

    /// The PipeEnd behind a file, or null if the file is of another kind.
    static PipeEnd* of(fs::File& file) { return static_cast<PipeEnd*>(file.splice()); }
    Pipe& pipe() const { return *pipe_; }

  private:
    Result<> wait_for_room(Blocking wanted) override {
        return pipe_->wait_for_room(wanted == Blocking::No ? wanted : blocking());
    }
    u32 free_pages() const override { return pipe_->free_pages(); }
    Result<> take_page(fs::PagePiece piece) override;
    void tell_readers() override { pipe_->tell_readers(); }
    Pipe::Style style() const {
        return has(flags(), fs::OpenFlags::Direct) ? Pipe::Style::Packets : Pipe::Style::Bytes;
    }

    Ref<Pipe> pipe_;
    PipeEnds ends_;
    u32 writers_at_open_ = ~0U;  ///< For a fifo's reader that did not wait for a writer.
};

}  // namespace exo::ipc
