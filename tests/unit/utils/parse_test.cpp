#include "utils/parse.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <string>

#include "support/random.hpp"

namespace exo {
namespace {

std::optional<u64> model(std::string_view text, int base) {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

TEST(parse_unsigned, agrees_with_from_chars_on_random_text) {
    test::Random random;
    constexpr std::string_view LETTERS = "0123456789abcdefABCDEF09999ffff1 -+xg";
    for (int i = 0; i < 50'000; ++i) {
        std::string text(random.below(22), ' ');
        for (char& c : text) c = LETTERS[random.below(random.one_in(4) ? LETTERS.size() : 10)];
        for (const u64 base : {2U, 8U, 10U, 16U})
            EXPECT_EQ(parse_unsigned(text, base), model(text, static_cast<int>(base))) << text;
    }
}

TEST(parse_unsigned, knows_the_greatest_number) {
    EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_unsigned("ffffffffffffffff", 16), UINT64_MAX);
    EXPECT_EQ(parse_unsigned("10000000000000000", 16), std::nullopt);
    EXPECT_EQ(parse_unsigned(""), std::nullopt);
}

TEST(bits, checked_arithmetic_notices_overflow) {
    EXPECT_EQ(checked_add(UINT64_MAX, 1), std::nullopt);
    EXPECT_EQ(checked_add(u64{1}, 2), 3U);
    EXPECT_EQ(checked_multiply(usize{1} << 63, 2), std::nullopt);
    EXPECT_EQ(checked_align_up(UINT64_MAX, PAGE_SIZE), std::nullopt);
    EXPECT_EQ(checked_align_up(u64{1}, PAGE_SIZE), PAGE_SIZE);
    EXPECT_EQ(align_down(u64{0x1fff}, PAGE_SIZE), 0x1000U);
    EXPECT_EQ(divide_round_up(UINT64_MAX, 2), u64{1} << 63);
}

}  // namespace
}  // namespace exo
