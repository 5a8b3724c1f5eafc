#include "utils/format.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo {
namespace {

template <class... Args>
std::string text_of(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    std::string text;
    format_to([&](std::string_view piece) { text += piece; }, format, args...);
    return text;
}

template <class... Args> std::string libc(const char* format, Args... args) {
    char buffer[128];
    std::snprintf(buffer, sizeof(buffer), format, args...);
    return buffer;
}

TEST(format, prints_each_kind_of_argument) {
    EXPECT_EQ(text_of("{} {} {} {}", 1, -2, 3U, 4ULL), "1 -2 3 4");
    EXPECT_EQ(text_of("{}{}", 'x', true), "xtrue");
    EXPECT_EQ(text_of("{} {}", "text", std::string_view("view")), "text view");
    EXPECT_EQ(text_of("{}", Error::Enoent), "2");
    int object = 0;
    EXPECT_EQ(text_of("{}", &object), libc("%p", static_cast<void*>(&object)));
    EXPECT_EQ(text_of("{{}} {{{}}}", 5), "{} {5}");
    EXPECT_EQ(text_of(""), "");
}

TEST(format, prints_the_extremes) {
    EXPECT_EQ(text_of("{}", INT64_MIN), "-9223372036854775808");
    EXPECT_EQ(text_of("{}", UINT64_MAX), "18446744073709551615");
    EXPECT_EQ(text_of("{:x}", UINT64_MAX), "ffffffffffffffff");
    EXPECT_EQ(text_of("{:x}", i8{-1}), "ff");
    EXPECT_EQ(text_of("{:x}", -1), "ffffffff");
}

TEST(format, pads_as_printf_does) {
    test::Random random;
    for (int i = 0; i < 2000; ++i) {
        const i64 value = static_cast<i64>(random.next()) >> random.below(64);
        const auto number = static_cast<long long>(value);
        EXPECT_EQ(text_of("{}", value), libc("%lld", number));
        EXPECT_EQ(text_of("{:12}", value), libc("%12lld", number));
        EXPECT_EQ(text_of("{:012}", value), libc("%012lld", number));
        EXPECT_EQ(text_of("{:x}", value), libc("%llx", number));
        EXPECT_EQ(text_of("{:016x}", value), libc("%016llx", number));
        EXPECT_EQ(text_of("{:8x}", value), libc("%8llx", number));
        EXPECT_EQ(text_of("{:7}|", "abc"), libc("%-7s|", "abc"));
    }
}

TEST(format, append_reports_that_memory_is_short) {
    test::for_each_failing_allocation([] {
        String text;
        const auto result =
            format_append(text, "{} {:032} {}", "word", 7, "and a rather long end of the line");
        if (!result) EXPECT_EQ(result.error(), Error::Enomem);
        if (result) EXPECT_EQ(text.size(), 4 + 1 + 32 + 1 + 33U);
    });
}

}  // namespace
}  // namespace exo
