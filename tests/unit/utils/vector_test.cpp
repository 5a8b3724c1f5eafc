#include "utils/vector.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo {
namespace {

using test::for_each_failing_allocation;

/// Moves but does not copy, and owns memory, so that the sanitizer sees a lost or doubly destroyed item.
using Item = std::unique_ptr<u32>;

void expect_equal(const Vector<Item>& actual, const std::vector<u32>& model) {
    ASSERT_EQ(actual.size(), model.size());
    for (usize i = 0; i < model.size(); ++i) ASSERT_EQ(*actual[i], model[i]);
}

TEST(vector, behaves_like_its_model_under_random_operations) {
    test::Random random;
    Vector<Item> vector;
    std::vector<u32> model;
    for (u32 step = 0; step < 20'000; ++step) {
        switch (random.below(6)) {
            case 0:
            case 1:
                MUST(vector.push(std::make_unique<u32>(step)));
                model.push_back(step);
                break;
            case 2:
                if (!model.empty()) {
                    EXPECT_EQ(*vector.take_back(), model.back());
                    model.pop_back();
                }
                break;
            case 3:
                if (!model.empty()) {
                    const usize index = random.below(model.size());
                    vector.erase(index);
                    model.erase(model.begin() + static_cast<isize>(index));
                }
                break;
            case 4: MUST(vector.reserve(random.below(64))); break;
            case 5:
                if (random.one_in(50)) {
                    vector.clear();
                    model.clear();
                }
                break;
        }
        expect_equal(vector, model);
    }
}

TEST(vector, resize_value_initialises_and_destroys) {
    Vector<u32> vector;
    MUST(vector.resize(5));
    for (const u32 item : vector) EXPECT_EQ(item, 0U);
    vector[4] = 7;
    MUST(vector.resize(4));
    MUST(vector.resize(5));
    EXPECT_EQ(vector[4], 0U);
}

TEST(vector, moves_leave_the_source_empty) {
    Vector<Item> source;
    MUST(source.push(std::make_unique<u32>(1)));
    Vector<Item> target = std::move(source);
    EXPECT_TRUE(source.is_empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    MUST(source.push(std::make_unique<u32>(2)));
    target = std::move(source);
    expect_equal(target, {2});
}

TEST(vector, appends_its_own_items) {
    Vector<u32> vector;
    for (u32 i = 0; i < 4; ++i) MUST(vector.push(i));
    MUST(vector.append(vector.span()));
    ASSERT_EQ(vector.size(), 8U);
    for (u32 i = 0; i < 8; ++i) EXPECT_EQ(vector[i], i % 4);
}

TEST(vector, refuses_sizes_that_overflow) {
    Vector<u64> vector;
    EXPECT_ERROR(Error::Enomem, vector.reserve(SIZE_MAX / 4));
    MUST(vector.push(1));
    EXPECT_ERROR(Error::Enomem, vector.resize(SIZE_MAX));
    EXPECT_EQ(vector.size(), 1U);
}

TEST(vector, keeps_its_content_when_memory_is_short) {
    for_each_failing_allocation([] {
        Vector<Item> vector;
        std::vector<u32> model;
        for (u32 i = 0; i < 100; ++i) {
            if (vector.push(std::make_unique<u32>(i))) model.push_back(i);
            expect_equal(vector, model);
        }
        EXPECT_GE(model.size(), 99U);
        const auto copy = Vector<u32>::copy_of(model);
        EXPECT_TRUE(copy.has_value() || copy.error() == Error::Enomem);
    });
}

TEST(vector_death, index_out_of_bounds_panics) {
    Vector<u32> vector;
    MUST(vector.push(1));
    EXPECT_DEATH((void)vector[1], "");
    vector.clear();
    EXPECT_DEATH(vector.pop(), "");
}

}  // namespace
}  // namespace exo
