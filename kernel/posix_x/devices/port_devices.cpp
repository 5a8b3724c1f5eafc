#include "drivers/virtio/bus.hpp"
#include "fs/devfs/devfs.hpp"
#include "log/log.hpp"
#include "posix_x/devices/console_devices.hpp"
#include "posix_x/terminal/terminals.hpp"
#include "posix_x/trace/channel.hpp"

namespace exo::posix_x {

namespace {

using drivers::Port;
using fs::PollEvents;

constexpr u32 PORT_MAJOR = 243;  // in Linux dynamic, usually this one
constexpr u32 HVC_MAJOR = 229;

/// The open file description of a /dev/vport0pN.
class PortFile final : public fs::DeviceFile {
  public:
    PortFile(fs::OpenRequest&& request, Port& port) : DeviceFile(std::move(request)), port_(port) {}
    ~PortFile() override { port_.close(); }

    Result<usize> do_read(vm::OutBuffer& to, u64) override {
        if (to.remaining() == 0) return 0uz;
        return port_.read(to, blocking());
    }
    Result<usize> do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) override {
        if (from.remaining() == 0) return 0uz;
        return port_.write(from, blocking());
    }
    Result<u64> readable_bytes() override { return port_.readable_bytes(); }
    Result<> sync() override { return port_.drain(scheduler::WaitMode::Interruptible); }
    Result<u64> ioctl(fs::FileCommand request) override {
        if (!request.is(abi::TerminalRequest::SendBreak) || request.argument == 0) return Error::Enotty;
        TRY(port_.drain(scheduler::WaitMode::Interruptible));  // tcdrain(3)
        return 0ULL;
    }
    PollEvents poll(fs::PollTable* table) override {
        if (table != nullptr) {
            table->add(port_.readable);
            table->add(port_.writable);
        }
        PollEvents events = PollEvents::None;
        if (port_.is_readable()) events = events | PollEvents::In | PollEvents::Rdnorm;
        if (port_.is_writable()) events = events | PollEvents::Out | PollEvents::Wrnorm;
        if (port_.has_hung_up()) events = events | PollEvents::Hup;
        return events;
    }

  private:
    Port& port_;
};

class PortDevice final : public fs::Device {
  public:
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber number) override {
        drivers::VirtioConsole* console = drivers::virtio_console();
        Port* port = console != nullptr ? console->port(number.minor) : nullptr;
        if (port == nullptr) return Error::Enxio;
        TRY(port->open());
        Result<Ref<PortFile>> file = make_ref<PortFile>(std::move(request), *port);
        if (!file) port->close();
        return TRY(std::move(file));
    }
};

/// The hardware of a /dev/hvcN.
class PortTerminal final : public TerminalDriver {
  public:
    explicit PortTerminal(Port& port) : port_(port) {}
    usize read(std::span<u8> to) override {
        vm::OutBuffer out = vm::OutBuffer::from_kernel(to);
        return port_.read(out, drivers::Blocking::No).value_or(0);
    }
    usize write(std::span<const u8> bytes) override {
        vm::InBuffer in = vm::InBuffer::from_kernel(bytes);
        const Result<usize> taken = port_.write(in, drivers::Blocking::No);
        if (!taken && taken.error() == Error::Epipe)
            return bytes.size();  // nothing shows the output any more
        return taken.value_or(0);
    }
    usize unsent() override { return port_.unsent_bytes(); }
    scheduler::WaitQueue& readable() override { return port_.readable; }
    scheduler::WaitQueue& writable() override { return port_.writable; }

  private:
    Port& port_;
};

class PortNodes final : public drivers::PortListener {
  public:
    void port_changed(Port& port) override {
        const Result<> result = update(port);
        if (!result && result.error() != Error::Eexist)
            log::warning("virtio port {}: no node (error {})", port.id(), result.error());
    }

  private:
    static Result<> update(Port& port) {
        if (port.is_console()) return add_console(port);
        trace::port_found(port);
        String node;
        TRY(format_append(node, "vport0p{}", port.id()));
        const Result<> added =
            fs::devfs::add_node(node.view(), 0600, fs::DeviceClass::Character, {PORT_MAJOR, port.id()});
        if (!added && added.error() != Error::Eexist) return added;
        if (port.name().empty() || port.name().find('/') != std::string_view::npos) return {};
        String link;
        TRY(format_append(link, "virtio-ports/{}", port.name()));
        String target;
        TRY(format_append(target, "../{}", node.view()));
        return fs::devfs::add_symlink(link.view(), target.view());
    }

    static Result<> add_console(Port& port) {
        Box<PortTerminal> driver = TRY(make_box<PortTerminal>(port));
        Box<String> name = TRY(make_box<String>());
        TRY(format_append(*name, "hvc{}", port.id()));
        TRY(port.open());
        const Result<Ref<Terminal>> terminal =
            add_terminal(name->view(), {HVC_MAJOR, port.id()}, "hvc", *driver, TerminalSettings::initial());
        if (!terminal) {
            port.close();
            return terminal.error();
        }
        (void)driver.release();  // terminals are never removed
        (void)name.release();
        return {};
    }
};

constinit PortNodes the_port_nodes;

}  // namespace

drivers::PortListener& port_nodes() { return the_port_nodes; }

Result<> init_port_devices() {
    return fs::register_device(fs::DeviceClass::Character, {PORT_MAJOR, 0}, drivers::VirtioConsole::MAX_PORTS,
                               "virtio-portsdev", TRY(make_ref<PortDevice>()));
}

}  // namespace exo::posix_x
