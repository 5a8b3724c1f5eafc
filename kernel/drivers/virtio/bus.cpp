#include "drivers/virtio/bus.hpp"

#include "drivers/virtio/mmio_transport.hpp"
#include "drivers/virtio/network.hpp"
#include "drivers/virtio/pci_transport.hpp"
#include "log/log.hpp"

namespace exo::drivers {

namespace {

constinit std::atomic<VirtioConsole*> first_console{nullptr};

/// A driver that was registered stays for ever, also when its device does not start.
template <class Device> Result<Device*> start(Box<Device> driver) {
    TRY(DRIVERS.add(*driver));
    Device* registered = driver.release();
    TRY(DRIVERS.start(*registered));
    return registered;
}

Result<> attach_console(Box<Transport> transport, PortListener& listener) {
    auto made = TRY(make_box<VirtioConsole>(std::move(transport)));
    made->set_listener(listener);
    VirtioConsole* console = TRY(start(std::move(made)));
    TRY(console->start_control_thread());
    first_console.store(console);
    return {};
}

Result<> attach_rng(Box<Transport> transport) {
    TRY(start(TRY(make_box<VirtioRng>(std::move(transport), RANDOM))));
    return {};
}

Result<> attach_network(Box<Transport> transport) {
    VirtioNetwork* network = TRY(start(TRY(make_box<VirtioNetwork>(std::move(transport)))));
    return add_network_device(*network);
}

Result<> attach(Box<Transport> transport, PortListener& listener) {
    switch (transport->type()) {
        case VirtioType::Console: return attach_console(std::move(transport), listener);
        case VirtioType::Network: return attach_network(std::move(transport));
        case VirtioType::Random: return attach_rng(std::move(transport));
        default:
            log::debug("virtio: no driver for a device of type {}", static_cast<u32>(transport->type()));
            return {};
    }
}

}  // namespace

Result<> attach_virtio_mmio(const boot::VirtioMmioDevice& slot, PortListener& listener) {
    Box<RegisterBlock> registers = TRY(map_registers(memory::PhysicalAddress(slot.base), slot.size));
    auto opened = MmioTransport::open(std::move(registers), slot.size, slot.interrupt);
    if (!opened) {
        if (opened.error() == Error::Enodev) return {};
        return opened.error();
    }
    return attach(std::move(*opened), listener);
}

Result<> attach_virtio_pci(const pci::Function& function, PortListener& listener) {
    auto opened = PciTransport::open(function, map_registers);
    if (!opened) {
        if (opened.error() == Error::Enodev) return {};
        return opened.error();
    }
    return attach(std::move(*opened), listener);
}

VirtioConsole* virtio_console() { return first_console.load(); }

}  // namespace exo::drivers
