#include "drivers/interrupts.hpp"

#include "arch/upcalls.hpp"
#include "sync/handler_context.hpp"

namespace exo::drivers {

namespace {

// Handlers are only ever added, in front, so a handler's chain can be walked without a lock.
constinit std::atomic<InterruptHandler*> chains[INTERRUPT_LINES] = {};
constinit std::atomic<LineEnabler> line_enabler{nullptr};
constinit std::atomic<u64> unexpected{0};

}  // namespace

void set_line_enabler(LineEnabler enabler) { line_enabler.store(enabler); }

void add_handler(u32 line, InterruptHandler& handler) {
    std::atomic<InterruptHandler*>& head = chains[line];
    handler.next_ = head.load(std::memory_order_relaxed);
    // release: pairs with the acquire in dispatch_interrupt; the handler is complete when it can be found
    while (!head.compare_exchange_weak(handler.next_, &handler, std::memory_order_release)) {
    }
}

Result<> connect_interrupt(u32 line, LineMode mode, InterruptHandler& handler) {
    if (line >= INTERRUPT_LINES) return Error::Einval;
    add_handler(line, handler);
    if (const LineEnabler enable = line_enabler.load()) return enable(line, mode);
    return {};
}

Result<arch::InterruptMessage> connect_message(InterruptHandler& handler) {
    const arch::InterruptMessage message = TRY(arch::allocate_interrupt_message());
    add_handler(message.line, handler);
    return message;
}

void dispatch_interrupt(u32 line) {
    // acquire: pairs with the release in connect_interrupt
    InterruptHandler* handler =
        line < INTERRUPT_LINES ? chains[line].load(std::memory_order_acquire) : nullptr;
    if (handler == nullptr) unexpected.fetch_add(1, std::memory_order_relaxed);
    for (; handler != nullptr; handler = handler->next_) handler->on_interrupt();
}

u64 unexpected_interrupts() { return unexpected.load(std::memory_order_relaxed); }

}  // namespace exo::drivers

void exo::upcalls::interrupt(u32 line) {
    const sync::HandlerContext context;
    drivers::dispatch_interrupt(line);
}
