#include "drivers/virtio/rng.hpp"

#include <algorithm>
#include <array>

namespace exo::drivers {

namespace {
constexpr u16 QUEUE = 0;
constexpr usize BUFFER_OFFSET = 1024;  // behind the rings
}  // namespace

Result<> VirtioRng::init() {
    static_assert(Virtqueue::memory_size(QUEUE_SIZE) <= BUFFER_OFFSET);
    memory_ = TRY(memory::DmaBuffer::create(PAGE_SIZE));
    TRY(device_.negotiate(0));
    {
        auto state = state_.lock();
        state->queue.initialise(memory_.bytes(), memory_.address(), QUEUE_SIZE);
        TRY(device_.enable_queue(QUEUE, state->queue));
    }
    TRY(device_.connect_interrupt(*this));
    TRY(device_.start());
    return request();
}

Result<> VirtioRng::request() {
    auto state = state_.lock();
    if (state->queue.in_flight() != 0) return Error::Ebusy;
    const QueueBuffer buffer{memory_.address() + BUFFER_OFFSET, REQUEST_SIZE, Direction::FromDevice};
    TRY(state->queue.add({&buffer, 1}, 0));
    device_.notify_if_wanted(QUEUE, state->queue);
    return {};
}

void VirtioRng::on_interrupt() {
    // Acknowledge first: what the device does after that makes a new interrupt.
    // The line may be edge-triggered, so it must be low at the end.
    for (u32 i = 0; i < MAX_INTERRUPT_ROUNDS && device_.take_interrupt() != VirtioInterrupt::None; ++i)
        collect();
}

void VirtioRng::collect() {
    std::array<u8, REQUEST_SIZE> bytes{};
    usize count = 0;
    {
        auto state = state_.lock();
        const auto completion = state->queue.take();
        if (!completion || !*completion) return;
        count = (*completion)->written;
        std::copy_n(memory_.bytes().begin() + BUFFER_OFFSET, count, bytes.begin());
        std::fill_n(memory_.bytes().begin() + BUFFER_OFFSET, count, u8{0});
    }
    generator_.add(std::span(bytes).first(count), Credit::Full);
}

}  // namespace exo::drivers
