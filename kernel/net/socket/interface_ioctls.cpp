#include "net/socket/interface_ioctls.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "abi/linux/net.hpp"
#include "net/ip/configuration.hpp"
#include "vm/user_memory.hpp"

namespace exo::net {

using abi::ifreq;
using abi::InterfaceFlags;
using abi::InterfaceIoctl;

namespace {

constinit bool (*administrator_check)() = nullptr;

/// Flags that programs set. LINUX: __dev_change_flags.
constexpr InterfaceFlags CHANGEABLE = InterfaceFlags::Debug | InterfaceFlags::NoArp |
                                      InterfaceFlags::Promiscuous | InterfaceFlags::AllMulticast |
                                      InterfaceFlags::Multicast;

abi::sockaddr_in to_sockaddr(Ipv4Address address) {
    const u32 value = address.value;
    return {.sin_family = 2,
            .sin_port = {},
            .sin_addr = {static_cast<u8>(value >> 24), static_cast<u8>(value >> 16),
                         static_cast<u8>(value >> 8), static_cast<u8>(value)},
            .sin_zero = {}};
}

Ipv4Address from_sockaddr(const abi::sockaddr_in& raw) {
    return {raw.sin_addr[0], raw.sin_addr[1], raw.sin_addr[2], raw.sin_addr[3]};
}

std::string_view name_in(const std::array<char, abi::INTERFACE_NAME_SIZE>& name) {
    const std::string_view whole(name.data(), name.size() - 1);
    return whole.substr(0, whole.find('\0'));
}

Result<Interface*> interface_named(const ifreq& request) {
    std::string_view name = name_in(request.ifr_name);
    // LINUX: an alias such as eth0:1 is a label of the interface.
    name = name.substr(0, name.find(':'));
    Interface* const interface = find_interface(name);
    return interface != nullptr ? Result<Interface*>(interface) : Error::Enodev;
}

/// SIOCGIFCONF: all interfaces that have an address.
Result<u64> list_interfaces(u64 place) {
    abi::ifconf configuration = TRY(vm::UserIn<abi::ifconf>(place).read());
    const Vector<InterfaceAddress> all = TRY(addresses());
    i32 used = 0;
    for (const InterfaceAddress& address : all) {
        if (configuration.ifc_buf != 0) {
            if (configuration.ifc_len - used < static_cast<i32>(sizeof(ifreq))) break;
            ifreq entry{};
            entry.ifr_name = address.label;
            entry.ifr_addr = to_sockaddr(address.prefix.address);
            // SAFETY: an ifreq has no padding.
            const std::span<const u8> bytes(reinterpret_cast<const u8*>(&entry), sizeof(entry));
            TRY(vm::write_user(configuration.ifc_buf + static_cast<u64>(used), bytes));
        }
        used += static_cast<i32>(sizeof(ifreq));
    }
    configuration.ifc_len = used;
    TRY(vm::UserOut<i32>(place).write(used));
    return 0ULL;
}

/// The requests that ask. Errors: Enotty (another request).
Result<> answer(InterfaceIoctl what, const Interface& interface, ifreq& request) {
    const InterfaceAddress address = first_address(interface);
    const bool asks_address = what == InterfaceIoctl::GetAddress || what == InterfaceIoctl::GetNetmask ||
                              what == InterfaceIoctl::GetBroadcast || what == InterfaceIoctl::GetDestination;
    if (asks_address && address.interface == nullptr) return Error::Eaddrnotavail;
    switch (what) {
        case InterfaceIoctl::GetFlags:
            request.ifr_flags = static_cast<i16>(std::to_underlying(interface.flags()));
            break;
        case InterfaceIoctl::GetAddress:
        case InterfaceIoctl::GetDestination: request.ifr_addr = to_sockaddr(address.prefix.address); break;
        case InterfaceIoctl::GetNetmask:
            request.ifr_addr = to_sockaddr(Ipv4Address{address.prefix.mask()});
            break;
        case InterfaceIoctl::GetBroadcast: request.ifr_addr = to_sockaddr(address.broadcast); break;
        case InterfaceIoctl::GetMetric: request.ifr_number = 0; break;
        case InterfaceIoctl::GetMtu: request.ifr_number = static_cast<i32>(interface.mtu()); break;
        case InterfaceIoctl::GetIndex: request.ifr_number = static_cast<i32>(interface.index()); break;
        case InterfaceIoctl::GetTransmitQueueLength: request.ifr_number = 1000; break;
        case InterfaceIoctl::GetMap: request.ifr_bytes = {}; break;
        case InterfaceIoctl::GetHardwareAddress: {
            const HardwareAddress hardware = interface.hardware_address();
            const u16 type = std::to_underlying(interface.type());
            request.ifr_bytes = {};
            std::memcpy(request.ifr_bytes.data(), &type, sizeof(type));
            std::memcpy(request.ifr_bytes.data() + sizeof(type), hardware.data(), hardware.size());
            break;
        }
        default: return Error::Enotty;
    }
    return {};
}

/// A route as route(8) gives it.
Result<u64> change_route(InterfaceIoctl what, u64 place) {
    const abi::rtentry raw = TRY(vm::UserIn<abi::rtentry>(place).read());
    constexpr u16 IS_GATEWAY = 2;
    constexpr u16 IS_HOST = 4;
    if (raw.rt_dst.sin_family != 2) return Error::Eafnosupport;
    const u32 mask = (raw.rt_flags & IS_HOST) != 0 ? ~0U : from_sockaddr(raw.rt_genmask).value;
    if (std::countl_one(mask) + std::countr_zero(mask) < 32) return Error::Einval;
    RouteEntry entry{.destination = {from_sockaddr(raw.rt_dst), static_cast<u8>(std::countl_one(mask))}};
    if ((raw.rt_flags & IS_GATEWAY) != 0) entry.gateway = from_sockaddr(raw.rt_gateway);
    if (raw.rt_metric > 0) entry.metric = static_cast<u32>(raw.rt_metric - 1);
    if (raw.rt_dev != 0) {
        std::array<char, abi::INTERFACE_NAME_SIZE> name{};
        // SAFETY: characters are bytes.
        const std::span<u8> bytes(reinterpret_cast<u8*>(name.data()), name.size() - 1);
        TRY(vm::read_user(raw.rt_dev, bytes));
        entry.interface = find_interface(name_in(name));
        if (entry.interface == nullptr) return Error::Enodev;
    }
    TRY(what == InterfaceIoctl::AddRoute ? add_route(entry) : remove_route(entry));
    return 0ULL;
}

/// The network that an address had before there were prefixes: what ifconfig(8) expects without a netmask.
u8 class_length(Ipv4Address address) {
    if (address.value >> 31 == 0) return 8;
    return address.value >> 30 == 2 ? 16 : 24;
}

InterfaceAddress make_address(Interface& interface, Ipv4Prefix prefix) {
    InterfaceAddress address{.interface = &interface, .prefix = prefix};
    if (!interface.is_loopback() && prefix.length < 31) address.broadcast = prefix.broadcast();
    if (interface.is_loopback()) address.scope = 254;
    interface.name().copy(address.label.data(), address.label.size() - 1);
    return address;
}

/// The requests that change something. Errors: Enotty (another request).
Result<> change(InterfaceIoctl what, Interface& interface, const ifreq& request) {
    const InterfaceAddress before = first_address(interface);
    const Ipv4Address given = from_sockaddr(request.ifr_addr);
    const auto replace = [&](const InterfaceAddress& after) -> Result<> {
        if (before.interface != nullptr) TRY(remove_address(interface, before.prefix));
        return add_address(after);
    };
    switch (what) {
        case InterfaceIoctl::SetFlags: {
            const auto wanted = static_cast<InterfaceFlags>(static_cast<u16>(request.ifr_flags));
            interface.change_flags(wanted & CHANGEABLE, CHANGEABLE);
            return set_up(interface, abi::has(wanted, InterfaceFlags::Up));
        }
        case InterfaceIoctl::SetAddress:
            if (request.ifr_addr.sin_family != 2) return Error::Einval;
            if (given.is_any())
                return before.interface != nullptr ? remove_address(interface, before.prefix) : Result<>();
            TRY(replace(make_address(interface, {given, class_length(given)})));
            return set_up(interface, true);
        case InterfaceIoctl::SetNetmask: {
            if (before.interface == nullptr) return Error::Eaddrnotavail;
            if (std::countl_one(given.value) + std::countr_zero(given.value) < 32) return Error::Einval;
            return replace(make_address(
                interface, {before.prefix.address, static_cast<u8>(std::countl_one(given.value))}));
        }
        case InterfaceIoctl::SetBroadcast: {
            if (before.interface == nullptr) return Error::Eaddrnotavail;
            InterfaceAddress after = before;
            after.broadcast = given;
            return replace(after);
        }
        case InterfaceIoctl::SetMtu: return interface.set_mtu(static_cast<u32>(request.ifr_number));
        default: return Error::Enotty;
    }
}

}  // namespace

void set_administrator_check(bool (*may_administer)()) { administrator_check = may_administer; }

Result<u64> interface_ioctl(fs::FileCommand command) {
    const auto what = command.as<InterfaceIoctl>();
    if (what == InterfaceIoctl::GetConfiguration) return list_interfaces(command.argument);
    const bool may_administer = administrator_check != nullptr && administrator_check();
    if (what == InterfaceIoctl::AddRoute || what == InterfaceIoctl::DeleteRoute)
        return may_administer ? change_route(what, command.argument) : Result<u64>(Error::Eperm);
    constexpr u32 FIRST = 0x8910;
    constexpr u32 LAST = 0x8970;
    if (command.code < FIRST || command.code > LAST) return Error::Enotty;
    ifreq request = TRY(vm::UserIn<ifreq>(command.argument).read());
    if (what == InterfaceIoctl::GetName) {
        const Interface* const interface = find_interface(static_cast<u32>(request.ifr_number));
        if (interface == nullptr) return Error::Enodev;
        request.ifr_name = {};
        interface->name().copy(request.ifr_name.data(), request.ifr_name.size() - 1);
    } else {
        const Result<Interface*> interface = interface_named(request);
        const Result<> answered =
            interface ? answer(what, **interface, request) : Result<>(interface.error());
        if (!answered && interface && answered.error() == Error::Enotty) {
            switch (what) {
                case InterfaceIoctl::SetFlags:
                case InterfaceIoctl::SetAddress:
                case InterfaceIoctl::SetNetmask:
                case InterfaceIoctl::SetBroadcast:
                case InterfaceIoctl::SetMtu:
                    if (!may_administer) return Error::Eperm;
                    TRY(change(what, **interface, request));
                    return 0ULL;
                default: return Error::Enotty;
            }
        }
        TRY(answered);
    }
    // SAFETY: an ifreq has no padding.
    TRY(vm::write_user(command.argument, {reinterpret_cast<const u8*>(&request), sizeof(request)}));
    return 0ULL;
}

}  // namespace exo::net
