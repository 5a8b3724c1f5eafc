// epoll_create, epoll_ctl, epoll_wait and related calls. ipc/epoll/epoll.hpp explains epolls.
#include "posix_x/polling/epoll_calls.hpp"

#include <optional>

#include "ipc/epoll/epoll.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using abi::EpollEvents;
using abi::EpollOperation;
using ipc::Epoll;
using security::OnExec;

Result<u32> create(OnExec on_exec) {
    const fs::Credentials& credentials = current_task().credentials();
    TRY(fs::check_open_file_count(credentials));
    return install_file(TRY(Epoll::create(credentials)), on_exec);
}

/// The events that are allowed with EPOLLEXCLUSIVE. LINUX: EPOLLEXCLUSIVE_OK_BITS.
constexpr EpollEvents WITH_EXCLUSIVE = EpollEvents::In | EpollEvents::Out | EpollEvents::Err |
                                       EpollEvents::Hup | EpollEvents::Wakeup | EpollEvents::Et |
                                       EpollEvents::Exclusive;

/// Checks the use of EPOLLEXCLUSIVE. Errors: Einval.
Result<> check_exclusive(EpollOperation operation, EpollEvents events, fs::File& target) {
    if (!has(events, EpollEvents::Exclusive)) return {};
    if (operation == EpollOperation::Mod) return Error::Einval;
    if (operation != EpollOperation::Add) return {};
    return Epoll::of(target) != nullptr || has(events, ~WITH_EXCLUSIVE) ? Result<>(Error::Einval)
                                                                        : Result<>();
}

/// LINUX: the order of checks is that of do_epoll_wait.
Result<u64> wait(Descriptor fd, EpollEventsOut events, i32 most, time::Deadline deadline) {
    constexpr i32 MOST = INT32_MAX / static_cast<i32>(sizeof(abi::epoll_event));
    if (most <= 0 || most > MOST) return Error::Einval;
    const auto count = static_cast<usize>(most);
    if (!memory::is_user_range(events.address, count * sizeof(abi::epoll_event))) return Error::Efault;
    const FileUse file = TRY(use_file(fd, Rights::Poll));
    Epoll* epoll = Epoll::of(*file);
    if (epoll == nullptr) return Error::Einval;
    return epoll->wait(ipc::EpollOutput::to_user(events.address, count), deadline);
}

time::Deadline deadline_of(i32 milliseconds) {
    if (milliseconds < 0) return time::Deadline::never();
    if (milliseconds == 0) return {0};
    return time::Deadline::after(static_cast<u64>(milliseconds) * time::MILLISECOND);
}

Result<u64> wait_with_mask(Descriptor fd, EpollEventsOut events, i32 most, time::Deadline deadline,
                           OrNull<vm::UserIn<SignalMask>> mask, u64 mask_size) {
    if (mask.is_null()) return wait(fd, events, most, deadline);
    if (mask_size != sizeof(u64)) return Error::Einval;
    TemporaryMask own_mask(SignalSet(TRY(mask.read())));
    const Result<u64> result = wait(fd, events, most, deadline);
    if (!result && result.error() == Error::Eintr) own_mask.keep();
    return result;
}

}  // namespace

Answer<NewDescriptor> sys_epoll_create(Context&, SignedCount size) {
    if (size <= 0) return Error::Einval;
    return create(OnExec::Keep);
}

Answer<NewDescriptor> sys_epoll_create1(Context&, Known<abi::EpollCreateFlags::Cloexec> given) {
    const abi::EpollCreateFlags flags = TRY(given.checked());
    return create(has(flags, abi::EpollCreateFlags::Cloexec) ? OnExec::Close : OnExec::Keep);
}

/// Whether an epoll may watch the file. Pipes, sockets and files without a path always can be: they are not asked.
static bool can_be_watched(const fs::File& file) {
    const u32 type = file.inode().mode() & abi::mode::TYPE_MASK;
    return type == abi::mode::FIFO || type == abi::mode::SOCKET || type == 0 || file.can_be_watched();
}

/// The objects are null if their descriptors are not open for this use. LINUX: the order of checks is that of do_epoll_ctl.
static Result<> control(Object* object, Object* target_object, EpollOperation operation, Descriptor target_fd,
                        ipc::EpollInterest interest) {
    if (object == nullptr || object->object_kind() != ObjectKind::File) return Error::Ebadf;
    if (target_object == nullptr || target_object->object_kind() != ObjectKind::File) return Error::Ebadf;
    fs::File& file = static_cast<fs::File&>(*object);
    fs::File& target = static_cast<fs::File&>(*target_object);
    if (!can_be_watched(target)) return Error::Eperm;
    // Nothing is ever suspended here. Who may not keep it off loses the flag, without an error (capabilities(7), CAP_BLOCK_SUSPEND).
    if (has(interest.events, EpollEvents::Wakeup) && !current_task().identity().can(Capability::BlockSuspend))
        interest.events = interest.events & ~EpollEvents::Wakeup;
    Epoll* epoll = Epoll::of(file);
    if (epoll == nullptr || &file == &target) return Error::Einval;
    if (operation != EpollOperation::Del) TRY(check_exclusive(operation, interest.events, target));
    switch (operation) {
        case EpollOperation::Add: return epoll->add(target, target_fd.value, interest);
        case EpollOperation::Mod: return epoll->modify(target, target_fd.value, interest);
        case EpollOperation::Del: return epoll->remove(target, target_fd.value);
    }
    return Error::Einval;
}

/// `control` for a table of several users. Other threads may close both descriptors meanwhile, so this function holds references.
[[gnu::noinline]] static Result<> control_shared(security::CapabilityTable& files, Descriptor fd,
                                                 EpollOperation operation, Descriptor target_fd,
                                                 ipc::EpollInterest interest) {
    const security::CapabilityUse use = files.verify(static_cast<u32>(fd.value), Rights::Poll);
    const security::CapabilityUse target = files.verify(static_cast<u32>(target_fd.value), Rights::Poll);
    return control(use ? &use.object() : nullptr, target ? &target.object() : nullptr, operation, target_fd,
                   interest);
}

Result<> sys_epoll_ctl(Context&, Descriptor fd, EpollOperation operation, Descriptor target_fd,
                       OrNull<vm::UserIn<abi::epoll_event>> in) {
    ipc::EpollInterest interest;
    if (operation != EpollOperation::Del) {
        const abi::epoll_event event = TRY(in.read());
        interest = {event.events, event.data[0] | static_cast<u64>(event.data[1]) << 32};
    }
    security::CapabilityTable& files = *current_task().files();
    if (!files.is_own()) [[unlikely]]
        return control_shared(files, fd, operation, target_fd, interest);
    [[clang::always_inline]] return control(files.verify_own(static_cast<u32>(fd.value), Rights::Poll),
                                            files.verify_own(static_cast<u32>(target_fd.value), Rights::Poll),
                                            operation, target_fd, interest);
}

Answer<Count> sys_epoll_wait(Context&, Descriptor fd, EpollEventsOut events, SignedCount most,
                             Milliseconds milliseconds) {
    return wait(fd, events, most, deadline_of(milliseconds));
}

Answer<Count> sys_epoll_pwait(Context&, Descriptor fd, EpollEventsOut events, SignedCount most,
                              Milliseconds milliseconds, OrNull<vm::UserIn<SignalMask>> mask,
                              SignalSetSize mask_size) {
    return wait_with_mask(fd, events, most, deadline_of(milliseconds), mask, mask_size);
}

Answer<Count> sys_epoll_pwait2(Context&, Descriptor fd, EpollEventsOut events, SignedCount most,
                               OrNull<vm::UserIn<abi::timespec>> timeout, OrNull<vm::UserIn<SignalMask>> mask,
                               SignalSetSize mask_size) {
    time::Deadline deadline = time::Deadline::never();
    if (!timeout.is_null()) {
        const Nanoseconds time = TRY(to_nanoseconds(TRY(timeout.read())));
        deadline = time == 0 ? time::Deadline{0} : time::Deadline::after(time);
    }
    return wait_with_mask(fd, events, most, deadline, mask, mask_size);
}

}  // namespace exo::posix_x
