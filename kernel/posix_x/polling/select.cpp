// select, pselect6: sets of descriptors as bit maps.
#include "posix_x/polling/select_calls.hpp"

#include "posix_x/polling/select.hpp"

#include <bit>

#include "abi/linux/process.hpp"
#include "posix_x/polling/poll_set.hpp"
#include "posix_x/signal/signal_mask.hpp"

namespace exo::posix_x {

namespace {

using fs::PollEvents;

constexpr usize BITS = 64;

/// The events that put a descriptor into each set (Linux, fs/select.c).
constexpr PollEvents SET_EVENTS[] = {
    PollEvents::Rdnorm | PollEvents::Rdband | PollEvents::In | PollEvents::Hup | PollEvents::Err |
        PollEvents::Nval,
    PollEvents::Wrband | PollEvents::Wrnorm | PollEvents::Out | PollEvents::Err | PollEvents::Nval,
    PollEvents::Pri | PollEvents::Nval,
};
constexpr usize SETS = std::size(SET_EVENTS);

/// The three sets of a call, with their addresses in the program.
class DescriptorSets {
  public:
    /// Errors: Efault, Enomem.
    static Result<DescriptorSets> read(u32 count, const u64 (&addresses)[SETS]) {
        DescriptorSets sets;
        sets.count_ = count;
        std::copy_n(addresses, SETS, sets.addresses_);
        for (usize set = 0; set < SETS; ++set) TRY(sets.read_one(set));
        return sets;
    }
    /// Errors: Enomem.
    Result<Vector<PollEntry>> to_entries() const {
        Vector<PollEntry> entries;
        usize count = 0;
        for (usize i = 0; i < word_count(); ++i) count += static_cast<usize>(std::popcount(any(i)));
        TRY(entries.reserve(count));
        for (usize i = 0; i < word_count(); ++i)
            for (u64 left = any(i); left != 0; left &= left - 1) {
                const auto bit = static_cast<u32>(std::countr_zero(left));
                PollEvents wanted = PollEvents::None;
                for (usize set = 0; set < SETS; ++set)
                    if ((word(set, i) >> bit & 1) != 0) wanted |= SET_EVENTS[set];
                entries.push_within_capacity({static_cast<i32>(i * BITS + bit), wanted, PollEvents::None});
            }
        return entries;
    }
    /// Replaces the sets by what was found; returns the number of bits.
    u64 set_found(std::span<const PollEntry> entries) {
        u64 total = 0;
        for (const PollEntry& entry : entries) {
            const usize index = static_cast<u32>(entry.fd) / BITS;
            const u64 bit = 1ULL << static_cast<u32>(entry.fd) % BITS;
            for (usize set = 0; set < SETS; ++set) {
                if ((word(set, index) & bit) == 0) continue;
                if (abi::has(entry.found, SET_EVENTS[set]))
                    ++total;
                else
                    words_[set].data()[index] &= ~bit;
            }
        }
        return total;
    }
    /// Errors: Efault.
    Result<> write() const {
        for (usize set = 0; set < SETS; ++set)
            for (usize i = 0; i < words_[set].size(); ++i)
                TRY(vm::UserArray<u64>(addresses_[set], words_[set].size()).write(i, words_[set][i]));
        return {};
    }

  private:
    Result<> read_one(usize set) {
        if (addresses_[set] == 0 || count_ == 0) return {};
        words_[set] = TRY(vm::UserArray<u64>(addresses_[set], divide_round_up<usize>(count_, BITS)).read());
        // Bits behind the last descriptor mean nothing and come back clear.
        if (count_ % BITS != 0) words_[set].back() &= (1ULL << count_ % BITS) - 1;
        return {};
    }
    usize word_count() const { return divide_round_up<usize>(count_, BITS); }
    /// 64 descriptors of one set; none if the program gave no such set.
    u64 word(usize set, usize index) const { return words_[set].is_empty() ? 0 : words_[set].data()[index]; }
    u64 any(usize index) const { return word(0, index) | word(1, index) | word(2, index); }

    u32 count_ = 0;
    u64 addresses_[SETS] = {};
    Vector<u64> words_[SETS];
};

Result<u64> select_until(i32 count, const u64 (&addresses)[SETS], time::Deadline deadline) {
    if (count < 0) return Error::Einval;
    // LINUX: the table of descriptors ends it, which grows in steps; what lies behind is not even read (core_sys_select).
    const u64 limited = std::min<u64>(static_cast<u64>(count), current_task().files()->size());
    DescriptorSets sets = TRY(DescriptorSets::read(static_cast<u32>(limited), addresses));
    Vector<PollEntry> entries = TRY(sets.to_entries());
    TRY(wait_for_events(entries.span(), deadline, ClosedDescriptor::IsAnError));
    const u64 total = sets.set_found(entries.span());
    TRY(sets.write());
    return total;
}

/// Reads select's timeout, which need not be normalised. Errors: Efault, Einval.
Result<TimedWait> read_timeval(vm::UserInOut<abi::timeval> timeout) {
    if (timeout.is_null()) return TimedWait{};
    const abi::timeval given = TRY(timeout.read());
    const auto seconds = checked_add(given.tv_sec, given.tv_usec / 1'000'000);
    if (!seconds) return Error::Einval;
    return TimedWait::of(TRY(to_nanoseconds(abi::timeval{*seconds, given.tv_usec % 1'000'000})));
}

}  // namespace

Answer<Count> sys_select(Context&, SignedCount count, DescriptorSet<0> in, DescriptorSet<0> out,
                         DescriptorSet<0> exceptional, OrNull<vm::UserInOut<abi::timeval>> timeout) {
    const TimedWait wait = TRY(read_timeval(timeout));
    const Result<u64> result = select_until(count, {in.value, out.value, exceptional.value}, wait.deadline);
    return finish_timed_wait(result, wait, [&](Nanoseconds left) { return timeout.write(to_timeval(left)); });
}

Answer<Count> sys_pselect6(Context&, SignedCount count, DescriptorSet<0> in, DescriptorSet<0> out,
                           DescriptorSet<0> exceptional, OrNull<vm::UserInOut<abi::timespec>> timeout,
                           OrNull<vm::UserIn<MaskArgument>> mask_argument) {
    MaskArgument mask{};
    if (!mask_argument.is_null()) mask = TRY(mask_argument.read());
    const TimedWait wait = TRY(TimedWait::until(timeout));
    std::optional<TemporaryMask> own_mask;
    if (mask.mask != 0) {
        if (mask.size != sizeof(u64)) return Error::Einval;
        own_mask.emplace(SignalSet(TRY(vm::UserIn<u64>(mask.mask).read())));
    }
    Result<u64> result = select_until(count, {in.value, out.value, exceptional.value}, wait.deadline);
    result =
        finish_timed_wait(result, wait, [&](Nanoseconds left) { return timeout.write(to_timespec(left)); });
    if (own_mask && is_interrupted(result)) own_mask->keep();
    return result;
}

Result<u64> finish_timed_wait(Result<u64> result, const TimedWait& wait,
                              FunctionRef<Result<>(Nanoseconds left)> write) {
    const bool was_interrupted = !result && result.error() == Error::RestartSys;
    if (wait.reports_left && current_task().has_personality(abi::PersonalityFlags::StickyTimeouts))
        [[unlikely]]
        return was_interrupted ? Result<u64>(Error::Eintr) : result;
    if (wait.reports_left && !write(time_left(wait.deadline)) && was_interrupted) return Error::Eintr;
    return was_interrupted ? Result<u64>(Error::RestartNoHandler) : result;
}

}  // namespace exo::posix_x
