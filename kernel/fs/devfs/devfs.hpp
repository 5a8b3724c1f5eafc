// devfs: the file system of device nodes, mounted on /dev as "devtmpfs" or "devfs". One instance, a tmpfs, however
// often it is mounted; drivers add nodes to it whether it is mounted or not.
#pragma once

#include "fs/file/device.hpp"

namespace exo::fs::devfs {

/// Registers the type and makes null, zero, full, random and urandom. Errors: Enomem.
Result<> init();

/// Makes the node `path` ("ttyS0", "virtio-ports/exo.0"), with the directories on its way (0755).
/// Errors: Eexist, Enomem.
Result<> add_node(std::string_view path, u32 mode, DeviceClass device_class, abi::DeviceNumber number);
/// Errors: Eexist, Enomem.
Result<> add_directory(std::string_view path, u32 mode);
/// Errors: Eexist, Enomem.
Result<> add_symlink(std::string_view path, std::string_view target);

/// Where /dev/random and /dev/urandom get their bytes; before it is set they read as Eagain.
using RandomSource = Result<> (*)(std::span<u8> out);
void set_random_source(RandomSource source);
/// What the requests of ioctl(2) to /dev/random need, and writes to it.
struct RandomAdministration {
    /// Bytes that a program offers. They are mixed in, and believed to be unpredictable if who gave them may say so.
    enum class Trust : u8 { None, Full };
    void (*add)(std::span<const u8> bytes, Trust trust);
    bool (*is_seeded)();
    /// Takes fresh numbers from the CPU.
    void (*reseed)();
    /// May the calling program do more than ask?
    bool (*may_administer)();
};
/// Before it is set, what is written is dropped and requests are EINVAL. It must live for ever.
void set_random_administration(const RandomAdministration& administration);

}  // namespace exo::fs::devfs
