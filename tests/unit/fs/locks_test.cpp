// The ranges of file locks, against a model that knows the mode of each byte.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "fs/locks/range_locks.hpp"
#include "support/failing_allocations.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::fs {
namespace {

using test::Random;

constexpr usize BYTES = 48;
constexpr usize OWNERS = 4;

/// Stands for a descriptor table: only its address counts.
struct Owner final : Object {};

enum class Mode : u8 { None, Shared, Exclusive };

/// Each owner's mode of each byte; the last byte stands for all behind it.
class Model {
  public:
    bool may_set(usize owner, const LockRequest& request) const {
        for (usize other = 0; other < OWNERS; ++other) {
            if (other == owner) continue;
            for (usize at = request.range.first; at <= last(request.range); ++at) {
                const Mode mode = modes_[other][at];
                if (mode == Mode::Exclusive || (mode == Mode::Shared && request.mode == LockMode::Exclusive))
                    return false;
            }
        }
        return true;
    }
    void set(usize owner, const LockRange& range, Mode mode) {
        for (usize at = range.first; at <= last(range); ++at) modes_[owner][at] = mode;
    }
    bool has(usize owner, const LockRange& range, Mode mode) const {
        for (usize at = range.first; at <= last(range); ++at)
            if (modes_[owner][at] == mode) return true;
        return false;
    }
    struct Piece {
        usize owner;
        LockRange range;
        LockMode mode;
        bool operator==(const Piece&) const = default;
    };
    /// The longest runs of one mode, by owner and place.
    std::vector<Piece> pieces(usize owner) const {
        std::vector<Piece> found;
        for (usize at = 0; at < BYTES; ++at) {
            const Mode mode = modes_[owner][at];
            if (mode == Mode::None) continue;
            const LockMode lock = mode == Mode::Shared ? LockMode::Shared : LockMode::Exclusive;
            const u64 end = at == BYTES - 1 ? LockRange::END : at;
            if (at > 0 && modes_[owner][at - 1] == mode)
                found.back().range.last = end;
            else
                found.push_back({owner, {at, end}, lock});
        }
        return found;
    }

  private:
    static usize last(const LockRange& range) { return std::min<u64>(range.last, BYTES - 1); }
    std::array<std::array<Mode, BYTES>, OWNERS> modes_{};
};

class Machine {
  public:
    LockRequest request(usize owner, LockMode mode, const LockRange& range) const {
        return {.owner = {LockKind::Posix, &owners_[owner]}, .mode = mode, .range = range, .origin = {}};
    }
    usize index_of(const Object* object) const {
        return static_cast<usize>(static_cast<const Owner*>(object) - owners_.data());
    }
    std::vector<Model::Piece> pieces(usize owner) {
        std::vector<Model::Piece> found;
        locks.for_each([&](const RangeLocks::Holder& holder, const RangeLock& lock) {
            if (index_of(holder.owner.object) == owner) found.push_back({owner, lock.range, lock.mode});
        });
        return found;
    }
    RangeLocks locks;

  private:
    std::array<Owner, OWNERS> owners_;
};

LockRange random_range(Random& random) {
    const u64 first = random.below(BYTES);
    if (random.one_in(8)) return {first, LockRange::END};
    return {first, first + random.below(std::min<usize>(BYTES - first, 12))};
}

TEST(range_locks, do_what_a_model_of_bytes_does) {
    Random random;
    Machine machine;
    Model model;
    for (int step = 0; step < 200'000; ++step) {
        const usize owner = random.below(OWNERS);
        LockRange range = random_range(random);
        // The model's last byte is all that follows.
        if (range.last >= BYTES - 1) range.last = LockRange::END;
        if (random.one_in(50)) {
            machine.locks.clear_all(machine.request(owner, LockMode::Shared, {}).owner);
            model.set(owner, {}, Mode::None);
        } else if (random.one_in(3)) {
            const bool has_any =
                model.has(owner, range, Mode::Shared) || model.has(owner, range, Mode::Exclusive);
            const auto change =
                MUST(machine.locks.clear(machine.request(owner, LockMode::Shared, {}).owner, range));
            EXPECT_EQ(change == RangeLocks::Change::SomethingFreed, has_any);
            model.set(owner, range, Mode::None);
        } else {
            const LockMode mode = random.one_in(2) ? LockMode::Shared : LockMode::Exclusive;
            const LockRequest request = machine.request(owner, mode, range);
            const bool may_set = model.may_set(owner, request);
            EXPECT_EQ(!machine.locks.find_conflict(request), may_set) << step;
            if (may_set) {
                const bool weakens = mode == LockMode::Shared && model.has(owner, range, Mode::Exclusive);
                RangeLocks::Spare spare;
                const bool has_spare = random.one_in(2);
                if (has_spare) spare = MUST(RangeLocks::make_spare(request));
                const auto change = MUST(machine.locks.set(request, has_spare ? &spare : nullptr));
                EXPECT_EQ(change == RangeLocks::Change::SomethingFreed, weakens);
                model.set(owner, range, mode == LockMode::Shared ? Mode::Shared : Mode::Exclusive);
            }
        }
        ASSERT_EQ(machine.pieces(owner), model.pieces(owner)) << step;
    }
}

TEST(range_locks, change_nothing_without_memory) {
    test::for_each_failing_allocation([] {
        Machine machine;
        const LockRequest all = machine.request(0, LockMode::Exclusive, {});
        const LockRequest inside = machine.request(0, LockMode::Shared, {10, 19});
        if (!machine.locks.set(all)) {
            EXPECT_TRUE(machine.pieces(0).empty());
            return;
        }
        const auto before = machine.pieces(0);
        if (!machine.locks.set(inside)) {
            EXPECT_EQ(machine.pieces(0), before);
            return;
        }
        const auto split = machine.pieces(0);
        EXPECT_EQ(split.size(), 3U);
        if (!machine.locks.clear(all.owner, {12, 13})) {
            EXPECT_EQ(machine.pieces(0), split);
            return;
        }
        EXPECT_EQ(machine.pieces(0).size(), 4U);
    });
}

/// How many locks the user has.
u64 locks_of(security::UserRecord& user) {
    u64 count = 0;
    while (!user.charge_file_lock(count)) ++count;
    user.release_file_lock();
    return count - 1;
}

TEST(range_locks, are_charged_to_their_user_until_they_go) {
    const test::HostedFrames frames(256);
    const Ref<security::UserRecord> user = MUST(security::UserRecord::of(77));
    {
        Machine machine;
        LockRequest request = machine.request(0, LockMode::Exclusive, {0, 99});
        request.payer = user.get();
        MUST(machine.locks.set(request));
        MUST(machine.locks.clear(request.owner, {50, 50}));
        EXPECT_EQ(locks_of(*user), 2U);
        machine.locks.clear_all(request.owner);
        EXPECT_EQ(locks_of(*user), 0U);
        MUST(machine.locks.set(request));
    }
    EXPECT_EQ(locks_of(*user), 0U);

    // Behind a share of the memory nobody gets more.
    Machine machine;
    LockRequest request = machine.request(0, LockMode::Exclusive, {});
    request.payer = user.get();
    Result<RangeLocks::Change> set = RangeLocks::Change::NothingFreed;
    u64 count = 0;
    for (; set && count < 10'000; ++count) {
        request.range = {2 * count, 2 * count};
        set = machine.locks.set(request);
    }
    EXPECT_TRUE(test::has_error(set, Error::Enolck));
    EXPECT_EQ(locks_of(*user), count - 1);
}

}  // namespace
}  // namespace exo::fs
