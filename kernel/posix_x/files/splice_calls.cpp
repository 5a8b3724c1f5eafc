#include "posix_x/files/splice_calls.hpp"

#include <algorithm>

#include "ipc/pipe_end.hpp"
#include "posix_x/files/transfer.hpp"
#include "scheduler/preemption.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

using abi::SpliceFlags;
using ipc::PipeEnd;
using Blocking = scheduler::Blocking;

/// A right that every descriptor has except those of O_PATH. The right to the bytes is checked later, in
/// Linux's order.
constexpr Rights ANY_OPEN_FILE = Rights::Seek;

Blocking blocking(SpliceFlags flags, const fs::File& file) {
    return has(flags, SpliceFlags::Nonblock) ? Blocking::No : file.blocking();
}
Blocking blocking(SpliceFlags flags, const fs::File& in, const fs::File& out) {
    return in.is_nonblocking() ? Blocking::No : blocking(flags, out);
}

/// Checks both descriptors. Errors: Ebadf.
Result<> check_rights(Descriptor in, Descriptor out) {
    TRY(use_file(in, Rights::Read));
    TRY(use_file(out, Rights::Write));
    return {};
}

/// Checks a range. LINUX: rw_verify_area. Errors: Einval.
Result<> check_range(i64 offset, u64 size) {
    if (static_cast<i64>(size) < 0 || offset < 0) return Error::Einval;
    return checked_add(offset, static_cast<i64>(size)) ? Result<>{} : Error::Einval;
}

/// The source or target of a call: it begins at an offset that the program passed, or at the file's position.
class Side {
  public:
    explicit Side(OffsetInMemory memory) : memory_(memory) {}
    /// Errors: Efault.
    Result<> read() {
        if (is_given()) offset_ = TRY(memory_.read());
        return {};
    }
    bool is_given() const { return !memory_.is_null(); }
    /// Errors: Einval (an offset into what has none).
    Result<i64> start(const fs::File& file) const {
        if (is_given() && !file.has_positions()) return Error::Einval;
        return is_given() ? offset_ : static_cast<i64>(file.position());
    }
    void move_to(fs::File& file, u64 offset) {
        if (is_given())
            offset_ = static_cast<i64>(offset);
        else if (file.has_moving_position())
            file.set_position(offset);
    }
    /// Errors: Efault.
    Result<> write() { return is_given() ? memory_.write(offset_) : Result<>{}; }

  private:
    OffsetInMemory memory_;
    i64 offset_ = 0;
};

/// Writes the pipe's bytes to the file until the pipe is empty. 0: no writer is left.
/// Errors, when nothing was moved: Eagain, RestartSys, and those of write.
Result<usize> drain(ipc::Pipe& pipe, fs::File& out, u64* at, u64 count, Blocking blocking) {
    const fs::WriteContext context = write_context(current_task());
    usize moved = 0;
    const auto ended = [&](Error error) { return moved != 0 ? Result<usize>(moved) : Result<usize>(error); };
    while (moved < count) {
        auto loan = pipe.lend(moved == 0 ? blocking : Blocking::No);
        if (!loan) return ended(loan.error());
        if (!*loan) break;
        const std::span<const u8> there = (*loan)->bytes();
        const usize wanted = std::min<u64>(there.size(), count - moved);
        vm::InBuffer in = vm::InBuffer::from_kernel(there.first(wanted));
        const Result<usize> put = at != nullptr ? out.write_at(in, *at, context) : out.write(in, context);
        if (!put) return ended(put.error());
        (*loan)->use(*put);
        moved += *put;
        if (at != nullptr && out.has_moving_position()) *at += *put;
        if (*put < wanted) break;
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) break;
    }
    return moved;
}

Result<usize> splice_to_file(PipeEnd& in, fs::File& out, Side& side, u64 size, SpliceFlags flags) {
    const i64 start = TRY(side.start(out));
    if (has(out.flags(), abi::OpenFlags::Append)) return Error::Einval;
    TRY(check_range(start, size));
    if (out.splice_policy() == fs::SplicePolicy::Refused) return Error::Einval;
    auto offset = static_cast<u64>(start);
    u64* const at = out.has_positions() ? &offset : nullptr;
    const usize moved = TRY(drain(in.pipe(), out, at, std::min(size, MAX_TRANSFER), blocking(flags, in)));
    side.move_to(out, offset);
    return moved;
}

Result<usize> splice_from_file(fs::File& in, PipeEnd& out, Side& side, u64 size, SpliceFlags flags) {
    const i64 start = TRY(side.start(in));
    TRY(out.pipe().wait_for_room(blocking(flags, out)));
    TRY(check_range(start, std::min(size, u64{out.pipe().capacity()})));
    if (!gives_pages(in)) return Error::Einval;
    auto offset = static_cast<u64>(start);
    const auto waits =
        has(flags, SpliceFlags::Nonblock) ? SourceBlocking::StreamsNever : SourceBlocking::AsFile;
    const usize moved = TRY(send_pages(in, offset, out, nullptr, std::min(size, MAX_TRANSFER), waits));
    side.move_to(in, offset);
    return moved;
}

Result<usize> splice(Descriptor in_fd, Side& in_side, Descriptor out_fd, Side& out_side, u64 size,
                     SpliceFlags flags) {
    const FileUse in = TRY(use_file(in_fd, ANY_OPEN_FILE));
    const FileUse out = TRY(use_file(out_fd, ANY_OPEN_FILE));
    PipeEnd* const from = PipeEnd::of(*in);
    PipeEnd* const to = PipeEnd::of(*out);
    if (from != nullptr && in_side.is_given()) return Error::Espipe;
    if (to != nullptr && out_side.is_given()) return Error::Espipe;
    TRY(out_side.read());
    TRY(in_side.read());
    TRY(check_rights(in_fd, out_fd));
    if (from != nullptr && to != nullptr) {
        if (&from->pipe() == &to->pipe()) return Error::Einval;
        return ipc::Pipe::give(from->pipe(), to->pipe(), size, blocking(flags, *in, *out),
                               ipc::Pipe::Give::Move);
    }
    if (from != nullptr) return splice_to_file(*from, *out, out_side, size, flags);
    if (to != nullptr) return splice_from_file(*in, *to, in_side, size, flags);
    return Error::Einval;
}

}  // namespace

Answer<Size> sys_splice(Context&, Readable in_fd, OffsetInMemory in_offset, Writable out_fd,
                        OffsetInMemory out_offset, Size size, KnownSpliceFlags given) {
    if (size == 0) return 0uz;
    const SpliceFlags flags = TRY(given.checked());
    Side in_side(in_offset);
    Side out_side(out_offset);
    const usize moved = TRY(raise_write_signals(splice(in_fd, in_side, out_fd, out_side, size, flags)));
    TRY(out_side.write());
    TRY(in_side.write());
    return moved;
}

Answer<Size> sys_tee(Context&, Readable in_fd, Writable out_fd, Size size, KnownSpliceFlags given) {
    const SpliceFlags flags = TRY(given.checked());
    if (size == 0) return 0uz;
    const FileUse in = TRY(use_file(in_fd, ANY_OPEN_FILE));
    const FileUse out = TRY(use_file(out_fd, ANY_OPEN_FILE));
    TRY(check_rights(in_fd, out_fd));
    PipeEnd* const from = PipeEnd::of(*in);
    PipeEnd* const to = PipeEnd::of(*out);
    if (from == nullptr || to == nullptr || &from->pipe() == &to->pipe()) return Error::Einval;
    return raise_write_signals(
        ipc::Pipe::give(from->pipe(), to->pipe(), size, blocking(flags, *in, *out), ipc::Pipe::Give::Copy));
}

// ---- vmsplice

namespace {

/// vmsplice into a pipe: appends references to the program's own pages. If the program changes them later,
/// readers of the pipe see the changes.
/// Errors: Ebadf (not a pipe), Epipe, Eagain, Efault, RestartSys, Enomem.
Result<usize> give_memory(fs::File& out, std::span<const vm::UserSegment> segments, SpliceFlags flags) {
    PipeEnd* const to = PipeEnd::of(out);
    if (to == nullptr) return Error::Ebadf;
    ipc::Pipe& pipe = to->pipe();
    TRY(pipe.wait_for_room(has(flags, SpliceFlags::Nonblock) ? Blocking::No : Blocking::Yes));
    vm::AddressSpace& space = current_task().space();
    usize done = 0;
    const auto ended = [&](Error error) { return done != 0 ? Result<usize>(done) : Result<usize>(error); };
    ScopeExit tell_readers{[&] {
        if (done != 0) pipe.tell_readers();
    }};
    for (const vm::UserSegment& segment : segments) {
        for (usize offset = 0; offset < segment.size;) {
            const u64 address = segment.address + offset;
            const auto begin = static_cast<u32>(address % PAGE_SIZE);
            const auto size = static_cast<u32>(std::min<u64>(PAGE_SIZE - begin, segment.size - offset));
            auto page = space.pin_page(address, {});
            if (!page) return ended(page.error());
            if (const Result<> taken = pipe.take_page({std::move(*page), begin, begin + size}); !taken)
                return ended(taken.error());
            offset += size;
            done += size;
            if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) return done;
        }
    }
    return done;
}

/// vmsplice from a pipe: copies its bytes to the program. Errors: Ebadf (not a pipe), Eagain, Efault,
/// RestartSys.
Result<usize> take_memory(fs::File& in, std::span<const vm::UserSegment> segments, SpliceFlags flags) {
    PipeEnd* const from = PipeEnd::of(in);
    if (from == nullptr) return Error::Ebadf;
    vm::OutBuffer out = vm::OutBuffer::from_segments(segments);
    return from->pipe().read(out, has(flags, SpliceFlags::Nonblock) ? Blocking::No : Blocking::Yes);
}

}  // namespace

Answer<Size> sys_vmsplice(Context&, Descriptor fd, InVectors<2> vectors, Count count,
                          KnownSpliceFlags given) {
    const SpliceFlags flags = TRY(given.checked());
    const FileUse file = TRY(use_file(fd, ANY_OPEN_FILE));
    const bool writes = TRY(can_use(fd, Rights::Write));
    if (!writes) TRY(use_file(fd, Rights::Read));
    [[clang::uninitialized]] vm::UserVector segments;
    const auto number = static_cast<u32>(u64{count});
    if (number != 0) TRY(segments.import(vectors.address, number));
    if (number == 0 || segments.total_size() == 0) return 0uz;
    return writes ? raise_write_signals(give_memory(*file, segments.span(), flags))
                  : take_memory(*file, segments.span(), flags);
}

// ---- copy_file_range

namespace {

/// Checks the files of copy_file_range. LINUX: generic_file_rw_checks. Errors: Eisdir, Einval, Ebadf.
Result<> check_copied(Descriptor in_fd, const fs::File& in, Descriptor out_fd, const fs::File& out) {
    if (in.inode().is_directory() || out.inode().is_directory()) return Error::Eisdir;
    if (!in.inode().is_regular() || !out.inode().is_regular()) return Error::Einval;
    TRY(check_rights(in_fd, out_fd));
    return has(out.flags(), abi::OpenFlags::Append) ? Error::Ebadf : Result<>{};
}

/// The number of bytes that can be copied. LINUX: generic_copy_file_checks. Errors: Exdev, Eoverflow, Efbig,
/// Einval (the ranges overlap).
Result<u64> limit_copy(const fs::File& in, i64 from, const fs::File& out, i64 to, u64 size) {
    fs::Inode& source = in.inode();
    fs::Inode& target = out.inode();
    if (&source.file_system() != &target.file_system()) return Error::Exdev;
    if (has(target.traits(), fs::InodeTraits::Immutable)) return Error::Eperm;
    const auto first = static_cast<u64>(from);
    const auto place = static_cast<u64>(to);
    if (!checked_add(first, size) || !checked_add(place, size)) return Error::Eoverflow;
    const u64 end = source.size();
    u64 count = first >= end ? 0 : std::min(size, end - first);
    const u64 most = std::min(target.file_system().max_file_size(),
                              u64{current_task().process->limit(Resource::FileSize)});
    if (count != 0 && place >= most) return Error::Efbig;
    count = std::min(count, most - std::min(most, place));
    if (&source == &target && place + count > first && place < first + count) return Error::Einval;
    return count;
}

}  // namespace

Answer<Size> sys_copy_file_range(Context&, Readable in_fd, OffsetInMemory in_offset, Writable out_fd,
                                 OffsetInMemory out_offset, Size size, Number<Kind::Zero, u32> flags) {
    const FileUse in = TRY(use_file(in_fd, ANY_OPEN_FILE));
    const FileUse out = TRY(use_file(out_fd, ANY_OPEN_FILE));
    Side in_side(in_offset);
    Side out_side(out_offset);
    TRY(in_side.read());
    TRY(out_side.read());
    if (flags != 0) return Error::Einval;
    TRY(check_copied(in_fd, *in, out_fd, *out));
    const i64 from = TRY(in_side.start(*in));
    const i64 to = TRY(out_side.start(*out));
    const u64 count = TRY(raise_write_signals(limit_copy(*in, from, *out, to, size)));
    TRY(check_range(from, count));
    TRY(check_range(to, count));
    if (count == 0) return 0uz;
    auto in_place = static_cast<u64>(from);
    auto out_place = static_cast<u64>(to);
    const usize moved =
        TRY(raise_write_signals(send_pages(*in, in_place, *out, &out_place, std::min(count, MAX_TRANSFER))));
    in_side.move_to(*in, in_place);
    out_side.move_to(*out, out_place);
    TRY(in_side.write());
    TRY(out_side.write());
    return moved;
}

}  // namespace exo::posix_x
