// Capability tables and counted objects that several CPUs use at once: meant for the thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <mutex>

#include "security/audit.hpp"
#include "security/capability_table.hpp"
#include "support/cpus.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::security {
namespace {

using test::CPUS;
using test::on_all_cpus;
using test::Random;

/// An object that knows whether it is alive.
class Probe final : public Object {
  public:
    explicit Probe(u64 identity) : identity_(identity) { ++alive; }
    ~Probe() override {
        EXPECT_EQ(guard_, GUARD);
        guard_ = 0;
        --alive;
    }
    bool is_alive() const { return guard_ == GUARD; }
    u64 identity() const { return identity_; }

    static inline std::atomic<i64> alive{0};

  private:
    static constexpr u64 GUARD = 0x1234'5678'9abc'def0;
    u64 guard_ = GUARD;
    u64 identity_;
};

Capability capability(u64 identity, Rights rights = ALL_RIGHTS, Ref<Grant> grant = nullptr) {
    return { MUST(make_ref<Probe>(identity)), rights, std::move(grant)};
}
u64 identity_of(const Object& object) {
    const auto& probe = static_cast<const Probe&>(object);
    EXPECT_TRUE(probe.is_alive());
    return probe.identity();
}

/// Slots below OWN_LIMIT are used by the CPU that got them; those from WILD on, by everybody.
constexpr u32 OWN_LIMIT = 220;
constexpr u32 WILD = 236;  // some with low numbers, which are looked up without the lock, and some with high ones
constexpr u32 WILD_SLOTS = 40;

/// One CPU's share of the work, with a model of the slots that belong to it.
class Worker {
  public:
    Worker(TableUser user, u32 cpu) : user_(std::move(user)), random_(cpu), next_identity_(u64{cpu} << 32) {}

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            if (random_.below(2) == 0)
                step_own();
            else
                step_wild();
        }
        for (const auto& [number, identity] : own_) check_own(number, identity);
        while (!own_.empty()) close_own();
        user_.leave([](const Ref<Object>& object) { identity_of(*object); });
    }

    /// What the CPUs put into the slots of all, less what they took out.
    static inline std::atomic<i64> wild_open{0};

  private:
    CapabilityTable& table() { return *user_; }
    u32 wild_slot() { return WILD + static_cast<u32>(random_.below(WILD_SLOTS)); }
    u64 next_identity() { return next_identity_++; }

    void note_own(u32 number, u64 identity) {
        ASSERT_LT(number, OWN_LIMIT);
        ASSERT_TRUE(own_.emplace(number, identity).second) << "slot " << number << " was ours already";
    }
    void check_own(u32 number, u64 identity) {
        const CapabilityUse use = table().verify(number, Rights::Read);
        ASSERT_TRUE(bool(use));
        ASSERT_EQ(identity_of(use.object()), identity);
    }
    void close_own() {
        auto at = own_.begin();
        std::advance(at, static_cast<isize>(random_.below(own_.size())));
        ASSERT_EQ(identity_of(*MUST(table().close(at->first))), at->second);
        own_.erase(at);
    }

    void step_own() {
        const u64 identity = next_identity();
        if (own_.size() > 40) return close_own();
        switch (random_.below(8)) {
            case 0:
            case 1: note_own(MUST(table().install(capability(identity), OnExec::Keep, OWN_LIMIT)), identity); break;
            case 2: {
                Reservation slot = MUST(table().reserve(OWN_LIMIT, static_cast<u32>(random_.below(50))));
                EXPECT_FALSE(table().verify(slot.number(), Rights::None).is_open());
                if (random_.one_in(2)) note_own(slot.commit(capability(identity), OnExec::Close), identity);
                break;
            }
            case 3: {
                ReservedPair pair = MUST(table().reserve_pair(OWN_LIMIT));
                note_own(pair.second.commit(capability(identity), OnExec::Keep), identity);
                break;
            }
            case 4:
                if (!own_.empty()) close_own();
                break;
            case 5: {
                if (own_.empty()) break;
                const auto [number, original] = *own_.begin();  // dup
                Capability copy = MUST(table().copy(number));
                note_own(MUST(table().install(std::move(copy), OnExec::Keep, OWN_LIMIT)), original);
                break;
            }
            case 6: {
                if (own_.empty()) break;
                const auto& [number, original] = *own_.rbegin();
                MUST(table().set_on_exec(number, OnExec::Close));
                EXPECT_EQ(MUST(table().on_exec(number)), OnExec::Close);
                break;
            }
            default:
                for (const auto& [number, original] : own_) check_own(number, original);
        }
    }

    void step_wild() {
        switch (random_.below(7)) {
            case 0: {
                const auto replaced =
                    table().install_at(wild_slot(), capability(next_identity()), OnExec::Keep, 1024);
                if (replaced && !*replaced) ++wild_open;
                if (!replaced) {
                    EXPECT_ERROR(Error::Ebusy, replaced);
                }
                break;
            }
            case 1:
                if (const auto closed = table().close(wild_slot())) {
                    identity_of(**closed);
                    --wild_open;
                }
                break;
            case 2: {
                const u32 first = wild_slot();
                table().close_range(first, first + 3, RangeAction::Close, [](const Ref<Object>& object) {
                    identity_of(*object);
                    --wild_open;
                });
                break;
            }
            case 3: {
                const auto copy = table().copy(wild_slot());
                if (!copy) break;
                identity_of(*copy->object);
                break;
            }
            case 4:
                if (const CapabilityUse use = table().verify(wild_slot(), Rights::Write))
                    identity_of(use.object());
                break;
            case 5: {
                auto slot = table().reserve(WILD + WILD_SLOTS, wild_slot());
                if (!slot) break;
                EXPECT_FALSE(table().verify(slot->number(), Rights::None).is_open());
                for (usize wait = random_.below(3); wait != 0; --wait)
                    arch::relax();  // others may run into it
                if (random_.one_in(4)) break;
                slot->commit(capability(next_identity()), OnExec::Keep);
                ++wild_open;
                break;
            }
            default: check_clone();
        }
    }

    /// fork: the copy holds at least what is ours, and is nobody else's.
    void check_clone() {
        if (!random_.one_in(8)) return;
        TableUser copy = MUST(user_.clone());
        for (const auto& [number, identity] : own_) {
            const CapabilityUse use = copy->verify(number, Rights::Read);
            ASSERT_TRUE(bool(use));
            ASSERT_EQ(identity_of(use.object()), identity);
        }
        u32 count = 0;
        for (auto number = copy->next_open(0); number; number = copy->next_open(*number + 1)) ++count;
        EXPECT_EQ(count, copy->open_count());
        copy->close_range(0, WILD - 1, RangeAction::Close, [](const Ref<Object>&) {});
    }

    TableUser user_;
    Random random_;
    u64 next_identity_;
    std::map<u32, u64> own_;
};

TEST(concurrency, a_table_that_all_cpus_change) {
    Worker::wild_open = 0;
    {
        TableUser user = MUST(TableUser::create());
        std::vector<Worker> workers;
        for (u32 cpu = 1; cpu <= CPUS; ++cpu) workers.emplace_back(user.share(), cpu);
        on_all_cpus([&](u32 cpu) { workers[cpu - 1].run(6000); });
        EXPECT_TRUE(user.is_only_user());
        EXPECT_EQ(user->open_count(), static_cast<u32>(Worker::wild_open.load()));
        EXPECT_EQ(Probe::alive.load(), Worker::wild_open.load());
        // Nothing is reserved for ever, and the free slots are handed out lowest first.
        for (u32 number = 0; number < OWN_LIMIT; ++number)
            ASSERT_EQ(MUST(user->install(capability(number), OnExec::Keep, OWN_LIMIT)), number);
        EXPECT_ERROR(Error::Emfile, user->install(capability(0), OnExec::Keep, OWN_LIMIT));
    }
    EXPECT_EQ(Probe::alive.load(), 0);
}

/// A user that has left is synchronised with by the count of users alone: the only one left looks without a lock.
TEST(concurrency, the_last_user_sees_what_the_others_changed) {
    constexpr u32 ROUNDS = 1500;
    TableUser user = MUST(TableUser::create());
    std::atomic<TableUser*> handed_over{nullptr};
    std::thread other([&] {
        arch::hosted::this_cpu.index = 2;
        for (u32 round = 0; round < ROUNDS; ++round) {
            TableUser* mine;
            while ((mine = handed_over.exchange(nullptr, std::memory_order_acquire)) == nullptr)
                arch::relax();
            MUST((*mine)->install_at(round % 70, capability(round), OnExec::Keep, 1024));
            if (round > 5) (void)(*mine)->close((round - 5) % 70);
            mine->leave();
            delete mine;
        }
    });
    for (u32 round = 0; round < ROUNDS; ++round) {
        handed_over.store(new TableUser(user.share()), std::memory_order_release);
        while (!user.is_only_user()) {
            // Both ways in, while the other comes and goes.
            if (const CapabilityUse use = user->verify(round % 70, Rights::Read)) identity_of(use.object());
        }
        const CapabilityUse use = user->verify(round % 70, Rights::Read);
        ASSERT_TRUE(bool(use));
        ASSERT_EQ(identity_of(use.object()), round);
    }
    other.join();
    user.leave();
    EXPECT_EQ(Probe::alive.load(), 0);
}

TEST(concurrency, a_revoked_grant_stops_all_cpus) {
    constexpr u32 GRANTS = 200;
    TableUser user = MUST(TableUser::create());
    std::vector<Ref<Grant>> grants;
    std::array<u64, GRANTS> reasons{};  // written by the revoker, read by whoever is refused
    for (u32 i = 0; i < GRANTS; ++i) {
        grants.push_back(MUST(make_ref<Grant>()));
        MUST(user->install(capability(i, ALL_RIGHTS, grants[i]), OnExec::Keep, 1024));
    }
    const u64 denials = denial_count();
    std::atomic<u64> refused{0};
    std::vector<TableUser> copies;
    for (u32 cpu = 1; cpu <= CPUS; ++cpu) copies.push_back(MUST(user.clone()));
    on_all_cpus([&](u32 cpu) {
        // As after fork: a table of its own, so that nothing but the grant and the audit ring is shared.
        TableUser& mine = copies[cpu - 1];
        for (u32 i = 0; i < GRANTS; ++i) {
            if (i % CPUS == cpu - 1) {
                reasons[i] = i + 1;
                grants[i]->revoke();
            }
            while (true) {
                const CapabilityUse use = mine->verify(i, Rights::Read);
                if (!use) {
                    EXPECT_EQ(use.missing(), Rights::Read);
                    EXPECT_EQ(reasons[i], i + 1);
                    ++refused;
                    break;
                }
                arch::relax();
            }
        }
    });
    EXPECT_EQ(refused.load(), GRANTS * CPUS);
    EXPECT_EQ(denial_count() - denials, refused.load());
    std::array<Denial, AUDIT_RING_SIZE> last;
    ASSERT_EQ(read_denials(last), AUDIT_RING_SIZE);
    for (const Denial& denial : last) {
        EXPECT_LT(denial.number, GRANTS);
        EXPECT_EQ(denial.needed, Rights::Read);
        EXPECT_EQ(denial.missing, Rights::Read);
    }
    copies.clear();
    user.leave();
    EXPECT_EQ(Probe::alive.load(), 0);
}

/// As the registry of threads: a list without references, which its members leave when they are destroyed.
class WeakList {
  public:
    class Member final : public Object {
      public:
        Member(WeakList& list, usize index) : list_(list), index_(index) { list.set(index, this); }
        ~Member() override { list_.remove(index_, this); }
        Probe probe{0};

      private:
        WeakList& list_;
        usize index_;
    };
    Ref<Member> find(usize index) {
        const std::scoped_lock lock(mutex_);
        Member* member = members_[index];
        return member != nullptr && member->try_retain() ? Ref<Member>::adopt(member) : nullptr;
    }

  private:
    void set(usize index, Member* member) {
        const std::scoped_lock lock(mutex_);
        members_[index] = member;
    }
    void remove(usize index, const Member* member) {
        const std::scoped_lock lock(mutex_);
        if (members_[index] == member) members_[index] = nullptr;
    }
    std::mutex mutex_;
    std::array<Member*, 4> members_{};
};

TEST(concurrency, a_lookup_never_brings_back_an_object_that_is_being_destroyed) {
    WeakList list;
    on_all_cpus([&](u32 cpu) {
        Random random(cpu);
        for (u64 step = 0; step < 20000; ++step) {
            const usize index = random.below(4);
            const Ref<WeakList::Member> found = list.find(index);
            if (!found) {
                MUST(make_ref<WeakList::Member>(list,
                                                index));  // and is gone with this line, unless it is found
                continue;
            }
            const Ref<WeakList::Member> shared = found;
            EXPECT_TRUE(shared->probe.is_alive());
            EXPECT_GE(shared->reference_count(), 2U);
        }
    });
    for (usize index = 0; index < 4; ++index) EXPECT_FALSE(list.find(index));
    EXPECT_EQ(Probe::alive.load(), 0);
}

/// Each CPU writes its own word of the object and lets go; the destructor, wherever it runs, reads them all.
TEST(concurrency, the_destructor_sees_what_each_holder_wrote) {
    struct Board final : Object {
        explicit Board(std::atomic<u64>& to) : sum(to) {}
        ~Board() override {
            for (const u64 word : words) sum += word;
        }
        std::array<u64, CPUS + 1> words{};
        std::atomic<u64>& sum;
    };
    constexpr usize BOARDS = 1000;
    std::atomic<u64> sum{0};
    std::vector<Board*> boards;
    for (usize i = 0; i < BOARDS; ++i) {
        Board* board = MUST(make_ref<Board>(sum)).leak();
        for (u32 cpu = 2; cpu <= CPUS; ++cpu) board->retain();
        boards.push_back(board);
    }
    on_all_cpus([&](u32 cpu) {
        for (Board* board : boards) {
            board->words[cpu] = cpu;
            board->release();
        }
    });
    EXPECT_EQ(sum.load(), BOARDS * (1 + 2 + 3 + 4));
}

}  // namespace
}  // namespace exo::security
