// Extended attributes: who may change security ones (which Debian's kernel lets everybody do), and who pays for them.
#include "fs/node/extended_attributes.hpp"

#include "fs/machine.hpp"
#include "support/failing_allocations.hpp"

namespace exo::fs {
namespace {

using abi::XattrFlags;
using test::FsMachine;
using test::user;

std::span<const u8> bytes(std::string_view text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

class ExtendedAttributesTest : public testing::Test {
  protected:
    ExtendedAttributesTest() : machine({.max_bytes = 64 * PAGE_SIZE, .mode = 0755}) {
        MUST(machine.make_file("/f", "x", 0666));
    }
    Inode& file() { return MUST(machine.find("/f")).inode(); }
    Result<> set(std::string_view name, std::string_view value, XattrFlags flags = XattrFlags::None) {
        return set_extended_attribute(file(), name, bytes(value), flags, machine.credentials);
    }
    u64 free_pages() {
        abi::statfs out{};
        MUST(file().file_system().statistics(out));
        return out.f_bfree;
    }
    FsMachine machine;
};

TEST_F(ExtendedAttributesTest, only_the_privileged_change_security_ones) {
    MUST(set("security.x", "1"));
    machine.credentials = user(1000);
    EXPECT_ERROR(Error::Eperm, set("security.x", "2"));
    EXPECT_ERROR(Error::Eperm, set("security.capability", ""));
    EXPECT_ERROR(Error::Eperm, remove_extended_attribute(file(), "security.x", machine.credentials));
    EXPECT_ERROR(Error::Eperm, remove_extended_attribute(file(), "security.capability", machine.credentials));
    EXPECT_EQ(MUST(get_extended_attribute(file(), "security.x", machine.credentials)).size(), 1U);
    machine.credentials.privileges = 1ULL << static_cast<u32>(Privilege::Setfcap);
    EXPECT_ERROR(Error::Eperm, set("security.x", "2"));
    MUST(set("security.capability", ""));
}

TEST_F(ExtendedAttributesTest, the_file_system_pays) {
    const u64 before = free_pages();
    const std::string large(abi::MAX_XATTR_VALUE, 'v');
    usize count = 0;
    while (set("trusted." + std::to_string(count), large)) ++count;
    EXPECT_EQ(count, 3U) << "of 63 free pages each takes 16";
    EXPECT_ERROR(Error::Enospc, set("trusted.more", large));
    EXPECT_LE(free_pages(), before - 48);
    MUST(set("trusted.0", "small", XattrFlags::Replace));
    MUST(set("trusted.more", large));
    MUST(remove_extended_attribute(file(), "trusted.more", machine.credentials));
    EXPECT_GE(free_pages(), before - 33);
    MUST(machine.unlink("/f"));
    MUST(machine.make_file("/f", "x"));
    EXPECT_EQ(free_pages(), before);
}

TEST_F(ExtendedAttributesTest, without_memory_nothing_has_changed) {
    MUST(set("trusted.old", "old"));
    const u64 before = free_pages();
    const std::string large(2 * PAGE_SIZE, 'v');
    test::for_each_failing_allocation([&] {
        const auto done = set("trusted.new", large);
        if (done) {
            MUST(remove_extended_attribute(file(), "trusted.new", machine.credentials));
        } else {
            EXPECT_EQ(done.error(), Error::Enomem);
        }
        EXPECT_EQ(free_pages(), before);
        EXPECT_ERROR(Error::Enodata, get_extended_attribute(file(), "trusted.new", machine.credentials));
    });
}

TEST_F(ExtendedAttributesTest, ramfs_has_none) {
    auto tree = MUST(tmpfs::create({.mode = 0755}, "ramfs"));
    Inode& root = *tree.root->inode();
    EXPECT_ERROR(Error::Eopnotsupp, set_extended_attribute(root, "trusted.x", bytes("1"), XattrFlags::None,
                                                           machine.credentials));
    EXPECT_ERROR(Error::Eopnotsupp, get_extended_attribute(root, "trusted.x", machine.credentials));
    EXPECT_TRUE(MUST(list_extended_attributes(root, machine.credentials)).is_empty());
}

}  // namespace
}  // namespace exo::fs
