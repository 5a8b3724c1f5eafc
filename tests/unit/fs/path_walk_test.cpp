// Every rule and every errno of path_resolution(7).
#include "fs/machine.hpp"

namespace exo::fs {
namespace {

using test::FsMachine;

class PathWalkTest : public testing::Test {
  protected:
    PathWalkTest() {
        MUST(machine.mkdir("/a"));
        MUST(machine.mkdir("/a/b"));
        MUST(machine.make_file("/a/f", "content"));
        MUST(machine.symlink("a", "/la"));
        MUST(machine.symlink("/a/b", "/lab"));
        MUST(machine.symlink("f", "/a/lf"));
        MUST(machine.symlink("nowhere", "/dangling"));
        MUST(machine.symlink("loop", "/loop"));
    }
    std::string where(std::string_view path, WalkFlags flags = WalkFlags::FollowLast) {
        const auto found = machine.find(path, flags);
        return found ? machine.path_of(*found) : "error " + std::to_string(static_cast<int>(found.error()));
    }
    FsMachine machine;
};

TEST_F(PathWalkTest, finds_places) {
    EXPECT_EQ(where("/"), "/");
    EXPECT_EQ(where("//a///b/"), "/a/b");
    EXPECT_EQ(where("a/./b/../f"), "/a/f");
    EXPECT_EQ(where("/.."), "/");
    EXPECT_EQ(where("/../../a"), "/a");
    EXPECT_EQ(where("."), "/");
    EXPECT_EQ(where("/la/b"), "/a/b");
    EXPECT_EQ(where("/la"), "/a");
    EXPECT_EQ(where("/la", WalkFlags::None), "/la");
    EXPECT_EQ(where("/la/", WalkFlags::None), "/a") << "a slash behind a link follows it";
    EXPECT_EQ(where("/lab/../f"), "/a/f") << "'..' leaves where the link led";
    EXPECT_EQ(where("/a/lf"), "/a/f");
}

TEST_F(PathWalkTest, starts_where_it_is_told) {
    const Path a = MUST(machine.find("/a"));
    const Path f = MUST(machine.find("/a/f"));
    EXPECT_EQ(machine.path_of(MUST(resolve(machine.caller(), {&a}, "b", WalkFlags::None))), "/a/b");
    EXPECT_EQ(machine.path_of(MUST(resolve(machine.caller(), {&a}, "/", WalkFlags::None))), "/");
    EXPECT_ERROR(Error::Enotdir, resolve(machine.caller(), {&f}, "b", WalkFlags::None));
    EXPECT_ERROR(Error::Enoent, resolve(machine.caller(), {&f}, "", WalkFlags::None));
    EXPECT_EQ(MUST(resolve(machine.caller(), {&f}, "", WalkFlags::AllowEmpty)), f);
    machine.context->set_working_directory(a);
    EXPECT_EQ(where("b/.."), "/a");
}

TEST_F(PathWalkTest, stays_below_a_changed_root) {
    machine.context->set_root(MUST(machine.find("/a")));
    EXPECT_EQ(where("/"), "/");
    EXPECT_EQ(where("/../../b"), "/b");
    EXPECT_ERROR(Error::Enoent, machine.find("/la"));
}

TEST_F(PathWalkTest, errors) {
    EXPECT_ERROR(Error::Enoent, machine.find(""));
    EXPECT_ERROR(Error::Enoent, machine.find("/x"));
    EXPECT_ERROR(Error::Enoent, machine.find("/x/y"));
    EXPECT_ERROR(Error::Enoent, machine.find("/dangling"));
    EXPECT_ERROR(Error::Enotdir, machine.find("/a/f/"));
    EXPECT_ERROR(Error::Enotdir, machine.find("/a/f/.."));
    EXPECT_ERROR(Error::Enotdir, machine.find("/a/f/x"));
    EXPECT_ERROR(Error::Enotdir, machine.find("/a/lf/x"));
    EXPECT_ERROR(Error::Enotdir, machine.find("/a/f", WalkFlags::RequireDirectory));
    EXPECT_ERROR(Error::Eloop, machine.find("/loop"));
    EXPECT_ERROR(Error::Eloop, machine.find("/loop/x"));
    EXPECT_ERROR(Error::Enametoolong, machine.find("/" + std::string(256, 'n')));
    EXPECT_ERROR(Error::Enoent, machine.find("/" + std::string(255, 'n')));
    EXPECT_ERROR(Error::Enametoolong, machine.find(std::string(4096, '/')));
    EXPECT_EQ(where(std::string(4095, '/')), "/");
}

TEST_F(PathWalkTest, follows_forty_links_and_no_more) {
    MUST(machine.symlink("a", "/l0"));
    for (int i = 1; i < 41; ++i) MUST(machine.symlink("l" + std::to_string(i - 1), "/l" + std::to_string(i)));
    EXPECT_EQ(where("/l39"), "/a");
    EXPECT_ERROR(Error::Eloop, machine.find("/l40"));
    // Not nested, but too many in all.
    std::string path;
    for (int i = 0; i < 40; ++i) path += "/la/..";
    EXPECT_EQ(where(path), "/");
    EXPECT_ERROR(Error::Eloop, machine.find(path + "/la"));
}

TEST_F(PathWalkTest, links_within_links_keep_their_rests) {
    MUST(machine.mkdir("/a/b/c"));
    MUST(machine.make_file("/a/b/c/deep"));
    MUST(machine.symlink("a/b", "/one"));
    MUST(machine.symlink("one/c", "/two"));
    MUST(machine.symlink("/two/../c", "/three"));
    EXPECT_EQ(where("/three/deep"), "/a/b/c/deep");
    EXPECT_EQ(where("/three/../.."), "/a");
    MUST(machine.symlink("/a/f/", "/slashed"));
    EXPECT_ERROR(Error::Enotdir, machine.find("/slashed"));
}

TEST_F(PathWalkTest, needs_search_permission_on_the_way) {
    MUST(machine.mkdir("/closed", 0600));
    MUST(machine.make_file("/closed/f"));
    machine.credentials = test::user(1000);
    EXPECT_ERROR(Error::Eacces, machine.find("/closed/f"));
    EXPECT_ERROR(Error::Eacces, machine.find("/closed/../a"));
    EXPECT_EQ(where("/closed"), "/closed");
    machine.credentials.privileges = 1ULL << static_cast<u32>(Privilege::DacReadSearch);
    EXPECT_EQ(where("/closed/f"), "/closed/f");
}

TEST_F(PathWalkTest, deleted_directories) {
    MUST(machine.mkdir("/gone"));
    const Path gone = MUST(machine.find("/gone"));
    machine.context->set_working_directory(gone);
    MUST(machine.rmdir("/gone"));
    EXPECT_ERROR(Error::Enoent, machine.find("x"));
    EXPECT_ERROR(Error::Enoent, machine.make_file("x"));
    EXPECT_ERROR(Error::Enoent, machine.mkdir("x"));
    EXPECT_EQ(where(".."), "/");
    String text;
    EXPECT_EQ(MUST(append_path(gone, machine.context->root(), text)), PathState::Deleted);
    EXPECT_EQ(text.view(), "/gone");
    EXPECT_ERROR(Error::Enoent, machine.list("."));
}

TEST_F(PathWalkTest, paths_outside_the_root_are_told) {
    const Path f = MUST(machine.find("/a/f"));
    String text;
    EXPECT_EQ(MUST(append_path(f, MUST(machine.find("/a/b")), text)), PathState::Unreachable);
    text.clear();
    EXPECT_EQ(MUST(append_path(f, MUST(machine.find("/a")), text)), PathState::Reachable);
    EXPECT_EQ(text.view(), "/f");
}

TEST_F(PathWalkTest, a_chain_of_deleted_directories_goes_without_recursion) {
    std::string path;
    for (int i = 0; i < 2000; ++i) {
        MUST(machine.mkdir("d"));
        machine.context->set_working_directory(MUST(machine.find("d")));
    }
    const Path deepest = machine.context->working_directory();
    for (int i = 0; i < 2000; ++i) {
        machine.context->set_working_directory(MUST(machine.find("..")));
        MUST(machine.rmdir("d"));
    }
    EXPECT_EQ(machine.context->working_directory(), machine.context->root());
    EXPECT_TRUE(deepest.dentry->is_deleted());
}

}  // namespace
}  // namespace exo::fs
