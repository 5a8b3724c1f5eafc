#include "net/link/interface.hpp"

#include <array>

namespace exo::net {

namespace {

constinit std::array<std::atomic<Interface*>, MOST_INTERFACES> interfaces{};
constinit std::atomic<u32> interface_count{0};
constinit NetworkLayer* upper_layer = nullptr;

}  // namespace

Result<> Interface::set_mtu(u32 mtu) {
    if (mtu < least_mtu() || mtu > most_mtu()) return Error::Einval;
    mtu_.store(mtu, std::memory_order_relaxed);
    return {};
}

void Interface::change_flags(abi::InterfaceFlags on, abi::InterfaceFlags off) {
    abi::InterfaceFlags before = flags_.load(std::memory_order_relaxed);
    while (!flags_.compare_exchange_weak(before, (before & ~off) | on, std::memory_order_relaxed)) {
    }
}

void add_interface(Interface& interface) {
    const u32 place = interface_count.load(std::memory_order_relaxed);
    ASSERT(place < MOST_INTERFACES);
    interface.index_ = place + 1;
    interfaces[place].store(&interface, std::memory_order_relaxed);
    // release: a thread that reads the new count also sees the interface
    interface_count.store(place + 1, std::memory_order_release);
}

Interface* find_interface(u32 index) {
    if (index == 0 || index > interface_count.load(std::memory_order_acquire)) return nullptr;
    return interfaces[index - 1].load(std::memory_order_relaxed);
}

Interface* find_interface(std::string_view name) {
    Interface* found = nullptr;
    for_each_interface([&](Interface& interface) {
        if (interface.name() == name) found = &interface;
    });
    return found;
}

void for_each_interface(FunctionRef<void(Interface&)> visit) {
    const u32 count = interface_count.load(std::memory_order_acquire);
    for (u32 i = 0; i < count; ++i) visit(*interfaces[i].load(std::memory_order_relaxed));
}

void set_network_layer(NetworkLayer& layer) { upper_layer = &layer; }
NetworkLayer& network_layer() { return *upper_layer; }

}  // namespace exo::net
