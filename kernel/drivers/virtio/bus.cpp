#include "drivers/virtio/bus.hpp"

#include "drivers/virtio/mmio_transport.hpp"
#include "drivers/virtio/network.hpp"
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

Result<> attach_console(Box<Transport> transport, u32 line, PortListener& listener) {
    auto made = TRY(make_box<VirtioConsole>(std::move(transport), line));
    made->set_listener(listener);
    VirtioConsole* console = TRY(start(std::move(made)));
    TRY(console->start_control_thread());
    first_console.store(console);
    return {};
}

Result<> attach_rng(Box<Transport> transport, u32 line) {
    TRY(start(TRY(make_box<VirtioRng>(std::move(transport), line, RANDOM))));
    return {};
}

Result<> attach_network(Box<Transport> transport, u32 line) {
    VirtioNetwork* network = TRY(start(TRY(make_box<VirtioNetwork>(std::move(transport), line))));
    return add_network_device(*network);
}

}  // namespace

Result<> attach_virtio_mmio(const boot::VirtioMmioDevice& slot, PortListener& listener) {
    const auto region = TRY(memory::MmioRegion::map(memory::PhysicalAddress(slot.base), slot.size));
    Box<RegisterBlock> registers = TRY(make_box<MmioRegisters>(region));
    auto opened = MmioTransport::open(std::move(registers), slot.size);
    if (!opened) {
        if (opened.error() == Error::Enodev) return {};
        return opened.error();
    }
    Box<Transport> transport = std::move(*opened);
    switch (transport->type()) {
        case VirtioType::Console: return attach_console(std::move(transport), slot.interrupt, listener);
        case VirtioType::Network: return attach_network(std::move(transport), slot.interrupt);
        case VirtioType::Random: return attach_rng(std::move(transport), slot.interrupt);
        default:
            log::debug("virtio: no driver for a device of type {}", static_cast<u32>(transport->type()));
            return {};
    }
}

VirtioConsole* virtio_console() { return first_console.load(); }

}  // namespace exo::drivers
