#include "posix_x/files/transfer.hpp"

#include <algorithm>

#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using fs::FileTraits;

/// From a page of the file itself if it has one there, else through a page of kernel memory, so that any source and any
/// target will do.
class FileSource {
  public:
    FileSource(fs::File& file, u64 offset) : file_(file), offset_(offset) {
        // What cannot be mapped has no pages to show.
        if (auto pages = file_.page_source()) pages_ = std::move(*pages);
    }
    u64 offset() const { return offset_; }
    void advance(usize count) {
        if (file_.has_moving_position()) offset_ += count;
    }
    /// Up to `count` bytes from the offset on, within a page; none at the end. Valid until the next call.
    Result<std::span<const u8>> next(u64 count) {
        const usize at = offset_ % PAGE_SIZE;
        count = std::min<u64>(count, PAGE_SIZE - at);
        const u64 size = file_.inode().size();
        page_ = pages_ && offset_ < size ? pages_->peek_page(offset_ >> PAGE_SHIFT) : memory::FrameRef();
        if (!page_) return read(static_cast<usize>(count));
        file_.note_read();
        return std::span<const u8>{page_.data() + at, static_cast<usize>(std::min(count, size - offset_))};
    }

  private:
    Result<std::span<const u8>> read(usize count) {
        if (!scratch_) scratch_ = TRY(memory::FrameRef::allocate());
        vm::OutBuffer out = vm::OutBuffer::from_kernel(scratch_.bytes().first(count));
        const usize got = TRY(file_.read_at(out, offset_));
        return std::span<const u8>{scratch_.bytes().first(got)};
    }

    fs::File& file_;
    u64 offset_;
    Ref<vm::PageSource> pages_;
    memory::FrameRef page_;
    memory::FrameRef scratch_;
};

/// Moves up to `count` bytes; until the source ends, the target takes no more, or a pipe is full.
Result<usize> transfer(FileSource& from, fs::File& to, u64 count) {
    fs::WriteContext context = write_context(current_task());
    context.is_splice = true;
    const bool is_pipe = abi::is_fifo(to.inode().mode());
    usize moved = 0;
    const auto ended = [&](Error error) { return moved != 0 ? Result<usize>(moved) : Result<usize>(error); };
    while (moved < count) {
        if (moved != 0 && is_pipe && !to.wait_for_pipe_room(fs::File::Blocking::No)) break;
        const auto piece = from.next(count - moved);
        if (!piece) return ended(piece.error());
        if (piece->empty()) break;
        if (to.has_trait(FileTraits::TakesNoPages)) return Error::Einval;
        vm::InBuffer in = vm::InBuffer::from_kernel(*piece);
        const Result<usize> put = to.write(in, context);
        if (!put) return ended(put.error());
        moved += *put;
        from.advance(*put);
        if (*put < piece->size()) break;
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return moved;
}

/// LINUX: s_maxbytes of both. Errors: Eoverflow (the range begins behind it).
Result<u64> limited(u64 size, u64 start, const fs::File& in, const fs::File& out) {
    const u64 end =
        std::min(in.inode().file_system().max_file_size(), out.inode().file_system().max_file_size());
    if (start + size <= end) return size;
    if (start >= end) return Error::Eoverflow;
    return end - start;
}

/// What a pipe takes, it takes from any file that gives pages; other targets only from what has a position, and their own
/// must be free to move.
Result<> check_pair(fs::File& in, fs::File& out) {
    if (abi::is_fifo(out.inode().mode())) return out.wait_for_pipe_room(fs::File::Blocking::Yes);
    if (has(out.flags(), abi::OpenFlags::Append)) return Error::Einval;
    if (!in.has_trait(FileTraits::Seekable) && !in.has_trait(FileTraits::NoopSeek)) return Error::Einval;
    return {};
}

bool gives_pages(const fs::File& file) {
    const u32 mode = file.inode().mode();
    return !file.has_trait(FileTraits::GivesNoPages) && !abi::is_directory(mode) && !abi::is_fifo(mode);
}

}  // namespace

// LINUX: the order of do_sendfile's checks; bytes go through pages of the kernel (splice), which not every file can give or
// take.
Result<usize> send_file(Descriptor out_fd, Descriptor in_fd, std::optional<i64>& place, u64 size) {
    const FileUse in = TRY(use_file(in_fd, Rights::Read));
    if (place && !in->has_trait(FileTraits::Seekable)) return Error::Espipe;
    const i64 start = place ? *place : static_cast<i64>(in->position());
    if (static_cast<i64>(size) < 0 || start < 0 || !checked_add(start, static_cast<i64>(size)))
        return Error::Einval;
    const FileUse out = TRY(use_file(out_fd, Rights::Write));
    const u64 count = TRY(limited(std::min<u64>(size, MAX_TRANSFER), static_cast<u64>(start), *in, *out));
    if (const Result<> fits = check_pair(*in, *out); !fits) {
        raise_write_signal(fits.error());
        return fits.error();
    }
    if (!abi::is_fifo(out->inode().mode())) {
        in->note_read();  // LINUX: whether it gives anything or not (splice_direct_to_actor)
        if (count == 0) return 0uz;
    }
    if (!gives_pages(*in)) return Error::Einval;
    // LINUX: a regular file counts as read even then (shmem_file_read_iter).
    if (count == 0 && in->inode().is_regular()) in->note_read();
    FileSource source(*in, static_cast<u64>(start));
    const usize moved = TRY(raise_write_signals(transfer(source, *out, count)));
    if (place)
        place = static_cast<i64>(source.offset());
    else
        in->set_position(source.offset());
    return moved;
}

}  // namespace exo::posix_x
