// Mounts, devices, generated file systems, the initramfs.
#include "fs/devfs/devfs.hpp"
#include "fs/initramfs/initramfs.hpp"
#include "fs/machine.hpp"
#include "fs/pseudo/pseudo.hpp"
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

/// One machine: what is registered stays.
struct Devices {
    Devices() {
        MUST(devfs::init());
        MUST(machine.mkdir("/dev"));
        const Path dev = MUST(machine.find("/dev"));
        MUST(fs::mount(*machine.mounts, {"devtmpfs", dev, "devtmpfs", MountFlags::Nosuid, ""}));
        EXPECT_ERROR(Error::Ebusy, fs::mount(*machine.mounts, {"devtmpfs",
                                                               MUST(machine.find("/dev")), "devtmpfs",
                                                               MountFlags::Nosuid, ""}));
    }
    FsMachine machine;
};

TEST(devfs, devices_of_memory) {
    const Devices devices;
    const FsMachine& machine = devices.machine;
    auto null = MUST(machine.open("/dev/null", OpenFlags::Rdwr));
    EXPECT_EQ(MUST(FsMachine::write(*null, "away")), 4U);
    EXPECT_EQ(MUST(FsMachine::read(*null)), "");
    EXPECT_EQ(MUST(null->seek(100, abi::SeekWhence::Set)), 0U);
    EXPECT_EQ(MUST(FsMachine::read(*MUST(machine.open("/dev/zero")), 5)), std::string(5, '\0'));
    auto full = MUST(machine.open("/dev/full", OpenFlags::Rdwr));
    EXPECT_ERROR(Error::Enospc, FsMachine::write(*full, "x"));
    EXPECT_EQ(MUST(FsMachine::read(*full, 3)), std::string(3, '\0'));
    EXPECT_ERROR(Error::Eagain, machine.content("/dev/urandom"));
    devfs::set_random_source([](std::span<u8> out) -> Result<> {
        std::fill(out.begin(), out.end(), u8{42});
        return {};
    });
    EXPECT_EQ(MUST(FsMachine::read(*MUST(machine.open("/dev/random")), 1000)), std::string(1000, 42));
    abi::stat stat;
    fill_stat(null->inode(), stat);
    EXPECT_EQ(stat.st_mode, abi::mode::CHARACTER_DEVICE | 0666);
    EXPECT_EQ(stat.st_rdev, 0x103U);

    MUST(devfs::add_node("virtio-ports/exo.0", 0600, DeviceClass::Character, {10, 1}));
    MUST(devfs::add_symlink("fd", "/proc/self/fd"));
    EXPECT_ERROR(Error::Eexist, devfs::add_node("null", 0600, DeviceClass::Character, {1, 3}));
    EXPECT_ERROR(Error::Enxio, machine.open("/dev/virtio-ports/exo.0"));
    // A node anywhere leads to the same device.
    MUST(make_node(machine.caller(), {}, "/mynull", abi::mode::CHARACTER_DEVICE | 0600, {1, 3}));
    EXPECT_EQ(MUST(machine.content("/mynull")), "");
}

struct Counter {
    static inline int generated = 0;
    static inline std::string accepted;
};

/// Names that come and go, as processes do.
class Numbers final : public GeneratedDirectory {
  public:
    explicit Numbers(Ref<FileSystem> file_system)
        : GeneratedDirectory(file_system, file_system->next_inode_number(), 0555) {}
    Result<Ref<Inode>> find(std::string_view name) override {
        for (const u64 number : alive) {
            if (name == std::to_string(number))
                return Ref<Inode>(TRY(make_ref<Numbers>(Ref<FileSystem>(&file_system()))));
        }
        return Ref<Inode>();
    }
    Result<> list(u64 cookie, DirectorySink sink) override {
        for (const u64 number : alive) {
            if (number + FIRST_COOKIE < cookie) continue;
            if (!sink({std::to_string(number), number, abi::mode::DIRECTORY, number + FIRST_COOKIE + 1}))
                break;
        }
        return {};
    }
    static inline std::vector<u64> alive{1, 5, 9};
};

TEST(pseudo, generated_content) {
    const FsMachine machine;
    MUST(init_procfs());
    StaticDirectory& root = *procfs().directory;
    MUST(root.add_file(
        "count", 0644, [](String& out) { return format_append(out, "generated {}\n", ++Counter::generated); },
        [](std::span<const u8> bytes, const Credentials&) -> Result<> {
            Counter::accepted.assign(bytes.begin(), bytes.end());
            return {};
        }));
    MUST(root.add_link("self", [](String& out) { return out.append("5"); }));
    Ref<StaticDirectory> sys = MUST(root.add_directory("sys"));
    EXPECT_EQ(MUST(root.add_directory("sys")), sys);
    EXPECT_ERROR(Error::Enotdir, root.add_directory("count"));
    EXPECT_ERROR(Error::Eexist, root.add("count", sys));
    root.set_fallback(MUST(make_ref<Numbers>(procfs().file_system)));
    MUST(machine.mkdir("/proc"));
    MUST(fs::mount(*machine.mounts, {"proc", MUST(machine.find("/proc")), "proc", {}, ""}));

    auto file = MUST(machine.open("/proc/count", OpenFlags::Rdwr));
    EXPECT_EQ(MUST(FsMachine::read(*file, 4)), "gene");
    EXPECT_EQ(MUST(FsMachine::read(*file)), "rated 1\n") << "one snapshot";
    EXPECT_EQ(MUST(FsMachine::read(*file)), "");
    MUST(file->seek(0, abi::SeekWhence::Set));
    EXPECT_EQ(MUST(FsMachine::read(*file)), "generated 2\n");
    MUST(FsMachine::write(*file, "42\n"));
    EXPECT_EQ(Counter::accepted, "42\n");
    EXPECT_EQ(file->inode().size(), 0U);

    const std::vector<std::string> all{".", "..", "count", "self", "sys", "1", "5", "9"};
    EXPECT_EQ(MUST(machine.list("/proc")), all);
    EXPECT_EQ(machine.path_of(MUST(machine.find("/proc/self"))), "/proc/5");
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/2"));
    Numbers::alive = {2};
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/5")) << "the name is not cached";
    EXPECT_TRUE(machine.find("/proc/2").has_value());
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/self"));
    // LINUX: a name that is not there cannot even be looked up.
    EXPECT_ERROR(Error::Enoent, machine.make_file("/proc/new"));
    EXPECT_ERROR(Error::Enoent, machine.mkdir("/proc/new"));
    EXPECT_ERROR(Error::Eperm, machine.unlink("/proc/count"));
    EXPECT_ERROR(Error::Enoent, machine.rename("/proc/count", "/proc/other"));
}

/// A newc archive.
class Archive {
  public:
    Archive& add(std::string_view name, u32 mode, std::string_view data = {}, u32 inode = 0, u32 links = 1,
                 abi::DeviceNumber device = {}) {
        char header[111];
        std::snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
                      inode, mode, 7U, 8U, links, 1'000'000U, static_cast<unsigned>(data.size()), 0U, 1U,
                      device.major, device.minor, static_cast<unsigned>(name.size() + 1), 0U);
        bytes.append(header, 110).append(name).push_back('\0');
        pad();
        bytes.append(data);
        pad();
        return *this;
    }
    Archive& end() { return add("TRAILER!!!", 0); }
    void pad() { bytes.resize(align_up(bytes.size(), 4)); }
    std::string bytes;
};

TEST(initramfs, unpacks_everything) {
    Archive archive;
    archive.add(".", 040750)
        .add("bin", 040755)
        .add("bin/busybox", 0104755, std::string(9000, 'B'))
        .add("bin/sh", 0120777, "busybox")
        .add("one", 0100600, "", 33, 2)
        .add("two", 0100600, "linked", 33, 2)
        .add("dev", 040755)
        .add("dev/console", 020600, "", 0, 1, {5, 1})
        .add("pipe", 010644)
        .add("missing/file", 0100644, "x")
        .end();
    archive.bytes.resize(align_up(archive.bytes.size(), 512));
    archive.add("bin/sh", 0100755, "a real shell").add("one", 0100644, "later").end();

    const FsMachine machine;
    auto memory = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    InitramfsReport report;
    MUST(unpack_initramfs(memory, machine.context->root(), report));
    EXPECT_EQ(report.entries, 12U);
    EXPECT_EQ(MUST(machine.content("/bin/busybox")), std::string(9000, 'B'));
    const Path busybox = MUST(machine.find("/bin/busybox"));
    EXPECT_EQ(busybox.inode().mode(), 0104755U);
    EXPECT_EQ(busybox.inode().uid(), 7U);
    EXPECT_EQ(busybox.inode().gid(), 8U);
    EXPECT_EQ(busybox.inode().times().modification, (Timestamp{1'000'000, 0}));
    EXPECT_EQ(MUST(machine.find("/")).inode().mode(), 040750U);
    EXPECT_EQ(MUST(machine.find("/bin")).inode().times().modification, (Timestamp{1'000'000, 0}))
        << "although files were made in it afterwards";
    EXPECT_EQ(MUST(machine.content("/bin/sh")), "a real shell");
    EXPECT_EQ(MUST(machine.content("/two")), "later") << "the later archive writes into the same file";
    EXPECT_EQ(MUST(machine.find("/two")).inode().links(), 2U);
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_TRUE(abi::is_fifo(MUST(machine.find("/pipe")).inode().mode()));
    EXPECT_ERROR(Error::Enoent, machine.find("/missing"));

    archive.bytes += "rubbish";
    auto bad = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    EXPECT_ERROR(Error::Einval, unpack_initramfs(bad, machine.context->root(), report));
    EXPECT_NE(report.failure.problem, CpioProblem::None);
}

TEST(initramfs, built_in_nodes_give_way_to_an_archive) {
    const FsMachine machine;
    MUST(make_built_in_nodes(machine.context->root()));
    const Path console = MUST(machine.find("/dev/console"));
    EXPECT_EQ(console.inode().mode(), 020600U);
    EXPECT_EQ(console.inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_EQ(MUST(machine.find("/dev")).inode().mode(), 040755U);
    EXPECT_EQ(MUST(machine.find("/root")).inode().mode(), 040700U);

    Archive archive;
    archive.add("dev", 040711)
        .add("dev/console", 020644, "", 0, 1, {4, 64})
        .add("root", 0100644, "a file")
        .end();
    auto memory = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    InitramfsReport report;
    MUST(unpack_initramfs(memory, machine.context->root(), report));
    EXPECT_EQ(MUST(machine.find("/dev")).inode().mode(), 040711U);
    // LINUX: mknod finds a node of that type, which stays the device that it is; its attributes change.
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().mode(), 020644U);
    EXPECT_EQ(MUST(machine.content("/root")), "a file");
}

/// What unpacking `image` reports, as one line.
std::string unpack(const FsMachine& machine, const std::string& image, InitramfsReport& report) {
    auto memory = MUST(
        make_ref<ArchiveMemory>(std::span(reinterpret_cast<const u8*>(image.data()), image.size()), nullptr));
    (void)unpack_initramfs(memory, machine.context->root(), report);
    return std::string(MUST(explain(report)).view());
}

/// A gzip member of stored blocks, with the right checksum.
std::string gzipped(const std::string& text) {
    const auto little_endian = [](u64 value, usize size) {
        std::string bytes;
        for (usize i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
        return bytes;
    };
    std::string member("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    for (usize at = 0; at < text.size(); at += 60000) {
        const std::string block = text.substr(at, 60000);
        member += at + block.size() == text.size() ? '\1' : '\0';
        member += little_endian(block.size(), 2) + little_endian(~block.size(), 2) + block;
    }
    u32 checksum = ~0U;
    for (const char c : text) {
        checksum ^= static_cast<u8>(c);
        for (int bit = 0; bit < 8; ++bit) checksum = checksum >> 1 ^ ((checksum & 1) != 0 ? 0xedb88320 : 0);
    }
    return member + little_endian(~checksum, 4) + little_endian(text.size(), 4);
}

TEST(initramfs, unpacks_plain_and_gzip_archives_in_any_order) {
    Archive early;
    early.add("early", 0100644, "1").add("linked", 0100644, "both", 7, 2).end();
    Archive main;
    main.add("large", 0104755, std::string(200'000, 'L')).add("one", 0100600, "", 33, 2);
    Archive rest;
    rest.add("two", 0100600, "linked", 33, 2).add("dir", 040755).end();
    Archive last;
    last.add("last", 0100644, "3").end();
    const FsMachine machine;
    InitramfsReport report;
    EXPECT_EQ(unpack(machine,
                     early.bytes + gzipped(main.bytes) + gzipped(rest.bytes) + std::string(9, '\0') +
                         gzipped(last.bytes),
                     report),
              "");
    EXPECT_EQ(report.entries, 7U);
    EXPECT_EQ(MUST(machine.content("/large")), std::string(200'000, 'L'));
    EXPECT_EQ(MUST(machine.find("/large")).inode().mode(), 0104755U);
    EXPECT_EQ(MUST(machine.find("/large")).inode().times().modification, (Timestamp{1'000'000, 0}));
    EXPECT_EQ(MUST(machine.content("/one")), "linked") << "no trailer stands between them";
    EXPECT_EQ(MUST(machine.content("/last")), "3");
}

TEST(initramfs, keeps_what_a_cut_archive_has) {
    Archive archive;
    archive.add("first", 0100644, "1").add("cut\x1b[2J", 0100640, std::string(9000, 'c'));
    const std::string cut = archive.bytes.substr(0, archive.bytes.size() - 5000);
    const std::string zipped = gzipped(archive.bytes);
    const std::string expected = std::string(4000, 'c') + std::string(5000, '\0');
    const std::pair<std::string, std::string> images[] = {
        {cut, "the archive is cut off (byte " + std::to_string(cut.size()) + ", in cut?[2J)"},
        {gzipped(cut),
         "the archive is cut off (byte " + std::to_string(cut.size()) + " of the unpacked data, in cut?[2J)"},
        {zipped.substr(0, zipped.size() - 5008),
         "the gzip data is cut off (byte " + std::to_string(zipped.size() - 5008) + ", in cut?[2J)"}};
    for (const auto& [image, line] : images) {
        const FsMachine machine;
        InitramfsReport report;
        EXPECT_EQ(unpack(machine, image, report), line);
        EXPECT_EQ(MUST(machine.content("/first")), "1");
        EXPECT_TRUE(MUST(machine.content("/cut\x1b[2J")) == expected);
        EXPECT_EQ(MUST(machine.find("/cut\x1b[2J")).inode().mode(), 0100640U);
    }
}

TEST(initramfs, says_what_is_wrong_with_an_image) {
    Archive archive;
    archive.add("file", 0100644, "content").end();
    const auto line_for = [&](const std::string& image) {
        const FsMachine machine;
        InitramfsReport report;
        const std::string line = unpack(machine, image, report);
        EXPECT_EQ(MUST(machine.content("/file")), "content") << "what comes before stays";
        return line;
    };
    std::string zipped = gzipped(archive.bytes);
    const std::string size = std::to_string(zipped.size());
    EXPECT_EQ(line_for(zipped + std::string("\xfd"
                                            "7zXZ\0",
                                            6)),
              "xz is not supported; compress the archive with gzip, or not at all (byte " + size + ")");
    EXPECT_EQ(line_for(zipped + std::string("\x1f\x8b\x08\xff", 4)),
              "the gzip header is malformed (byte " + size + ")");
    EXPECT_EQ(line_for(gzipped(archive.bytes + "rubbish")),
              "this is no cpio archive of the newc format (byte 248 of the unpacked data)");
    zipped.back() = 1;
    EXPECT_EQ(
        line_for(zipped + std::string(align_up(zipped.size(), 4) - zipped.size(), '\0') + archive.bytes),
        "the checksum of the gzip data is wrong (byte " + size + ")")
        << "LINUX: nobody looks at it, and the archive behind it is read";
}

TEST(initramfs, a_full_file_system_ends_it) {
    Archive archive;
    archive.add("first", 0100644, "1")
        .add("large", 0100644, std::string(300'000, 'L'))
        .add("never", 040755)
        .end();
    const FsMachine machine({.max_bytes = 40 * PAGE_SIZE, .mode = 0755});
    InitramfsReport report;
    EXPECT_EQ(unpack(machine, gzipped(archive.bytes), report),
              "the root file system is full (byte 120 of the unpacked data, in large)");
    EXPECT_EQ(MUST(machine.content("/first")), "1");
    EXPECT_ERROR(Error::Enoent, machine.find("/never"));
}

TEST(initramfs, reports_that_memory_is_short) {
    Archive archive;
    archive.add("dir", 040755).add("one", 0100644, "", 5, 2).add("two", 0100644, "2", 5, 2).end();
    const std::string image = archive.bytes + gzipped(archive.bytes);
    for (usize nth = 1;; ++nth) {
        const FsMachine machine;
        auto memory = MUST(make_ref<ArchiveMemory>(
            std::span(reinterpret_cast<const u8*>(image.data()), image.size()), nullptr));
        InitramfsReport report;
        const test::FailingAllocations failing(nth);
        const Result<> unpacked = unpack_initramfs(memory, machine.context->root(), report);
        if (!unpacked) EXPECT_EQ(unpacked.error(), Error::Enomem);
        if (!failing.has_failed()) break;
    }
}

}  // namespace
}  // namespace exo::fs
