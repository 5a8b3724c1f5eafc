// Mounting, binding, moving and unmounting: what names lead to, which errors, and what stays behind.
#include "fs/machine.hpp"
#include "support/failing_allocations.hpp"
#include "utils/scope.hpp"

namespace exo::fs {
namespace {

using abi::MountFlags;
using abi::UmountFlags;
using test::FsMachine;

class MountTest : public testing::Test {
  protected:
    MountTest() {
        tmpfs::init(64 * MIB);
        MUST(machine.mkdir("/m"));
        MUST(machine.mkdir("/n"));
        MUST(machine.make_file("/m/below"));
        MUST(machine.make_file("/f"));
    }
    Result<> mount(std::string_view where, MountFlags flags = MountFlags::None, std::string_view options = {},
                   std::string_view type = "tmpfs") {
        const Path target = TRY(machine.find(where));
        return fs::mount(*machine.mounts, {"source dir", target, type, flags, options});
    }
    Result<> bind(std::string_view from, std::string_view where, MountFlags flags = MountFlags::Bind) {
        const Path source = TRY(machine.find(from));
        const Path target = TRY(machine.find(where));
        return fs::mount(*machine.mounts, {"", target, "", flags, "", &source});
    }
    Result<> umount(std::string_view where, UmountFlags flags = UmountFlags::None) {
        return machine.mounts->detach(TRY(machine.find(where)), flags);
    }
    std::string table(MountListFormat format = MountListFormat::Mounts) {
        String text;
        u64 cursor = 0;
        const auto never = [](String&, usize) { return false; };
        MUST(append_mounts(*machine.mounts, machine.context->root(), format, cursor, never, text));
        // The same in pieces, some of which end before a line that was too much.
        std::string pieces;
        cursor = 0;
        const auto second_line_is_too_much = [](String& out, usize line_start) {
            if (line_start == 0) return false;
            out.truncate(line_start);
            return true;
        };
        for (bool has_more = true; has_more;) {
            String piece;
            has_more = MUST(append_mounts(*machine.mounts, machine.context->root(), format, cursor,
                                          second_line_is_too_much, piece));
            pieces += piece.view();
        }
        EXPECT_EQ(pieces, text.view());
        return std::string(text.view());
    }
    FsMachine machine;
};

TEST_F(MountTest, covers_and_uncovers) {
    MUST(mount("/m", MountFlags::Nosuid | MountFlags::Nodev, "size=1m,mode=700"));
    EXPECT_ERROR(Error::Enoent, machine.find("/m/below"));
    MUST(machine.make_file("/m/above"));
    EXPECT_EQ(machine.path_of(MUST(machine.find("/m/above"))), "/m/above");
    EXPECT_EQ(machine.path_of(MUST(machine.find("/m/.."))), "/");
    EXPECT_EQ(table(),
              "rootfs / tmpfs rw,relatime,size=0k,nr_inodes=0,mode=755,inode64 0 0\n"
              "source\\040dir /m tmpfs rw,nosuid,nodev,relatime,size=1024k,mode=700,inode64 0 0\n");
    EXPECT_ERROR(Error::Ebusy, machine.rmdir("/m"));
    EXPECT_ERROR(Error::Ebusy, machine.rename("/m", "/x"));
    EXPECT_ERROR(Error::Exdev, machine.rename("/m/above", "/x"));
    EXPECT_ERROR(Error::Exdev, machine.link("/m/above", "/x"));
    MUST(umount("/m"));
    EXPECT_TRUE(machine.find("/m/below").has_value());
}

TEST_F(MountTest, errors) {
    EXPECT_ERROR(Error::Enodev, mount("/m", {}, {}, "nofs"));
    EXPECT_ERROR(Error::Enotdir, mount("/f"));
    EXPECT_ERROR(Error::Einval, mount("/m", {}, "nonsense"));
    EXPECT_ERROR(Error::Einval, umount("/m"));
    EXPECT_ERROR(Error::Einval, umount("/"));
    EXPECT_ERROR(Error::Einval, mount("/m", MountFlags::Shared));
    EXPECT_ERROR(Error::Einval, mount("/m", MountFlags::Remount));
    EXPECT_ERROR(Error::Einval, umount("/", UmountFlags::Expire));
    MUST(mount("/", MountFlags::Private | MountFlags::Rec));
}

TEST_F(MountTest, busy_and_lazy) {
    MUST(mount("/m"));
    MUST(machine.mkdir("/m/sub"));
    MUST(mount("/m/sub"));
    EXPECT_ERROR(Error::Ebusy, umount("/m")) << "something is mounted on it";
    MUST(umount("/m/sub"));
    MUST(machine.make_file("/m/f", "text"));
    auto file = MUST(machine.open("/m/f"));
    EXPECT_ERROR(Error::Ebusy, umount("/m"));
    MUST(mount("/m/sub"));
    MUST(umount("/m", UmountFlags::Detach));
    EXPECT_TRUE(machine.find("/m/below").has_value());
    EXPECT_EQ(MUST(FsMachine::read(*file)), "text");
    EXPECT_EQ(table(), "rootfs / tmpfs rw,relatime,size=0k,nr_inodes=0,mode=755,inode64 0 0\n");
}

TEST_F(MountTest, frees_what_it_held) {
    const u64 frames = test::HostedFrames::free_count();
    MUST(mount("/m"));
    for (int i = 0; i < 10; ++i) {
        const std::string directory = "/m/" + std::to_string(i);
        MUST(machine.mkdir(directory));
        MUST(machine.make_file(directory + "/f", std::string(10'000, 'x')));
        MUST(machine.link(directory + "/f", directory + "/g"));
        MUST(machine.mkdir(directory + "/deeper"));
    }
    MUST(umount("/m"));
    EXPECT_EQ(test::HostedFrames::free_count(), frames);
}

TEST_F(MountTest, read_only) {
    MUST(mount("/m"));
    MUST(machine.make_file("/m/f"));
    MUST(mount("/m", MountFlags::Remount | MountFlags::Rdonly));
    EXPECT_ERROR(Error::Erofs, machine.make_file("/m/g"));
    EXPECT_ERROR(Error::Erofs, machine.open("/m/f", OpenFlags::Wronly));
    EXPECT_ERROR(Error::Erofs, machine.unlink("/m/f"));
    EXPECT_ERROR(Error::Erofs, machine.rename("/m/f", "/m/g"));
    EXPECT_ERROR(Error::Eexist, machine.mkdir("/m/f")) << "what exists is told first";
    EXPECT_ERROR(Error::Erofs, change_mode(Target(MUST(machine.find("/m/f"))), 0, {}));
    MUST(machine.open("/m/f"));
    MUST(mount("/m", MountFlags::Remount));
    MUST(machine.make_file("/m/g"));
}

TEST_F(MountTest, options_of_the_mount) {
    MUST(mount("/m", MountFlags::Nodev | MountFlags::Noexec | MountFlags::Nosymfollow));
    MUST(make_node(machine.caller(), {}, "/m/null", abi::mode::CHARACTER_DEVICE | 0666, {1, 3}));
    EXPECT_ERROR(Error::Eacces, machine.open("/m/null"));
    MUST(machine.make_file("/m/x", "", 0755));
    EXPECT_ERROR(Error::Eacces,
                 check_access(machine.caller(), {}, "/m/x", abi::AccessMode::Execute, WalkFlags::FollowLast));
    MUST(machine.symlink("x", "/m/l"));
    EXPECT_ERROR(Error::Eloop, machine.find("/m/l"));
}

TEST_F(MountTest, binding_and_moving) {
    MUST(machine.mkdir("/m/sub"));
    MUST(mount("/m/sub"));
    MUST(machine.make_file("/m/sub/inner"));
    MUST(bind("/m", "/n"));
    EXPECT_TRUE(machine.find("/n/below").has_value());
    EXPECT_ERROR(Error::Enoent, machine.find("/n/sub/inner"));
    MUST(umount("/n"));
    MUST(bind("/m", "/n", MountFlags::Bind | MountFlags::Rec));
    EXPECT_TRUE(machine.find("/n/sub/inner").has_value());
    EXPECT_EQ(machine.path_of(MUST(machine.find("/n/sub/.."))), "/n");
    MUST(machine.mkdir("/o"));
    EXPECT_ERROR(Error::Einval, bind("/m", "/o", MountFlags::Move)) << "not the root of a mount";
    EXPECT_ERROR(Error::Eloop, bind("/n", "/n/sub", MountFlags::Move));
    MUST(bind("/n", "/o", MountFlags::Move));
    EXPECT_TRUE(machine.find("/o/sub/inner").has_value());
    EXPECT_ERROR(Error::Enoent, machine.find("/n/below"));
    EXPECT_ERROR(Error::Ebusy, umount("/o"));
    MUST(umount("/o/sub"));
    MUST(umount("/o"));
    // A file over a file.
    MUST(bind("/f", "/m/below"));
    EXPECT_EQ(&MUST(machine.find("/m/below")).inode(), &MUST(machine.find("/f")).inode());
    EXPECT_NE(table(MountListFormat::MountInfo)
                  .find(" /f /m/below rw,relatime - tmpfs rootfs rw,size=0k,nr_inodes=0,mode=755,inode64\n"),
              std::string::npos)
        << table(MountListFormat::MountInfo);
}

TEST_F(MountTest, recursive_binds_copy_everything_below_up_to_the_limit) {
    for (const auto* folder : {"/m/a", "/m/b"}) MUST(machine.mkdir(folder));
    MUST(mount("/m/a"));
    MUST(machine.mkdir("/m/a/deep"));
    MUST(mount("/m/b"));
    MUST(mount("/m/a/deep"));
    MUST(machine.make_file("/m/a/deep/file"));
    // Through what is bound itself, and from a folder beside which there are mounts.
    MUST(bind("/m", "/n", MountFlags::Bind | MountFlags::Rec));
    EXPECT_TRUE(machine.find("/n/a/deep/file").has_value());
    MUST(machine.mkdir("/o"));
    MUST(bind("/n/a", "/o", MountFlags::Bind | MountFlags::Rec));
    EXPECT_TRUE(machine.find("/o/deep/file").has_value());
    const std::string before = table();
    const ScopeExit restore{[] { mount_max.store(100'000); }};
    mount_max.store(11);  // and there are 10
    MUST(machine.mkdir("/p"));
    EXPECT_ERROR(Error::Enospc, bind("/m", "/p", MountFlags::Bind | MountFlags::Rec));
    EXPECT_EQ(table(), before);
    MUST(bind("/m", "/p"));
    EXPECT_ERROR(Error::Enospc, bind("/m", "/p"));
    EXPECT_ERROR(Error::Enospc, mount("/p"));
    MUST(umount("/p"));
    MUST(mount("/p"));
}

/// Nested ones, and several on one place: a lazy umount takes all away that hang on it, and moving keeps what is on it.
TEST_F(MountTest, nests_and_stacks) {
    const std::string before = table();
    for (int i = 0; i < 3; ++i) {
        MUST(mount("/m", MountFlags::None, "mode=70" + std::to_string(i)));
        MUST(machine.mkdir("/m/sub"));
    }
    MUST(mount("/m/sub"));
    MUST(machine.mkdir("/m/sub/deep"));
    MUST(mount("/m/sub/deep"));
    MUST(mount("/m/sub/deep"));
    EXPECT_EQ(MUST(machine.find("/m")).inode().mode() & 0777, 0702U);
    MUST(bind("/m", "/n", MountFlags::Move));
    EXPECT_EQ(MUST(machine.find("/m")).inode().mode() & 0777, 0701U);
    EXPECT_TRUE(machine.find("/n/sub/deep").has_value());
    EXPECT_ERROR(Error::Ebusy, umount("/n"));
    MUST(umount("/n/sub/deep"));
    MUST(umount("/n", UmountFlags::Detach));
    EXPECT_ERROR(Error::Enoent, machine.find("/n/sub"));
    MUST(umount("/m"));
    EXPECT_EQ(MUST(machine.find("/m")).inode().mode() & 0777, 0700U);
    MUST(umount("/m"));
    EXPECT_EQ(table(), before);
}

TEST_F(MountTest, every_failing_allocation_leaves_nothing_behind) {
    const u64 frames = test::HostedFrames::free_count();
    MUST(machine.mkdir("/m/sub"));
    test::for_each_failing_allocation([&] {
        (void)mount("/m/sub");
        (void)bind("/m", "/n", MountFlags::Bind | MountFlags::Rec);
        while (umount("/n/sub")) {
        }
        while (umount("/n")) {
        }
        while (umount("/m/sub")) {
        }
    });
    EXPECT_EQ(table(), "rootfs / tmpfs rw,relatime,size=0k,nr_inodes=0,mode=755,inode64 0 0\n");
    EXPECT_EQ(test::HostedFrames::free_count(), frames);
}

}  // namespace
}  // namespace exo::fs
