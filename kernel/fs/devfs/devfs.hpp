// devfs: the file system of device nodes, mounted on /dev as "devtmpfs" or "devfs". There is one instance, a
// tmpfs, however often it is mounted. Drivers add nodes to it even while it is not mounted.
#pragma once

#include "fs/file/device.hpp"

namespace exo::fs::devfs {

/// Registers the type and makes null, zero, full, random and urandom. Errors: Enomem.
Result<> init();

/// Makes the node `path` ("ttyS0", "virtio-ports/exo.0") and the missing directories above it (mode 0755).
/// Errors: Eexist, Enomem.
Result<> add_node(std::string_view path, u32 mode, DeviceClass device_class, abi::DeviceNumber number);
/// Makes a directory. Errors: Eexist, Enomem.
Result<> add_directory(std::string_view path, u32 mode);
/// Makes a symbolic link. Errors: Eexist, Enomem.
Result<> add_symlink(std::string_view path, std::string_view target);

/// The function that fills reads of /dev/random and /dev/urandom. Before one is set, these reads fail with
/// Eagain.
using RandomSource = Result<> (*)(std::span<u8> out);
void set_random_source(RandomSource source);
/// The functions that ioctl(2) requests and writes to /dev/random call.
struct RandomAdministration {
    /// Whether bytes that a program wrote count as unpredictable. They are mixed into the generator in both
    /// cases.
    enum class Trust : u8 { None, Full };
    void (*add)(std::span<const u8> bytes, Trust trust);
    bool (*is_seeded)();
    /// Mixes fresh random numbers of the CPU in.
    void (*reseed)();
    /// Whether the calling program may use the requests that change something.
    bool (*may_administer)();
};
/// Sets the functions for /dev/random. Before that, writes are dropped and ioctl requests give EINVAL. The
/// object must live for ever.
void set_random_administration(const RandomAdministration& administration);

}  // namespace exo::fs::devfs
