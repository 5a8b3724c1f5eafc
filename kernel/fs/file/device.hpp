// The registry of devices by number. Opening a device node of any file system looks its device up here.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs {

enum class DeviceClass : u8 { Character, Block };

/// The interface of a device that can be opened. The memory devices, terminals and ports implement it.
class Device : public Object {
  public:
    /// Opens the device. `number` is that of the device node. Errors: Enxio, Ebusy, Eio, Enomem, and those of
    /// the device.
    virtual Result<Ref<File>> open(OpenRequest&& request, abi::DeviceNumber number) = 0;

  protected:
    Device() : Object(ObjectKind::Device) {}
};

/// Registers `device` for the minors [first.minor, first.minor + count). Errors: Eexist (overlap), Enomem.
Result<> register_device(DeviceClass device_class, abi::DeviceNumber first, u32 count,
                         std::string_view driver_name, Ref<Device> device);
/// Finds the device that is registered for a number. Errors: Enxio (none).
Result<Ref<Device>> find_device(DeviceClass device_class, abi::DeviceNumber number);
/// Calls `visit` with each driver's name and major, for /proc/devices.
void for_each_device(FunctionRef<void(DeviceClass, u32 major, std::string_view driver_name)> visit);

/// The function that opens named pipes. The layer ipc lies above fs, so it registers the function at boot.
/// Errors: those of fifo(7).
using FifoOpener = Result<Ref<File>> (*)(OpenRequest&& request);
void set_fifo_opener(FifoOpener opener);

/// Base class of files of devices without state. Derived classes override do_read and do_write.
class DeviceFile : public File {
  protected:
    explicit DeviceFile(OpenRequest&& request, FilePolicies policies = {})
        : File(std::move(request), policies) {}
};

}  // namespace exo::fs
