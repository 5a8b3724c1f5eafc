#include "posix_x/files/transfer.hpp"

#include <algorithm>
#include <memory>

#include "ipc/socket/socket.hpp"
#include "scheduler/preemption.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

/// The source of a transfer. It passes on a page of the file itself if the file has one, and else copies
/// through a page of kernel memory. So any source and any target can be combined.
class FileSource {
  public:
    FileSource(fs::File& file, u64 offset, SourceBlocking blocking)
        : file_(file),
          offset_(offset),
          may_wait_(blocking == SourceBlocking::AsFile) {
        // A file that cannot be mapped has no pages to pass on.
        if (auto pages = file_.page_source()) pages_ = std::move(*pages);
        const auto socket = ipc::as_socket(file_);
        if (!socket) return;
        ((*socket)->type() == abi::SocketType::Stream ? stream_ : packets_) = *socket;
    }
    u64 offset() const { return offset_; }
    /// Whether it can be asked again: others may let who asks once more wait, or give part of what is a message of its own.
    bool can_go_on() const {
        return file_.has_positions() || stream_ != nullptr || packet_taken_ < packet_size_;
    }
    /// Who wants no bytes of it waits until there are some. LINUX: unix_stream_read_generic.
    bool waits_for_nothing() const { return stream_ != nullptr; }
    /// Takes a packet, of which `next` gives one page after the other. Does nothing for what has none. What `most` bytes do not hold is lost.
    /// Errors: those of read.
    Result<> take_packet(u64 most) {
        if (packets_ == nullptr || most <= PAGE_SIZE) return {};
        packet_.reset(new (std::nothrow) u8[most]);
        if (!packet_) return Error::Enomem;
        vm::OutBuffer out = vm::OutBuffer::from_kernel({packet_.get(), most});
        packet_size_ = TRY(read_into(out));
        return {};
    }
    void advance(usize count) {
        if (file_.has_moving_position()) offset_ += count;
    }
    /// Up to `count` bytes from the offset on, within a page; none at the end.
    Result<fs::PagePiece> next(u64 count) {
        const auto at = static_cast<u32>(offset_ % PAGE_SIZE);
        count = std::min<u64>(count, PAGE_SIZE - at);
        const u64 size = file_.inode().size();
        memory::FrameRef page =
            pages_ && offset_ < size ? pages_->peek_page(offset_ >> PAGE_SHIFT) : memory::FrameRef();
        if (!page) return read(static_cast<usize>(count));
        // LINUX: filemap_splice_read: once a call.
        if (!std::exchange(was_read_, true)) file_.note_read();
        return fs::PagePiece{std::move(page), at, at + static_cast<u32>(std::min(count, size - offset_))};
    }

  private:
    Result<fs::PagePiece> read(usize count) {
        memory::FrameRef page = TRY(memory::FrameRef::allocate());
        vm::OutBuffer out = vm::OutBuffer::from_kernel(page.bytes().first(count));
        const usize got = packet_ ? TRY(take_of_packet(out)) : TRY(read_into(out));
        return fs::PagePiece{std::move(page), 0, static_cast<u32>(got)};
    }
    Result<usize> take_of_packet(vm::OutBuffer& out) {
        const usize count = TRY(out.write({packet_.get() + packet_taken_, packet_size_ - packet_taken_}));
        packet_taken_ += count;
        return count;
    }
    Result<usize> read_into(vm::OutBuffer& out) {
        if (file_.has_positions()) return file_.read_at(out, offset_);
        const bool may_wait = std::exchange(may_wait_, false);
        if (stream_ == nullptr) return file_.do_read(out, offset_);
        // LINUX: unix_stream_splice_read is the only function that asks whether this call may wait. It receives even
        // where no bytes are wanted, which read(2) does not.
        ipc::Message message;
        if (!may_wait) message.flags = abi::MessageFlags::DontWait;
        return stream_->receive(out, message);
    }

    fs::File& file_;
    u64 offset_;
    Ref<vm::PageSource> pages_;
    ipc::Socket* stream_ = nullptr;   ///< The file, if it is one.
    ipc::Socket* packets_ = nullptr;  ///< The file, if it is a socket of packets.
    std::unique_ptr<u8[]> packet_;    ///< Of more than a page: take_packet.
    usize packet_size_ = 0;
    usize packet_taken_ = 0;
    bool may_wait_;          ///< Only the first read waits.
    bool was_read_ = false;  ///< A page was taken, and the file's time of access is that of this call.
};

Result<usize> take_page(fs::Splice& to, fs::PagePiece piece) {
    const usize size = piece.size();
    TRY(to.take_page(std::move(piece)));
    return size;
}

/// Writes at the offset, which advances, or if it is null at the file's position.
Result<usize> write_piece(fs::File& to, u64* at, const fs::PagePiece& piece,
                          const fs::WriteContext& context) {
    vm::InBuffer in = vm::InBuffer::from_kernel(piece.bytes());
    if (at == nullptr) return to.write(in, context);
    const usize count = TRY(to.write_at(in, *at, context));
    *at += count;
    return count;
}

/// Moves up to `count` bytes, until the source ends, the target takes no more, or a pipe is full.
Result<usize> transfer(FileSource& from, fs::File& to, u64* at, u64 count) {
    const fs::WriteContext context = write_context(current_task());
    fs::Splice* const splice = to.splice();
    usize moved = 0;
    const auto ended = [&](Error error) { return moved != 0 ? Result<usize>(moved) : Result<usize>(error); };
    ScopeExit tell_readers{[&] {
        if (splice != nullptr && moved != 0) splice->tell_readers();
    }};
    if (splice != nullptr) {
        if (count == 0 && from.waits_for_nothing()) TRY(from.next(0));
        TRY(from.take_packet(std::min(count, u64{splice->free_pages()} * PAGE_SIZE)));
    }
    while (moved < count) {
        if (moved != 0 && splice != nullptr && !splice->wait_for_room(fs::File::Blocking::No)) break;
        auto piece = from.next(count - moved);
        if (!piece) return ended(piece.error());
        const u32 size = piece->size();
        if (size == 0) break;
        if (to.splice_policy() == fs::SplicePolicy::Refused) return Error::Einval;
        const Result<usize> put =
            splice != nullptr ? take_page(*splice, std::move(*piece)) : write_piece(to, at, *piece, context);
        if (!put) return ended(put.error());
        moved += *put;
        from.advance(*put);
        if (*put < size || !from.can_go_on()) break;
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return moved;
}

/// Limits the size by the largest file sizes of both. LINUX: s_maxbytes. Errors: Eoverflow (the range begins
/// behind the limit).
Result<u64> limited(u64 size, u64 start, const fs::File& in, const fs::File& out) {
    const u64 end =
        std::min(in.inode().file_system().max_file_size(), out.inode().file_system().max_file_size());
    if (start + size <= end) return size;
    if (start >= end) return Error::Eoverflow;
    return end - start;
}

/// Checks whether two files can be combined. A pipe accepts bytes of any file that gives pages. Other targets
/// only accept bytes of files with a position, and need a position that may move.
Result<> check_pair(fs::File& in, fs::File& out) {
    if (fs::Splice* const splice = out.splice()) return splice->wait_for_room(fs::File::Blocking::Yes);
    if (has(out.flags(), abi::OpenFlags::Append)) return Error::Einval;
    if (in.seek_policy() == fs::SeekPolicy::None) return Error::Einval;
    return {};
}

}  // namespace

bool gives_pages(const fs::File& file) {
    const u32 mode = file.inode().mode();
    return file.splice_policy() == fs::SplicePolicy::GivesAndTakes && !abi::is_directory(mode) &&
           !abi::is_fifo(mode);
}

Result<usize> send_pages(fs::File& in, u64& offset, fs::File& out, u64* out_offset, u64 count,
                         SourceBlocking blocking) {
    FileSource source(in, offset, blocking);
    const Result<usize> moved = transfer(source, out, out_offset, count);
    offset = source.offset();
    return moved;
}

// LINUX: the order of do_sendfile's checks. The bytes go through pages of the kernel (splice), which not
// every file supports.
Result<usize> send_file(Descriptor out_fd, Descriptor in_fd, std::optional<i64>& place, u64 size) {
    const FileUse in = TRY(use_file(in_fd, Rights::Read));
    if (place && !in->has_positions()) return Error::Espipe;
    const i64 start = place ? *place : static_cast<i64>(in->position());
    if (static_cast<i64>(size) < 0 || start < 0 || !checked_add(start, static_cast<i64>(size)))
        return Error::Einval;
    const FileUse out = TRY(use_file(out_fd, Rights::Write));
    const u64 count = TRY(limited(std::min<u64>(size, MAX_TRANSFER), static_cast<u64>(start), *in, *out));
    if (const Result<> fits = check_pair(*in, *out); !fits) {
        raise_write_signal(fits.error());
        return fits.error();
    }
    if (out->splice() == nullptr) {
        in->note_read();  // LINUX: whether it gives anything or not (splice_direct_to_actor)
        if (count == 0) return 0uz;
    }
    if (!gives_pages(*in)) return Error::Einval;
    // LINUX: a regular file counts as read even then (shmem_file_read_iter).
    if (count == 0 && in->inode().is_regular()) in->note_read();
    auto offset = static_cast<u64>(start);
    // LINUX: a pipe that may not wait makes it a splice with SPLICE_F_NONBLOCK.
    const bool is_at_once = out->splice() != nullptr && out->is_nonblocking();
    const auto waits = is_at_once ? SourceBlocking::StreamsNever : SourceBlocking::AsFile;
    const usize moved = TRY(raise_write_signals(send_pages(*in, offset, *out, nullptr, count, waits)));
    if (place)
        place = static_cast<i64>(offset);
    else
        in->set_position(offset);
    return moved;
}

}  // namespace exo::posix_x
