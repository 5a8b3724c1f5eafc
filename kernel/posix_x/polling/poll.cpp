// poll, ppoll.
#include "posix_x/polling/poll.hpp"

#include "posix_x/polling/poll_set.hpp"
#include "posix_x/polling/select.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

namespace {

using fs::PollEvents;

constexpr PollEvents ALWAYS_REPORTED = PollEvents::Err | PollEvents::Hup;

/// Arrays of up to this size are kept on the stack.
constexpr usize FEW = 32;

/// Copies the program's array in pieces. Errors: Efault.
Result<> read_entries(u64 address, std::span<PollEntry> entries) {
    [[clang::uninitialized]] std::array<abi::pollfd, FEW> piece;
    for (usize start = 0; start < entries.size(); start += FEW) {
        const usize count = std::min(FEW, entries.size() - start);
        // SAFETY: any bytes make a pollfd.
        TRY(vm::read_user(address + start * sizeof(abi::pollfd),
                          {reinterpret_cast<u8*>(piece.data()), count * sizeof(abi::pollfd)}));
        for (usize i = 0; i < count; ++i) {
            const auto events = static_cast<PollEvents>(static_cast<u16>(piece[i].events));
            entries[start + i] = {piece[i].fd, events | ALWAYS_REPORTED, PollEvents::None};
        }
    }
    return {};
}

/// Writes only revents, because other threads may be changing the other fields. Errors: Efault.
Result<> write_events(u64 address, std::span<const PollEntry> entries) {
    if (entries.empty() && !memory::is_user_range(address, 0)) return Error::Efault;
    for (usize i = 0; i < entries.size(); ++i) {
        const u64 place = address + i * sizeof(abi::pollfd) + __builtin_offsetof(abi::pollfd, revents);
        TRY(vm::UserOut<u16>(place).write(static_cast<u16>(entries[i].found)));
    }
    return {};
}

Result<u64> poll_entries(u64 address, std::span<PollEntry> entries, time::Deadline deadline) {
    TRY(read_entries(address, entries));
    const Result<usize> found = wait_for_events(entries, deadline, ClosedDescriptor::IsAnEvent);
    // LINUX: what a signal interrupts tells its (lack of) events too (do_sys_poll).
    if (!found && found.error() != Error::RestartSys) [[unlikely]]
        return found.error();
    TRY(write_events(address, entries));
    if (!found) [[unlikely]]
        return found.error();
    return u64{*found};
}

Result<u64> poll_until(u64 address, u32 count, time::Deadline deadline) {
    if (count > current_task().open_files_limit()) return Error::Einval;
    if (count <= FEW) {
        [[clang::uninitialized]] std::array<PollEntry, FEW> entries;
        return poll_entries(address, std::span(entries).first(count), deadline);
    }
    Vector<PollEntry> entries;
    TRY(entries.resize(count));
    return poll_entries(address, entries.span(), deadline);
}

Result<u64> poll_restartable(const RestartBlock& block) {
    const Result<u64> result = poll_until(block.address, block.count, block.deadline);
    if (result || result.error() != Error::RestartSys) return result;
    current_task().restart = block;
    return Error::RestartWithBlock;
}

}  // namespace

Answer<Count> sys_poll(Context&, PollEntries entries, Count32 count, Milliseconds milliseconds) {
    const auto deadline = milliseconds < 0
                              ? time::Deadline::never()
                              : time::Deadline::after(static_cast<u64>(milliseconds) * time::MILLISECOND);
    return poll_restartable({&poll_restartable, deadline, entries.address, count});
}

Answer<Count> sys_ppoll(Context&, PollEntries entries, Count32 count,
                        OrNull<vm::UserInOut<abi::timespec>> timeout, OrNull<vm::UserIn<SignalMask>> mask,
                        SignalSetSize mask_size) {
    TimedWait wait = TRY(TimedWait::until(timeout));
    std::optional<TemporaryMask> own_mask;
    if (!mask.is_null()) {
        if (mask_size != sizeof(u64)) return Error::Einval;
        own_mask.emplace(SignalSet(TRY(mask.read())));
    }
    Result<u64> result = poll_until(entries.address, count, wait.deadline);
    result =
        finish_timed_wait(result, wait, [&](Nanoseconds left) { return timeout.write(to_timespec(left)); });
    if (own_mask && is_interrupted(result)) own_mask->keep();
    return result;
}

}  // namespace exo::posix_x
