#include "fs/tree/hashed_name.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace exo::fs {
namespace {

/// In memory of exactly its size, so that the address sanitizer sees a byte too many being read.
struct Exact {
    explicit Exact(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
        std::copy(text.begin(), text.end(), bytes.get());
    }
    std::string_view view() const { return {bytes.get(), size}; }
    std::unique_ptr<char[]> bytes;
    usize size;
};

TEST(hashed_name, does_not_depend_on_where_the_name_stands) {
    std::set<u32> hashes;
    for (usize length = 1; length <= 40; ++length) {
        std::string name;
        for (usize i = 0; i < length; ++i) name.push_back(static_cast<char>('a' + i % 26));
        const Exact alone(name);
        const HashedName expected = HashedName::of(alone.view());
        EXPECT_EQ(expected.text, name);
        EXPECT_TRUE(hashes.insert(expected.hash).second);
        for (const std::string before : {"/", "xyz/", "a long way before it/"}) {
            for (const std::string after : {"", "/", "/y", "/and a long way behind it"}) {
                const Exact path(before + name + after);
                const HashedName found = HashedName::scan(path.view(), path.bytes.get() + before.size());
                EXPECT_EQ(found.text, name);
                EXPECT_EQ(found.hash, expected.hash);
                EXPECT_EQ(found.first_word, expected.first_word);
            }
        }
    }
}

/// Names that have one hash with one key have different ones with the next: who does not know the key cannot choose them.
TEST(hashed_name, collisions_depend_on_the_key) {
    constexpr usize COUNT = 200'000;
    constexpr NameHashKey KEYS[] = {{1, 0x1234'5678'9abc'def1}, {0x55aa, 0xfeed'f00d'0bad'cafe}};
    const NameHashKey saved = detail::name_hash_key;
    std::vector<std::pair<std::string, std::string>> colliding[2];
    for (usize k = 0; k < 2; ++k) {
        set_name_hash_key(KEYS[k]);
        std::map<u32, std::string> seen;
        for (usize i = 0; i < COUNT; ++i) {
            const std::string name = "name" + std::to_string(i * i) + (i % 2 == 0 ? "" : ".of some length");
            const auto [place, is_new] = seen.emplace(HashedName::of(name).hash, name);
            if (!is_new) colliding[k].emplace_back(place->second, name);
        }
        // As many as chance makes among 2^32: COUNT^2 / 2^33 = 4.7.
        EXPECT_LT(colliding[k].size(), 25U);
    }
    ASSERT_FALSE(colliding[0].empty() && colliding[1].empty());
    for (usize k = 0; k < 2; ++k) {
        set_name_hash_key(KEYS[1 - k]);
        for (const auto& [a, b] : colliding[k])
            EXPECT_NE(HashedName::of(a).hash, HashedName::of(b).hash) << a;
    }
    set_name_hash_key(saved);
}

}  // namespace
}  // namespace exo::fs
