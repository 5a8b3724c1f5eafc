#include "security/capability_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "security/audit.hpp"
#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo::security {
namespace {

using test::Random;

struct Thing final : Object {
    static inline int alive = 0;
    Thing() { ++alive; }
    ~Thing() override { --alive; }
};

Ref<Object> thing() { return MUST(make_ref<Thing>()); }

Capability capability(Ref<Object> object, Rights rights = ALL_RIGHTS) {
    return {std::move(object), rights, nullptr};
}

constexpr u32 LIMIT = 460;  ///< Above what a table has in one piece.

TEST(rights, follow_the_open_flags) {
    using abi::OpenFlags;
    EXPECT_TRUE(has(rights_from_open_flags(OpenFlags::Rdonly), Rights::Read));
    EXPECT_FALSE(has(rights_from_open_flags(OpenFlags::Rdonly), Rights::Write));
    EXPECT_FALSE(has(rights_from_open_flags(OpenFlags::Wronly), Rights::Read));
    EXPECT_EQ(rights_from_open_flags(OpenFlags::Rdwr), ALL_RIGHTS);
    EXPECT_FALSE(has(rights_from_open_flags(OpenFlags::Accmode), Rights::Read | Rights::Write));
    const Rights place_only = rights_from_open_flags(OpenFlags::Path | OpenFlags::Rdwr);
    EXPECT_FALSE(
        has(place_only, Rights::Read | Rights::Write | Rights::Control | Rights::Attributes | Rights::Map));
    EXPECT_TRUE(has(place_only, Rights::Lookup));
}

TEST(capability_table, verify_says_what_is_missing_and_audits_it) {
    TableUser table = MUST(TableUser::create());
    EXPECT_EQ(MUST(table->install(capability(thing(), Rights::Read), OnExec::Keep, LIMIT)), 0U);
    EXPECT_TRUE(bool(table->verify(0, Rights::Read)));
    const u64 denials = denial_count();
    const CapabilityUse use = table->verify(0, Rights::Read | Rights::Write);
    EXPECT_FALSE(bool(use));
    EXPECT_TRUE(use.is_open());
    EXPECT_EQ(use.missing(), Rights::Write);
    EXPECT_EQ(denial_count(), denials + 1);
    Denial last[1];
    ASSERT_EQ(read_denials(last), 1U);
    EXPECT_EQ(last[0].missing, Rights::Write);
    EXPECT_FALSE(table->verify(1, Rights::None).is_open());
    EXPECT_FALSE(table->verify(~0U, Rights::None).is_open());
    EXPECT_EQ(denial_count(), denials + 1) << "an empty slot is no denial";
}

TEST(capability_table, its_size_grows_in_linux_steps) {
    TableUser user = MUST(TableUser::create());
    const auto install_at = [&](u32 number) {
        (void)MUST(user->install_at(number, {MUST(make_ref<Thing>()), ALL_RIGHTS}, OnExec::Keep, 100'000));
    };
    EXPECT_EQ(user->size(), 64U);
    install_at(63);
    EXPECT_EQ(user->size(), 64U);
    install_at(64);
    EXPECT_EQ(user->size(), 128U);
    install_at(300);
    EXPECT_EQ(user->size(), 512U);
    (void)MUST(user->close(300));
    EXPECT_EQ(user->size(), 512U);
    EXPECT_EQ(MUST(user.clone())->size(), 128U) << "of what is open";
}

TEST(capability_table, a_revoked_grant_ends_every_copy) {
    TableUser table = MUST(TableUser::create());
    Ref<Grant> grant = MUST(make_ref<Grant>());
    MUST(table->install({thing(), ALL_RIGHTS, grant}, OnExec::Keep, LIMIT));
    TableUser child = MUST(table.clone());
    EXPECT_TRUE(bool(child->verify(0, Rights::Read)));
    grant->revoke();
    EXPECT_EQ(table->verify(0, Rights::Read).missing(), Rights::Read);
    EXPECT_EQ(child->verify(0, Rights::Read).missing(), Rights::Read);
}

TEST(capability_table, a_reservation_is_invisible_and_gives_itself_back) {
    TableUser table = MUST(TableUser::create());
    {
        Reservation slot = MUST(table->reserve(LIMIT));
        EXPECT_EQ(slot.number(), 0U);
        EXPECT_FALSE(table->verify(0, Rights::None).is_open());
        EXPECT_ERROR(Error::Ebadf, table->close(0));
        EXPECT_ERROR(Error::Ebusy, table->install_at(0, capability(thing()), OnExec::Keep, LIMIT));
        ReservedPair pair = MUST(table->reserve_pair(LIMIT));
        EXPECT_EQ(pair.first.number(), 1U);
        EXPECT_EQ(pair.second.commit(capability(thing()), OnExec::Keep), 2U);
    }
    EXPECT_EQ(MUST(table->reserve(LIMIT)).number(), 0U);
    EXPECT_EQ(table->open_count(), 1U);
    EXPECT_ERROR(Error::Emfile, table->reserve_pair(1));
    EXPECT_EQ(MUST(table->reserve(1)).number(), 0U);
    EXPECT_EQ(Thing::alive, 1);
}

TEST(capability_table, use_in_a_shared_table_survives_close) {
    TableUser table = MUST(TableUser::create());
    MUST(table->install(capability(thing()), OnExec::Keep, LIMIT));
    TableUser other = table.share();
    EXPECT_FALSE(table.is_only_user());
    {
        const CapabilityUse use = table->verify(0, Rights::Read);
        (void)MUST(other->close(0));
        EXPECT_EQ(Thing::alive, 1);
        EXPECT_EQ(use.object().reference_count(), 1U);
    }
    EXPECT_EQ(Thing::alive, 0);
}

TEST(capability_table, the_last_user_closes_everything) {
    Ref<CapabilityTable> onlooker;
    {
        TableUser table = MUST(TableUser::create());
        onlooker = table.table();
        for (int i = 0; i < 100; ++i) MUST(table->install(capability(thing()), OnExec::Keep, LIMIT));
        const TableUser other = table.share();
        table.leave();
        EXPECT_EQ(Thing::alive, 100);
    }
    EXPECT_EQ(Thing::alive, 0);
    EXPECT_FALSE(onlooker->next_open(0).has_value());
}

/// A table beside a plain map, under random operations.
class Model {
  public:
    explicit Model(u64 seed) : random_(seed), table_(MUST(TableUser::create())) {}

    void step() {
        switch (random_.below(9)) {
            case 0:
            case 1: install(); break;
            case 2: install_at(); break;
            case 3:
            case 4: close(); break;
            case 5: close_range(); break;
            case 6: set_on_exec(); break;
            case 7: reserve(); break;
            case 8:
                if (random_.one_in(10)) replace_by_clone();
                if (random_.one_in(10)) exec();
                break;
        }
        check();
    }

  private:
    struct Entry {
        Object* object;
        bool closes_on_exec;
    };
    u32 lowest_free(u32 from) const {
        while (entries_.contains(from) || reserved_.contains(from)) ++from;
        return from;
    }
    void install() {
        const u32 minimum = random_.one_in(3) ? static_cast<u32>(random_.below(LIMIT)) : 0;
        Ref<Object> object = thing();
        const bool closes = random_.one_in(2);
        const auto number =
            table_->install(capability(object), closes ? OnExec::Close : OnExec::Keep, LIMIT, minimum);
        const u32 expected = lowest_free(minimum);
        if (expected >= LIMIT) {
            EXPECT_ERROR(Error::Emfile, number);
            return;
        }
        ASSERT_EQ(MUST(number), expected);
        entries_[expected] = {object.get(), closes};
    }
    void install_at() {
        const auto number = static_cast<u32>(random_.below(LIMIT + 10));
        Ref<Object> object = thing();
        const auto replaced = table_->install_at(number, capability(object), OnExec::Keep, LIMIT);
        if (number >= LIMIT) {
            EXPECT_ERROR(Error::Ebadf, replaced);
        } else if (reserved_.contains(number)) {
            EXPECT_ERROR(Error::Ebusy, replaced);
        } else {
            const auto old = entries_.find(number);
            ASSERT_EQ(MUST(replaced).get(), old == entries_.end() ? nullptr : old->second.object);
            entries_[number] = {object.get(), false};
        }
    }
    void close() {
        const auto number = static_cast<u32>(random_.below(LIMIT));
        const auto closed = table_->close(number);
        if (!entries_.contains(number)) {
            EXPECT_ERROR(Error::Ebadf, closed);
            return;
        }
        ASSERT_EQ(MUST(closed).get(), entries_[number].object);
        entries_.erase(number);
    }
    void close_range() {
        const auto first = static_cast<u32>(random_.below(LIMIT));
        const u32 last = random_.one_in(4) ? ~0U : first + static_cast<u32>(random_.below(20));
        const bool marks = random_.one_in(2);
        usize closed = 0;
        table_->close_range(first, last, marks ? RangeAction::MarkCloseOnExec : RangeAction::Close,
                            [&](Ref<Object>) { ++closed; });
        usize expected = 0;
        for (auto entry = entries_.lower_bound(first); entry != entries_.end() && entry->first <= last;) {
            if (marks) {
                entry->second.closes_on_exec = true;
                ++entry;
            } else {
                entry = entries_.erase(entry);
                ++expected;
            }
        }
        ASSERT_EQ(closed, expected);
    }
    void set_on_exec() {
        const auto number = static_cast<u32>(random_.below(LIMIT));
        const auto result = table_->set_on_exec(number, OnExec::Close);
        if (!entries_.contains(number)) {
            EXPECT_ERROR(Error::Ebadf, result);
            return;
        }
        MUST(result);
        entries_[number].closes_on_exec = true;
    }
    void reserve() {
        if (random_.one_in(2) && !reserved_.empty()) {
            reserved_.erase(reserved_.begin());
            return;
        }
        auto slot = table_->reserve(LIMIT);
        const u32 expected = lowest_free(0);
        if (expected >= LIMIT) {
            EXPECT_ERROR(Error::Emfile, slot);
            return;
        }
        ASSERT_EQ(slot->number(), expected);
        reserved_.emplace(expected, std::move(*slot));
    }
    void replace_by_clone() {
        reserved_.clear();
        table_ = MUST(table_.clone());
    }
    void exec() {
        table_->close_on_exec([](Ref<Object>) {});
        std::erase_if(entries_, [](const auto& entry) { return entry.second.closes_on_exec; });
    }
    void check() {
        ASSERT_EQ(table_->open_count(), entries_.size());
        u32 from = 0;
        for (const auto& [number, entry] : entries_) {
            ASSERT_EQ(table_->next_open(from), number);
            ASSERT_EQ(&table_->verify(number, Rights::Read).object(), entry.object);
            ASSERT_EQ(MUST(table_->on_exec(number)) == OnExec::Close, entry.closes_on_exec);
            from = number + 1;
        }
        ASSERT_FALSE(table_->next_open(from).has_value());
        ASSERT_EQ(static_cast<usize>(Thing::alive), entries_.size());
    }

    Random random_;
    TableUser table_;
    std::map<u32, Entry> entries_;
    std::map<u32, Reservation> reserved_;
};

TEST(capability_table, agrees_with_a_model) {
    for (u64 seed = 1; seed <= 5; ++seed) {
        {
            Model model(seed);
            for (int i = 0; i < 3000; ++i) {
                model.step();
                ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << " step " << i;
            }
        }
        ASSERT_EQ(Thing::alive, 0);
    }
}

/// A high number takes memory for its neighbours, not for all below it, and copies do the same.
TEST(capability_table, a_high_number_costs_as_little_as_a_low_one) {
    constexpr u32 HIGH = (1U << 20) - 1;
    auto table = MUST(TableUser::create());
    const Ref<Object> object = thing();
    const test::LargestAllocation largest;
    EXPECT_FALSE(MUST(table->install_at(HIGH, capability(object), OnExec::Keep, HIGH + 1)));
    EXPECT_EQ(MUST(table->install(capability(object), OnExec::Keep, HIGH + 1)), 0U);
    EXPECT_EQ(MUST(table->install(capability(object), OnExec::Keep, HIGH + 1, HIGH - 70)), HIGH - 70);
    EXPECT_ERROR(Error::Emfile, table->install(capability(object), OnExec::Keep, HIGH + 1, HIGH));
    const auto copy = MUST(table.clone());
    EXPECT_LE(largest.bytes(), 4096U);
    EXPECT_EQ(copy->next_open(1), HIGH - 70);
    EXPECT_EQ(copy->next_open(HIGH - 69), HIGH);
    EXPECT_TRUE(copy->verify(HIGH, Rights::Read));
    EXPECT_FALSE(copy->verify(HIGH - 1, Rights::Read).is_open());
    EXPECT_ERROR(Error::Ebadf, copy->close(1 << 19));
    MUST(copy->close(HIGH));
    EXPECT_FALSE(copy->next_open(HIGH - 69).has_value());
    EXPECT_EQ(MUST(copy->install(capability(object), OnExec::Keep, HIGH + 1, HIGH)), HIGH);
}

TEST(capability_table, survives_every_failing_allocation) {
    test::for_each_failing_allocation([] {
        auto table = TableUser::create();
        if (!table) return;
        for (u32 i = 0; i < 40; ++i) {
            auto object = make_ref<Thing>();
            if (!object) continue;
            (void)(*table)->install(capability(std::move(*object)), OnExec::Keep, LIMIT);
        }
        auto object = make_ref<Thing>();
        if (object) (void)(*table)->install_at(450, capability(std::move(*object)), OnExec::Keep, LIMIT);
        auto copy = table->clone();
        if (copy) EXPECT_EQ((*copy)->open_count(), (*table)->open_count());
        EXPECT_EQ(static_cast<u32>(Thing::alive), (*table)->open_count());
    });
    EXPECT_EQ(Thing::alive, 0);
}

TEST(audit, keeps_the_newest) {
    for (u32 i = 0; i < AUDIT_RING_SIZE + 5; ++i)
        record_denial(i, ObjectKind::File, Rights::Write, Rights::Write);
    std::vector<Denial> all(AUDIT_RING_SIZE + 100);
    ASSERT_EQ(read_denials(all), AUDIT_RING_SIZE);
    EXPECT_EQ(all[0].number, 5U);
    EXPECT_EQ(all[AUDIT_RING_SIZE - 1].number, AUDIT_RING_SIZE + 4);
    Denial two[2];
    ASSERT_EQ(read_denials(two), 2U);
    EXPECT_EQ(two[1].number, AUDIT_RING_SIZE + 4);
}

}  // namespace
}  // namespace exo::security
