#include "posix_x/fast_path/fast_path.hpp"

#include "ipc/epoll/epoll.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

FastAnswer fast_lseek(Seekable fd, FileOffset offset, abi::SeekWhence whence) {
    const security::BorrowedUse use(*current_task().files(), static_cast<u32>(fd.value), Rights::Seek);
    if (!use || use.object().object_kind() != ObjectKind::File) return DECLINED;
    return static_cast<fs::File&>(use.object()).seek_at_once(offset, whence);
}

/// epoll_wait for one event, if only one file may be ready.
FastAnswer fast_epoll_wait(Descriptor fd, OutArray<abi::epoll_event, 2> events, SignedCount most,
                           Milliseconds) {
    constexpr i32 MOST = INT32_MAX / static_cast<i32>(sizeof(abi::epoll_event));
    if (most <= 0 || most > MOST) return DECLINED;
    // Linux refuses an array that reaches beyond the program's half, however little is written.
    if (!memory::is_user_range(events.address, static_cast<u64>(most.value) * sizeof(abi::epoll_event)))
        return DECLINED;
    const security::BorrowedUse use(*current_task().files(), static_cast<u32>(fd.value), Rights::Poll);
    if (!use || use.object().object_kind() != ObjectKind::File) return DECLINED;
    ipc::Epoll* epoll = ipc::Epoll::of(static_cast<fs::File&>(use.object()));
    if (epoll == nullptr) return DECLINED;
    const auto write = [&](const abi::epoll_event& event) { return fast_write(events.address, event); };
    if (!epoll->wait_at_once(write)) return DECLINED;
    return 1;
}

}  // namespace exo::posix_x
