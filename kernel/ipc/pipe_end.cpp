#include "ipc/pipe_end.hpp"

#include "fs/file/anonymous.hpp"
#include "fs/file/device.hpp"
#include "ipc/epoll/epoll.hpp"
#include "ipc/socket/socket.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "utils/format.hpp"

namespace exo::ipc {

using abi::OpenFlags;
using fs::OpenRequest;

namespace {

struct State {
    Ref<fs::FileSystem> file_system;
};
[[clang::no_destroy]] constinit State state;

PipeEnds ends_from_flags(OpenFlags flags) {
    const OpenFlags access = flags & OpenFlags::Accmode;
    return {.reads = access != OpenFlags::Wronly, .writes = access != OpenFlags::Rdonly};
}

/// The pipe of a fifo, made at the first open.
Result<Ref<Pipe>> pipe_of(fs::Inode& inode, const fs::Credentials& credentials) {
    auto content = inode.content_lock.lock();
    if (!content->shared_state) {
        auto pipe = Pipe::create(credentials);
        // LINUX: fifo_open
        if (!pipe) return Error::Enomem;
        content->shared_state = std::move(*pipe);
    }
    return static_ref_cast<Pipe>(content->shared_state);
}

/// fifo(7), open(2). Errors: Enxio (no reader, O_NONBLOCK), RestartSys, Enomem.
Result<Ref<fs::File>> open_fifo(OpenRequest&& request) {
    const OpenFlags flags = request.flags;
    if ((flags & OpenFlags::Accmode) == OpenFlags::Accmode) return Error::Einval;
    const PipeEnds ends = ends_from_flags(flags);
    Ref<Pipe> pipe = TRY(pipe_of(request.path.inode(), request.credentials));
    // A pipe without a name, opened through /proc/PID/fd, does not wait for the other end.
    const bool is_named = &request.path.inode().file_system() != state.file_system.get();
    const bool waits = is_named && !has(flags, OpenFlags::Nonblock);
    if (is_named && !waits && !ends.reads && !pipe->has_readers()) return Error::Enxio;

    const bool lacks_writers = is_named && !waits && ends.reads && !pipe->has_writers();
    const u32 partners_before = pipe->add(ends);
    // From here on the file drops the ends, also when the open fails.
    const u32 writers_at_open = lacks_writers && !ends.writes ? pipe->writer_generation() : ~0U;
    auto file = make_ref<PipeEnd>(pipe, ends, std::move(request), writers_at_open);
    if (!file) {
        pipe->drop(ends);
        return fail(file.error());
    }
    if (waits) TRY(pipe->wait_for_partner(ends, partners_before));
    return file;
}

}  // namespace

Result<usize> PipeEnd::do_read(vm::OutBuffer& to, u64) {
    if (!ends_.reads) return Error::Ebadf;
    const usize count = TRY(pipe_->read(to, blocking()));
    if (count != 0) note_read();
    return count;
}

Result<usize> PipeEnd::do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) {
    if (!ends_.writes) return Error::Ebadf;
    Result<usize> count = 0UZ;
    [[clang::always_inline]] count = pipe_->write(from, blocking(), style());
    if (count && *count != 0) inode().note_modified();
    return count;
}

Result<> PipeEnd::take_page(fs::PagePiece piece) {
    if (!ends_.writes) return Error::Ebadf;
    return pipe_->take_page(std::move(piece));
}

Result<u64> PipeEnd::fcntl(fs::FileCommand command, const fs::Credentials& credentials) {
    switch (command.as<abi::FcntlCommand>()) {
        case abi::FcntlCommand::Getpipesz: return u64{pipe_->capacity()};
        case abi::FcntlCommand::Setpipesz: {
            const u32 capacity = TRY(pipe_->set_capacity(command.argument, credentials));
            return u64{capacity};
        }
        default: return Error::Ebadf;
    }
}

Result<> PipeEnd::append_description(String& out) {
    return format_append(out, "pipe:[{}]", inode().number());
}

Result<PipePair> create_pipe(OpenFlags flags, const fs::Credentials& credentials) {
    TRY(fs::check_open_file_count(credentials));
    const OpenFlags status = flags & OpenFlags::Nonblock;
    const fs::NewNode node{.mode = abi::mode::FIFO | 0600, .uid = credentials.uid, .gid = credentials.gid};
    Ref<fs::Inode> inode = TRY(make_ref<fs::AnonymousInode>(state.file_system, node));
    Ref<Pipe> pipe = TRY(Pipe::create(credentials));
    // For later opens through /proc/PID/fd. No other thread knows the inode yet.
    inode->content_lock.unsafe_value().shared_state = pipe;

    const auto make_end = [&](PipeEnds ends, OpenFlags access) -> Result<Ref<fs::File>> {
        pipe->add(ends);
        auto end = make_ref<PipeEnd>(pipe, ends, inode, access | status);
        if (!end) pipe->drop(ends);
        return end;
    };
    PipePair pair;
    pair.reader = TRY(make_end({.reads = true}, OpenFlags::Rdonly));
    pair.writer = TRY(make_end({.writes = true}, OpenFlags::Wronly | (flags & OpenFlags::Direct)));
    return pair;
}

Result<> init() {
    state.file_system = TRY(make_ref<fs::AnonymousFileSystem>("pipefs", abi::magic::PIPEFS));
    fs::set_fifo_opener(open_fifo);
    start_epoll(memory::get_stats().total_frames * PAGE_SIZE);
    return init_sockets();
}

}  // namespace exo::ipc
