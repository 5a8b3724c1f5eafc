#include "utils/string.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "support/random.hpp"

namespace exo {
namespace {

TEST(string, behaves_like_its_model_under_random_operations) {
    test::Random random;
    String string;
    std::string model;
    for (int step = 0; step < 20'000; ++step) {
        switch (random.below(4)) {
            case 0: {
                const std::string piece(random.below(20), static_cast<char>('a' + random.below(26)));
                MUST(string.append(piece));
                model += piece;
                break;
            }
            case 1:
                MUST(string.push('\0'));
                model.push_back('\0');
                break;
            case 2: MUST(string.append("")); break;
            case 3:
                if (random.one_in(30)) {
                    string.clear();
                    model.clear();
                }
                break;
        }
        ASSERT_EQ(string.view(), model);
        ASSERT_EQ(string.size(), model.size());
        ASSERT_EQ(string.is_empty(), model.empty());
        ASSERT_EQ(string.c_str()[string.size()], '\0');
    }
}

TEST(string, appends_itself) {
    String string = MUST(String::from("abc"));
    for (int i = 0; i < 5; ++i) MUST(string.append(string));
    EXPECT_EQ(string.size(), 96U);
    EXPECT_EQ(string.view().substr(93), "abc");
}

TEST(string, is_ordered_like_its_text) {
    const String a = MUST(String::from("a"));
    const String b = MUST(String::from("b"));
    EXPECT_TRUE(a < b);
    EXPECT_TRUE(a < std::string_view("aa"));
    EXPECT_TRUE(std::string_view("aa") < b);
    EXPECT_TRUE(a == "a");
    EXPECT_EQ(std::strlen(String().c_str()), 0U);
}

TEST(string, keeps_its_text_when_memory_is_short) {
    test::for_each_failing_allocation([] {
        auto string = String::from("start");
        if (!string) {
            EXPECT_EQ(string.error(), Error::Enomem);
            return;
        }
        std::string model = "start";
        for (int i = 0; i < 50; ++i) {
            if (string->append("0123456789")) model += "0123456789";
            EXPECT_EQ(string->view(), model);
        }
    });
}

}  // namespace
}  // namespace exo
