#include "utils/map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"
#include "utils/string.hpp"

namespace exo {
namespace {

using Numbers = Map<u32, std::unique_ptr<u32>>;
using Model = std::map<u32, u32>;

void expect_equal(const Numbers& map, const Model& model) {
    ASSERT_EQ(map.size(), model.size());
    auto expected = model.begin();
    for (const auto& entry : map) {
        ASSERT_EQ(entry.key, expected->first);
        ASSERT_EQ(*entry.value, expected->second);
        ++expected;
    }
}

TEST(map, behaves_like_its_model_under_random_operations) {
    test::Random random;
    Numbers map;
    Model model;
    for (u32 step = 0; step < 20'000; ++step) {
        const u32 key = static_cast<u32>(random.below(200));
        switch (random.below(4)) {
            case 0:
            case 1: {
                const auto inserted = map.insert(key, std::make_unique<u32>(step));
                ASSERT_EQ(inserted.has_value(), model.emplace(key, step).second);
                if (!inserted) EXPECT_EQ(inserted.error(), Error::Eexist);
                break;
            }
            case 2: ASSERT_EQ(map.erase(key), model.erase(key) == 1); break;
            case 3: {
                const auto found = model.find(key);
                const auto* value = map.find(key);
                ASSERT_EQ(value != nullptr, found != model.end());
                if (value != nullptr) ASSERT_EQ(**value, found->second);
                const auto bound = model.lower_bound(key);
                const auto* entry = map.lower_bound(key);
                ASSERT_EQ(entry != nullptr, bound != model.end());
                if (entry != nullptr) ASSERT_EQ(entry->key, bound->first);
                break;
            }
        }
        if (step % 16 == 0) expect_equal(map, model);
        if (random.one_in(4000)) {
            map.clear();
            model.clear();
        }
    }
    expect_equal(map, model);
}

TEST(map, lets_a_loop_remove_the_current_entry) {
    Numbers map;
    for (u32 i = 0; i < 100; ++i) MUST(map.insert(i, std::make_unique<u32>(i)));
    for (auto& entry : map) {
        if (entry.key % 3 != 0) map.erase_entry(entry);
    }
    EXPECT_EQ(map.size(), 34U);
    for (auto* entry = map.lower_bound(0U); entry != nullptr; entry = Numbers::next(*entry))
        EXPECT_EQ(entry->key % 3, 0U);
}

TEST(map, finds_owned_text_by_borrowed_text) {
    Map<String, int> map;
    MUST(map.insert(MUST(String::from("one")), 1));
    ASSERT_NE(map.find(std::string_view("one")), nullptr);
    EXPECT_EQ(map.find(std::string_view("two")), nullptr);
}

TEST(map, is_unchanged_when_memory_is_short) {
    test::for_each_failing_allocation([] {
        Numbers map;
        Model model;
        for (u32 key = 0; key < 40; ++key) {
            const auto inserted = map.insert(key, std::make_unique<u32>(key));
            if (inserted) model.emplace(key, key);
            if (!inserted) EXPECT_EQ(inserted.error(), Error::Enomem);
            expect_equal(map, model);
        }
    });
}

}  // namespace
}  // namespace exo
