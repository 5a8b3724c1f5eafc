#include "fs/file/device.hpp"

#include "utils/vector.hpp"

namespace exo::fs {

namespace {

struct Registration {
    DeviceClass device_class;
    abi::DeviceNumber first;
    u32 count;
    std::string_view driver_name;
    Ref<Device> device;

    bool covers(DeviceClass wanted, abi::DeviceNumber number) const {
        return device_class == wanted && number.major == first.major && number.minor >= first.minor &&
               number.minor - first.minor < count;
    }
};

/// Devices are never removed, so a reader only copies a vector element under the lock.
[[clang::no_destroy]] constinit sync::SpinLocked<Vector<Registration>, sync::LockRank::FileSystem>
    registrations;

}  // namespace

Result<> register_device(DeviceClass device_class, abi::DeviceNumber first, u32 count,
                         std::string_view driver_name, Ref<Device> device) {
    auto all = registrations.lock();
    for (const Registration& other : *all) {
        if (other.device_class != device_class || other.first.major != first.major) continue;
        if (first.minor < other.first.minor + other.count && other.first.minor < first.minor + count)
            return Error::Eexist;
    }
    return all->push({device_class, first, count, driver_name, std::move(device)});
}

Result<Ref<Device>> find_device(DeviceClass device_class, abi::DeviceNumber number) {
    auto all = registrations.lock();
    for (const Registration& registration : *all) {
        if (registration.covers(device_class, number)) return registration.device;
    }
    return Error::Enxio;
}

void for_each_device(FunctionRef<void(DeviceClass, u32, std::string_view)> visit) {
    auto all = registrations.lock();
    for (const Registration& registration : *all)
        visit(registration.device_class, registration.first.major, registration.driver_name);
}

}  // namespace exo::fs
