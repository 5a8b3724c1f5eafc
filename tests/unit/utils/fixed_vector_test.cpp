#include "utils/fixed_vector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/must.hpp"
#include "support/random.hpp"
#include "utils/bytes.hpp"

namespace exo {
namespace {

TEST(fixed_vector, behaves_like_its_model_under_random_operations) {
    test::Random random;
    FixedVector<u32, 16> vector;
    std::vector<u32> model;
    for (u32 step = 0; step < 20'000; ++step) {
        const usize place = random.below(model.size() + 1);
        switch (random.below(3)) {
            case 0:
            case 1: {
                const auto inserted = random.one_in(2) ? vector.insert(place, step) : vector.push(step);
                (void)inserted;
                ASSERT_EQ(inserted.has_value(), model.size() < 16);
                if (inserted) {
                    const auto found = std::ranges::find(vector, step) - vector.begin();
                    model.insert(model.begin() + found, step);
                }
                break;
            }
            case 2:
                if (place < model.size()) {
                    vector.erase(place);
                    model.erase(model.begin() + static_cast<isize>(place));
                }
                break;
        }
        ASSERT_TRUE(std::ranges::equal(vector, model));
    }
}

TEST(bytes, slices_and_loads_stay_inside) {
    const u8 raw[] = {1, 2, 3, 4, 5};
    const std::span<const u8> bytes(raw);
    EXPECT_EQ(load<u32>(bytes, 1), 0x05040302U);
    EXPECT_EQ(load<u32>(bytes, 2), std::nullopt);
    EXPECT_EQ(load<u8>(bytes, UINT64_MAX), std::nullopt);
    EXPECT_EQ(slice(bytes, 5, 0)->size(), 0U);
    EXPECT_FALSE(slice(bytes, 6, 0).has_value());
    EXPECT_FALSE(slice(bytes, 1, UINT64_MAX).has_value());
}

}  // namespace
}  // namespace exo
