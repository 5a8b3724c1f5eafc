#include "drivers/net/network_device.hpp"

#include <atomic>

namespace exo::drivers {

namespace {
constinit std::atomic<NetworkDevice*> first_device{nullptr};
}  // namespace

NetworkDevice* network_device() { return first_device.load(); }

Result<> add_network_device(NetworkDevice& device) {
    NetworkDevice* none = nullptr;
    if (!first_device.compare_exchange_strong(none, &device)) return Error::Eexist;
    return {};
}

}  // namespace exo::drivers
