#include "fs/devfs/devfs.hpp"

#include "fs/machine.hpp"

namespace exo::fs {
namespace {

using abi::MountFlags;
using test::FsMachine;

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

}  // namespace
}  // namespace exo::fs
