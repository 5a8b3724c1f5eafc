// Devices by number: what opening a device node, on any file system, leads to.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs {

enum class DeviceClass : u8 { Character, Block };

/// Implemented by those who have something to open: the null device here, terminals and ports above.
class Device : public Object {
  public:
    /// `number` is the node's. Errors: Enxio, Ebusy, Eio, Enomem, and what the device likes.
    virtual Result<Ref<File>> open(OpenRequest&& request, abi::DeviceNumber number) = 0;

  protected:
    Device() : Object(ObjectKind::Device) {}
};

/// Minors [first.minor, first.minor + count) lead to `device`. Errors: Eexist (overlap), Enomem.
Result<> register_device(DeviceClass device_class, abi::DeviceNumber first, u32 count,
                         std::string_view driver_name, Ref<Device> device);
/// Errors: Enxio.
Result<Ref<Device>> find_device(DeviceClass device_class, abi::DeviceNumber number);
/// /proc/devices: each driver's name and major.
void for_each_device(FunctionRef<void(DeviceClass, u32 major, std::string_view driver_name)> visit);

/// A named pipe is opened by ipc, which lies above: it registers here at boot. Errors of the opener: those of fifo(7).
using FifoOpener = Result<Ref<File>> (*)(OpenRequest&& request);
void set_fifo_opener(FifoOpener opener);

/// A file for devices without state: derive, and override do_read and do_write.
class DeviceFile : public File {
  protected:
    explicit DeviceFile(OpenRequest&& request, FilePolicies policies = {})
        : File(std::move(request), policies) {}
};

}  // namespace exo::fs
