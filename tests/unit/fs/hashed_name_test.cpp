#include "fs/hashed_name.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

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

}  // namespace
}  // namespace exo::fs
