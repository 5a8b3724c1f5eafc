#include "drivers/virtio/console.hpp"

#include <algorithm>
#include <cstring>

#include "log/log.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::drivers {

namespace {
constexpr u16 queue_count(u32 ports) { return static_cast<u16>(2 + 2 * ports); }
}  // namespace

VirtioConsole::~VirtioConsole() {
    device_.reset();
    for (std::atomic<Port*>& port : ports_) delete port.load();
}

// ---- The way to work.

Result<> VirtioConsole::init() {
    TRY(device_.negotiate(CONSOLE_FEATURE_MULTIPORT));
    is_multiport_ = device_.has_feature(CONSOLE_FEATURE_MULTIPORT);
    if (is_multiport_) {
        const u32 offered = TRY(device_.configuration32(CONSOLE_MAX_PORTS_OFFSET));
        if (offered == 0) return Error::Eio;
        port_count_ = std::min(offered, MAX_PORTS);
    }
    // Rings of all queues that there can be, then the control buffers.
    memory_ = TRY(memory::DmaBuffer::create(queue_count(port_count_) * RING_SIZE +
                                            2 * CONTROL_QUEUE_SIZE * CONTROL_BUFFER_SIZE));
    TRY(enable_queues());
    TRY(device_.connect_interrupt(*this));
    TRY(device_.start());
    if (!is_multiport_) {
        Port* port = TRY(make_port(0));
        port->set_console();
        port->host_opened();
        return {};
    }
    TRY(start_control_queues());
    return send(0, ConsoleEvent::DeviceReady, 1);
}

std::span<u8> VirtioConsole::ring(u16 index) const {
    return memory_.bytes().subspan(index * RING_SIZE, RING_SIZE);
}

memory::PhysicalAddress VirtioConsole::physical(std::span<u8> bytes) const {
    return memory_.address() + static_cast<u64>(bytes.data() - memory_.data());
}

std::span<u8> VirtioConsole::control_buffer(u16 queue, u32 index) const {
    const usize half = queue == CONTROL_RECEIVE_QUEUE ? 0 : CONTROL_QUEUE_SIZE;
    const usize start = queue_count(port_count_) * RING_SIZE;
    return memory_.bytes().subspan(start + (half + index) * CONTROL_BUFFER_SIZE, CONTROL_BUFFER_SIZE);
}

/// All queues are made known before the device starts to work, those of ports that may come later as well.
Result<> VirtioConsole::enable_queues() {
    auto control = control_.lock();
    for (u32 id = 0; id < port_count_; ++id) {
        for (const u16 index : {port_receive_queue(id), port_transmit_queue(id)}) {
            VirtqueueOf<Port::QUEUE_SIZE> queue;
            queue.initialise(ring(index), physical(ring(index)), Port::QUEUE_SIZE);
            TRY(device_.enable_queue(index, queue));
        }
    }
    if (!is_multiport_) return {};
    const std::span<u8> receive = ring(CONTROL_RECEIVE_QUEUE);
    const std::span<u8> transmit = ring(CONTROL_TRANSMIT_QUEUE);
    control->receive.initialise(receive, physical(receive), CONTROL_QUEUE_SIZE);
    control->transmit.initialise(transmit, physical(transmit), CONTROL_QUEUE_SIZE);
    control->transmit.set_interrupts(Virtqueue::Interrupts::Off);
    TRY(device_.enable_queue(CONTROL_RECEIVE_QUEUE, control->receive));
    return device_.enable_queue(CONTROL_TRANSMIT_QUEUE, control->transmit);
}

Result<> VirtioConsole::start_control_queues() {
    auto control = control_.lock();
    for (u32 i = 0; i < CONTROL_QUEUE_SIZE; ++i) TRY(give_control_buffer(*control, i));
    return {};
}

Result<> VirtioConsole::give_control_buffer(Control& control, u32 index) {
    const QueueBuffer item{physical(control_buffer(CONTROL_RECEIVE_QUEUE, index)), CONTROL_BUFFER_SIZE,
                           Direction::FromDevice};
    TRY(control.receive.add({&item, 1}, index));
    device_.notify_if_wanted(CONTROL_RECEIVE_QUEUE, control.receive);
    return {};
}

Result<> VirtioConsole::start_control_thread() {
    if (!is_multiport_) return {};
    auto thread = TRY(scheduler::Thread::create("virtio-console", run_control_thread, this,
                                                scheduler::ThreadPriority::High));
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return {};
}

void VirtioConsole::run_control_thread(void* console) {
    auto& self = *static_cast<VirtioConsole*>(console);
    while (!self.is_broken()) {
        self.process_control();
        // An uninterruptible wait without a deadline ends only when its condition holds.
        (void)self.control_work_.wait(scheduler::WaitMode::Uninterruptible,
                                      [&] { return self.has_control_work_.load(); });
    }
    log::error("virtio-console: the device breaks the rules of its control queues; no more ports will come");
    scheduler::SCHEDULER.exit_current();
}

// ---- Interrupts.

void VirtioConsole::on_interrupt() {
    // Acknowledge first: what the device does after that makes a new interrupt.
    // The line may be edge-triggered, so it must be low at the end.
    for (u32 i = 0; i < MAX_INTERRUPT_ROUNDS && device_.take_interrupt() != VirtioInterrupt::None; ++i) {
        for (u32 id = 0; id < port_count_; ++id) {
            if (Port* item = port(id)) item->on_interrupt();
        }
        if (!is_multiport_ || !control_.lock()->receive.has_used()) continue;
        has_control_work_.store(true);
        control_work_.wake_one();
    }
}

// ---- Control messages.

Result<> VirtioConsole::send(u32 port, ConsoleEvent event, u16 value) {
    // Without control queues both sides are always open.
    if (!is_multiport_) return {};
    auto control = control_.lock();
    // Messages are so few that the device has long taken the older ones.
    while (TRY(control->transmit.take())) {
    }
    const std::span<u8> buffer = control_buffer(CONTROL_TRANSMIT_QUEUE, control->next_slot);
    const ConsoleMessage message{port, event, value};
    const QueueBuffer item{physical(buffer), sizeof(message), Direction::ToDevice};
    if (control->transmit.free_descriptors() == 0) return Error::Eio;
    std::memcpy(buffer.data(), &message, sizeof(message));
    TRY(control->transmit.add({&item, 1}, control->next_slot));
    control->next_slot = (control->next_slot + 1) % CONTROL_QUEUE_SIZE;
    device_.notify_if_wanted(CONTROL_TRANSMIT_QUEUE, control->transmit);
    return {};
}

/// Errors: Eio.
Result<std::optional<VirtioConsole::Message>> VirtioConsole::next_message() {
    auto control = control_.lock();
    for (u16 i = 0; i < CONTROL_QUEUE_SIZE; ++i) {
        const auto completion = TRY(control->receive.take());
        if (!completion) break;
        const std::span<u8> buffer = control_buffer(CONTROL_RECEIVE_QUEUE, completion->token);
        Message message;
        const bool is_whole = completion->written >= sizeof(ConsoleMessage);
        if (is_whole) {
            std::memcpy(&message.header, buffer.data(), sizeof(ConsoleMessage));
            message.text_size = completion->written - sizeof(ConsoleMessage);
            std::memcpy(message.text.data(), buffer.data() + sizeof(ConsoleMessage), message.text_size);
        }
        TRY(give_control_buffer(*control, completion->token));
        if (is_whole) return std::optional(message);
    }
    return std::optional<Message>{};
}

void VirtioConsole::process_control() {
    has_control_work_.store(false);
    for (;;) {
        const auto message = next_message();
        if (!message) is_broken_.store(true, std::memory_order_relaxed);
        if (!message || !*message) return;
        handle(**message);
    }
}

void VirtioConsole::handle(const Message& message) {
    const ConsoleMessage& header = message.header;
    if (header.event == ConsoleEvent::PortAdd) return add_port(header.port);
    Port* item = port(header.port);
    if (item == nullptr) return;
    switch (header.event) {
        case ConsoleEvent::PortRemove: item->removed(); break;
        case ConsoleEvent::PortOpen: header.value != 0 ? item->host_opened() : item->host_closed(); break;
        case ConsoleEvent::ConsolePort:
            item->set_console();
            tell_listener(*item);
            break;
        case ConsoleEvent::PortName: {
            const std::string_view text(message.text.data(), message.text_size);
            // Some devices end it with a NUL.
            if (item->set_name(text.substr(0, text.find('\0')))) tell_listener(*item);
            break;
        }
        default: break;
    }
}

void VirtioConsole::add_port(u32 id) {
    if (id >= port_count_) return;
    Port* item = port(id);
    if (item != nullptr) {
        item->added();
    } else if (auto made = make_port(id)) {
        item = *made;
    } else {
        log::warning("virtio-console: no port {} (error {})", id, made.error());
    }
    (void)send(id, ConsoleEvent::PortReady,
               item != nullptr ? 1 : 0);  // a device that takes no messages needs none
    if (item != nullptr) tell_listener(*item);
}

Result<Port*> VirtioConsole::make_port(u32 id) {
    Box<Port> made = TRY(make_box<Port>(*this, id));
    const std::span<u8> receive = ring(port_receive_queue(id));
    const std::span<u8> transmit = ring(port_transmit_queue(id));
    TRY(made->set_up(receive, physical(receive), transmit, physical(transmit)));
    Port* item = made.release();
    ports_[id].store(item, std::memory_order_release);  // pairs with the acquire in port()
    return item;
}

Port* VirtioConsole::find_port(std::string_view name) const {
    for (u32 id = 0; id < port_count_; ++id) {
        Port* item = port(id);
        if (item != nullptr && !name.empty() && item->name() == name) return item;
    }
    return nullptr;
}

void VirtioConsole::tell_listener(Port& port) {
    if (listener_ != nullptr) listener_->port_changed(port);
}

}  // namespace exo::drivers
