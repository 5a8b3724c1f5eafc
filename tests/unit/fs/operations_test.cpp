// What the system calls on names and attributes say, case by case, after their man pages.
#include "fs/machine.hpp"

namespace exo::fs {
namespace {

using abi::RenameFlags;
using test::FsMachine;
using test::user;

class OperationsTest : public testing::Test {
  protected:
    OperationsTest() {
        MUST(machine.mkdir("/d"));
        MUST(machine.make_file("/f", "hello"));
        MUST(machine.symlink("f", "/l"));
        MUST(machine.symlink("nowhere", "/dangling"));
    }
    u32 mode_of(std::string_view path) { return MUST(machine.find(path)).inode().mode() & abi::mode::PERMISSIONS; }
    Target target(const Path& path) { return Target(path); }
    FsMachine machine;
};

TEST_F(OperationsTest, open_without_creating) {
    EXPECT_ERROR(Error::Enoent, machine.open("/x"));
    EXPECT_ERROR(Error::Enotdir, machine.open("/f", OpenFlags::Directory));
    EXPECT_ERROR(Error::Eisdir, machine.open("/d", OpenFlags::Wronly));
    EXPECT_ERROR(Error::Eloop, machine.open("/l", OpenFlags::Nofollow));
    EXPECT_ERROR(Error::Enotdir, machine.open("/l", OpenFlags::Nofollow | OpenFlags::Directory));
    EXPECT_ERROR(Error::Enoent, machine.open("/dangling"));
    EXPECT_ERROR(Error::Einval, machine.open("/f", OpenFlags::Direct));
    EXPECT_EQ(MUST(machine.content("/l")), "hello");
    EXPECT_TRUE(MUST(machine.open("/l", OpenFlags::Path | OpenFlags::Nofollow))->inode().is_symlink());
    EXPECT_ERROR(Error::Ebadf, FsMachine::read(*MUST(machine.open("/f", OpenFlags::Path))));
    EXPECT_ERROR(Error::Eisdir, FsMachine::read(*MUST(machine.open("/d"))));
}

TEST_F(OperationsTest, open_creating) {
    constexpr OpenFlags CREATE = OpenFlags::Creat | OpenFlags::Rdwr;
    EXPECT_ERROR(Error::Eexist, machine.open("/f", CREATE | OpenFlags::Excl));
    EXPECT_ERROR(Error::Eexist, machine.open("/l", CREATE | OpenFlags::Excl));
    EXPECT_ERROR(Error::Eexist, machine.open("/dangling", CREATE | OpenFlags::Excl));
    EXPECT_ERROR(Error::Eisdir, machine.open("/d", CREATE));
    EXPECT_ERROR(Error::Eisdir, machine.open("/", CREATE));
    EXPECT_ERROR(Error::Eisdir, machine.open("/d/..", CREATE));
    EXPECT_ERROR(Error::Eisdir, machine.open("/new/", CREATE));
    EXPECT_ERROR(Error::Enoent, machine.open("/x/y", CREATE));
    EXPECT_ERROR(Error::Enotdir, machine.open("/f/y", CREATE));
    EXPECT_ERROR(Error::Eloop, machine.open("/dangling", CREATE | OpenFlags::Nofollow));
    MUST(machine.open("/dangling", CREATE));
    EXPECT_TRUE(machine.find("/nowhere").has_value()) << "created where the link leads";
    MUST(machine.symlink("d", "/to_d"));
    MUST(machine.symlink("to_d/made", "/through_two"));
    MUST(machine.open("/through_two", CREATE));
    EXPECT_TRUE(machine.find("/d/made").has_value());
    // The mode does not bind who creates.
    machine.context->set_umask(022);
    auto file = MUST(machine.open("/readonly", OpenFlags::Creat | OpenFlags::Wronly, 0466));
    EXPECT_EQ(MUST(FsMachine::write(*file, "x")), 1U);
    EXPECT_EQ(mode_of("/readonly"), 0444U);
}

TEST_F(OperationsTest, truncation_on_open) {
    MUST(machine.open("/f", OpenFlags::Wronly | OpenFlags::Trunc));
    EXPECT_EQ(MUST(machine.content("/f")), "");
}

TEST_F(OperationsTest, temporary_files) {
    EXPECT_ERROR(Error::Einval, machine.open("/d", OpenFlags::Tmpfile));
    EXPECT_ERROR(Error::Enotdir, machine.open("/f", OpenFlags::Tmpfile | OpenFlags::Rdwr));
    auto file = MUST(machine.open("/d", OpenFlags::Tmpfile | OpenFlags::Rdwr, 0600));
    MUST(FsMachine::write(*file, "text"));
    EXPECT_EQ(file->inode().links(), 0U);
    EXPECT_EQ(MUST(machine.list("/d")).size(), 2U);
    MUST(make_link(machine.caller(), {&file->path()}, "", {}, "/d/named", abi::AtFlags::EmptyPath));
    EXPECT_EQ(MUST(machine.content("/d/named")), "text");
    EXPECT_EQ(file->inode().links(), 1U);
    auto private_file = MUST(machine.open("/d", OpenFlags::Tmpfile | OpenFlags::Rdwr | OpenFlags::Excl));
    EXPECT_ERROR(Error::Enoent, make_link(machine.caller(), {&private_file->path()}, "", {}, "/d/other",
                                          abi::AtFlags::EmptyPath));
}

TEST_F(OperationsTest, making_names) {
    EXPECT_ERROR(Error::Eexist, machine.mkdir("/"));
    EXPECT_ERROR(Error::Eexist, machine.mkdir("/d/."));
    EXPECT_ERROR(Error::Eexist, machine.mkdir("/dangling"));
    MUST(machine.mkdir("/slash/"));
    EXPECT_ERROR(Error::Enoent, machine.symlink("", "/s"));
    EXPECT_ERROR(Error::Enoent, machine.symlink("x", "/s/"));
    EXPECT_ERROR(Error::Eperm, make_node(machine.caller(), {}, "/n", abi::mode::DIRECTORY, {}));
    EXPECT_ERROR(Error::Einval, make_node(machine.caller(), {}, "/n", 0170000, {}));
    MUST(make_node(machine.caller(), {}, "/n", 0600, {}));
    EXPECT_TRUE(MUST(machine.find("/n")).inode().is_regular());
    MUST(make_node(machine.caller(), {}, "/device", abi::mode::CHARACTER_DEVICE | 0666, {240, 3}));
    EXPECT_EQ(MUST(machine.find("/device")).inode().device(), (abi::DeviceNumber{240, 3}));
    EXPECT_ERROR(Error::Enxio, machine.open("/device")) << "no driver has this number";
    MUST(make_node(machine.caller(), {}, "/socket", abi::mode::SOCKET | 0666, {}));
    EXPECT_ERROR(Error::Enxio, machine.open("/socket"));
    machine.credentials = user(1000);
    EXPECT_ERROR(Error::Eacces, machine.mkdir("/mine"));
    machine.credentials.privileges = 1ULL << static_cast<u32>(Privilege::DacOverride);
    EXPECT_ERROR(Error::Eperm, make_node(machine.caller(), {}, "/dev", abi::mode::BLOCK_DEVICE, {8, 0}));
}

TEST_F(OperationsTest, removing_names) {
    EXPECT_ERROR(Error::Eisdir, machine.unlink("/d"));
    EXPECT_ERROR(Error::Eisdir, machine.unlink("/d/"));
    EXPECT_ERROR(Error::Eisdir, machine.unlink("/"));
    EXPECT_ERROR(Error::Enotdir, machine.unlink("/f/"));
    EXPECT_ERROR(Error::Enoent, machine.unlink("/x"));
    EXPECT_ERROR(Error::Enotdir, machine.rmdir("/f"));
    EXPECT_ERROR(Error::Einval, machine.rmdir("/d/."));
    EXPECT_ERROR(Error::Enotempty, machine.rmdir("/d/.."));
    EXPECT_ERROR(Error::Ebusy, machine.rmdir("/"));
    MUST(machine.mkdir("/d/e"));
    EXPECT_ERROR(Error::Enotempty, machine.rmdir("/d"));
    MUST(machine.rmdir("/d/e/"));
    MUST(machine.unlink("/l"));
    EXPECT_TRUE(machine.find("/f").has_value());
}

TEST_F(OperationsTest, sticky_directories) {
    MUST(machine.mkdir("/tmp", 01777));
    machine.credentials = user(1000);
    MUST(machine.make_file("/tmp/mine"));
    machine.credentials = user(2000);
    EXPECT_ERROR(Error::Eperm, machine.unlink("/tmp/mine"));
    EXPECT_ERROR(Error::Eperm, machine.rename("/tmp/mine", "/tmp/yours"));
    MUST(machine.make_file("/tmp/yours"));
    EXPECT_ERROR(Error::Eperm, machine.rename("/tmp/yours", "/tmp/mine"));
    machine.credentials = user(1000);
    MUST(machine.unlink("/tmp/mine"));
}

TEST_F(OperationsTest, renaming) {
    EXPECT_ERROR(Error::Einval, machine.rename("/f", "/g", RenameFlags::Whiteout | RenameFlags::Exchange));
    EXPECT_ERROR(Error::Einval, machine.rename("/f", "/g", static_cast<RenameFlags>(8)));
    EXPECT_ERROR(Error::Einval, machine.rename("/f", "/g", RenameFlags::Noreplace | RenameFlags::Exchange));
    EXPECT_ERROR(Error::Ebusy, machine.rename("/", "/x"));
    EXPECT_ERROR(Error::Ebusy, machine.rename("/d/.", "/x"));
    EXPECT_ERROR(Error::Ebusy, machine.rename("/f", "/d/.."));
    EXPECT_ERROR(Error::Eexist, machine.rename("/f", "/d/..", RenameFlags::Noreplace));
    EXPECT_ERROR(Error::Enotdir, machine.rename("/f/", "/g"));
    EXPECT_ERROR(Error::Enotdir, machine.rename("/f", "/g/"));
    MUST(machine.rename("/d", "/e/"));
    EXPECT_ERROR(Error::Einval, machine.rename("/e", "/e/x"));
    auto open_file = MUST(machine.open("/f"));
    MUST(machine.make_file("/g", "other"));
    MUST(machine.rename("/g", "/f"));
    EXPECT_EQ(machine.path_of(open_file->path()), "/f") << "the replaced file keeps its name";
    EXPECT_TRUE(open_file->path().dentry->is_deleted());
    EXPECT_EQ(MUST(FsMachine::read(*open_file)), "hello");
    EXPECT_EQ(MUST(machine.content("/f")), "other");
    auto moved = MUST(machine.open("/f"));
    MUST(machine.rename("/f", "/e/a rather long name that lies in memory of its own"));
    EXPECT_EQ(machine.path_of(moved->path()), "/e/a rather long name that lies in memory of its own");
}

TEST_F(OperationsTest, moving_a_directory_needs_write_permission_on_it) {
    MUST(machine.mkdir("/home", 0777));
    MUST(machine.mkdir("/home/other", 0777));
    machine.credentials = user(1000);
    MUST(machine.mkdir("/home/mine", 0555));
    EXPECT_ERROR(Error::Eacces, machine.rename("/home/mine", "/home/other/mine"));
    MUST(machine.rename("/home/mine", "/home/renamed"));
}

TEST_F(OperationsTest, modes) {
    const Path f = MUST(machine.find("/f"));
    MUST(change_mode(target(f), 07644, machine.credentials));
    EXPECT_EQ(mode_of("/f"), 07644U);
    EXPECT_ERROR(Error::Eperm, change_mode(target(f), 0600, user(1000)));
    EXPECT_ERROR(Error::Eopnotsupp, change_mode(target(MUST(machine.find("/l", WalkFlags::None))), 0600, {}));
    MUST(change_owner(target(f), 1000, 100, machine.credentials));
    EXPECT_EQ(mode_of("/f"), 03644U) << "a change of owner takes set-user-id away";
    MUST(change_mode(target(f), 06755, user(1000, 200)));
    EXPECT_EQ(mode_of("/f"), 04755U) << "not a member of the group";
    auto file = MUST(machine.open("/f", OpenFlags::Wronly));
    MUST(FsMachine::write(*file, "x"));
    EXPECT_EQ(mode_of("/f"), 04755U) << "the privileged may keep it";
    auto buffer = vm::InBuffer::from_kernel({reinterpret_cast<const u8*>("y"), 1});
    const Credentials writer = user(1000);
    MUST(file->write(buffer, {.credentials = writer}));
    EXPECT_EQ(mode_of("/f"), 0755U);
}

TEST_F(OperationsTest, owners) {
    const Path f = MUST(machine.find("/f"));
    MUST(change_owner(target(f), 1000, 100, machine.credentials));
    EXPECT_ERROR(Error::Eperm, change_owner(target(f), 0, std::nullopt, user(1000)));
    EXPECT_ERROR(Error::Eperm, change_owner(target(f), std::nullopt, 7, user(1000)));
    MUST(change_owner(target(f), 1000, 100, user(1000, 100)));
    const GroupId groups[] = {7};
    Credentials member = user(1000);
    member.groups = groups;
    MUST(change_owner(target(f), std::nullopt, 7, member));
    EXPECT_EQ(f.inode().gid(), 7U);
}

TEST_F(OperationsTest, setgid_directories_hand_down_their_group) {
    MUST(machine.mkdir("/shared", 0777));
    const Path shared = MUST(machine.find("/shared"));
    MUST(change_owner(target(shared), 0, 55, machine.credentials));
    MUST(change_mode(target(shared), 02777, machine.credentials));
    machine.credentials = user(1000, 100);
    MUST(machine.make_file("/shared/f", "", 02775));
    MUST(machine.mkdir("/shared/d", 0700));
    EXPECT_EQ(MUST(machine.find("/shared/f")).inode().gid(), 55U);
    EXPECT_EQ(mode_of("/shared/f"), 0775U);
    EXPECT_EQ(mode_of("/shared/d"), 02700U);
}

TEST_F(OperationsTest, times) {
    using Kind = TimeChange::Kind;
    const Path f = MUST(machine.find("/f"));
    const TimeChange set{Kind::Set, {-5, 7}};
    const TimeChange now{Kind::Now, {}};
    const TimeChange omit{};
    MUST(change_times(target(f), set, omit, machine.credentials));
    EXPECT_EQ(f.inode().times().access, (Timestamp{-5, 7}));
    EXPECT_ERROR(Error::Eperm, change_times(target(f), set, set, user(1000)));
    EXPECT_ERROR(Error::Eperm, change_times(target(f), now, omit, user(1000)));
    EXPECT_ERROR(Error::Eacces, change_times(target(f), now, now, user(1000)));
    MUST(change_times(target(f), omit, omit, user(1000)));
    MUST(change_mode(target(f), 0666, machine.credentials));
    MUST(change_times(target(f), now, now, user(1000)));
    EXPECT_GT(f.inode().times().access.seconds, -1);
}

TEST_F(OperationsTest, access_permissions) {
    const auto check = [&](std::string_view path, abi::AccessMode mode) {
        return check_access(machine.caller(), {}, path, mode, WalkFlags::FollowLast);
    };
    using abi::AccessMode;
    MUST(check("/f", AccessMode::Read | AccessMode::Write));
    EXPECT_ERROR(Error::Eacces, check("/f", AccessMode::Execute))
        << "even root executes only what somebody may";
    machine.credentials = user(1000);
    EXPECT_ERROR(Error::Eacces, check("/f", AccessMode::Write));
    MUST(check("/f", AccessMode::Read));
    EXPECT_ERROR(Error::Enoent, check("/x", AccessMode::Exists));
    EXPECT_ERROR(Error::Eacces, machine.open("/f", OpenFlags::Rdwr));
    EXPECT_ERROR(Error::Eacces, machine.open("/f", OpenFlags::Trunc));
    EXPECT_ERROR(Error::Eperm, machine.open("/f", OpenFlags::Noatime));
}

TEST_F(OperationsTest, executables_are_not_written) {
    const Path f = MUST(machine.find("/f"));
    MUST(f.inode().deny_write());
    EXPECT_ERROR(Error::Etxtbsy, machine.open("/f", OpenFlags::Wronly));
    EXPECT_ERROR(Error::Etxtbsy, fs::truncate(machine.caller(), {}, "/f", 0, {}));
    f.inode().end_deny_write();
    {
        auto file = MUST(machine.open("/f", OpenFlags::Wronly));
        EXPECT_ERROR(Error::Etxtbsy, f.inode().deny_write());
    }
    MUST(f.inode().deny_write());
    f.inode().end_deny_write();
}

TEST_F(OperationsTest, directory_cookies_survive_removals) {
    for (int i = 0; i < 20; ++i) MUST(machine.make_file("/d/" + std::to_string(i)));
    auto directory = MUST(machine.open("/d"));
    std::vector<std::string> names;
    u64 fifth = 0;
    const auto take = [&](usize limit) {
        MUST(directory->read_directory([&](const DirectoryEntry& entry) {
            if (limit == 0) return false;
            --limit;
            names.emplace_back(entry.name);
            if (names.size() == 5) fifth = entry.next_cookie;
            return true;
        }));
    };
    take(7);
    for (int i = 0; i < 20; i += 2) MUST(machine.unlink("/d/" + std::to_string(i)));
    MUST(machine.make_file("/d/new"));
    take(100);
    // The newest first, and what is made meanwhile lies before the place that was reached.
    const std::vector<std::string> expected{".",  "..", "19", "18", "17", "16", "15",
                                            "13", "11", "9",  "7",  "5",  "3",  "1"};
    EXPECT_EQ(names, expected);
    MUST(directory->seek(static_cast<i64>(fifth), abi::SeekWhence::Set));
    names.clear();
    take(1);
    EXPECT_EQ(names[0], "15");
    EXPECT_ERROR(Error::Einval, directory->seek(0, abi::SeekWhence::End));
}

TEST_F(OperationsTest, status_flags) {
    auto file = MUST(machine.open("/f", OpenFlags::Rdwr | OpenFlags::Cloexec | OpenFlags::Trunc));
    EXPECT_EQ(file->flags(), OpenFlags::Rdwr);
    MUST(file->set_status_flags(
        OpenFlags::Append | OpenFlags::Nonblock | OpenFlags::Creat | OpenFlags::Wronly, {}));
    EXPECT_EQ(file->flags(), OpenFlags::Rdwr | OpenFlags::Append | OpenFlags::Nonblock);
    EXPECT_ERROR(Error::Eperm, file->set_status_flags(OpenFlags::Noatime, user(1000)));
    EXPECT_ERROR(Error::Einval, file->set_status_flags(OpenFlags::Direct, {}));
    MUST(FsMachine::write(*file, "abc"));
    EXPECT_ERROR(Error::Einval, file->seek(-1, abi::SeekWhence::Set));
    EXPECT_EQ(MUST(file->seek(-1, abi::SeekWhence::End)), 2U);
    MUST(FsMachine::write(*file, "d"));
    EXPECT_EQ(MUST(machine.content("/f")), "abcd");
}

}  // namespace
}  // namespace exo::fs
