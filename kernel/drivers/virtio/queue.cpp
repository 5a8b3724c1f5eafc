#include "drivers/virtio/queue.hpp"

#include <cstring>
#include <utility>

namespace exo::drivers {

namespace {

struct Descriptor {
    u64 address;
    u32 size;
    u16 flags;
    u16 next;
};
static_assert(sizeof(Descriptor) == 16);

struct UsedElement {
    u32 id;
    u32 size;
};

constexpr u16 FLAG_NEXT = 1;
constexpr u16 FLAG_DEVICE_WRITES = 2;
constexpr u16 AVAILABLE_NO_INTERRUPT = 1;
constexpr u16 USED_NO_NOTIFY = 1;

// The layout of our memory: descriptors, available ring, used ring (at a multiple of four).
constexpr usize RING_FLAGS = 0;
constexpr usize RING_INDEX = 2;
constexpr usize RING_ENTRIES = 4;
constexpr usize available_offset(u16 size) { return sizeof(Descriptor) * size; }
constexpr usize used_offset(u16 size) {
    return align_up(available_offset(size) + RING_ENTRIES + 2 * usize{size} + 2, 4);
}
constexpr usize used_event_offset(u16 size) {
    return available_offset(size) + RING_ENTRIES + 2 * usize{size};
}
constexpr usize available_event_offset(u16 size) {
    return used_offset(size) + RING_ENTRIES + sizeof(UsedElement) * size;
}
static_assert(used_offset(Virtqueue::MAX_SIZE) + RING_ENTRIES + 8 * Virtqueue::MAX_SIZE + 2 <=
              Virtqueue::memory_size(Virtqueue::MAX_SIZE));
static_assert(used_offset(1) + RING_ENTRIES + 8 + 2 <= Virtqueue::memory_size(1));

}  // namespace

void Virtqueue::initialise(std::span<u8> memory, memory::PhysicalAddress address, u16 size) {
    ASSERT(size > 0 && size <= entries_.size() && (size & (size - 1)) == 0);
    ASSERT(memory.size() >= memory_size(size));
    ASSERT(address.is_aligned_to(64));
    memory_ = memory.data();
    address_ = address;
    size_ = size;
    free_count_ = size;
    for (u16 i = 0; i < size; ++i) entries_[i].next = static_cast<u16>(i + 1);
}

QueueAddresses Virtqueue::addresses() const {
    return {address_, address_ + available_offset(size_), address_ + used_offset(size_)};
}

u16& Virtqueue::ring_word(usize offset) const {
    // SAFETY: all offsets lie inside the rings, which are aligned to 64 bytes, and are even.
    return *static_cast<u16*>(static_cast<void*>(memory_ + offset));
}

u32 Virtqueue::ring_double_word(usize offset) const {
    // SAFETY: as ring_word; these offsets are multiples of four.
    return std::atomic_ref(*static_cast<u32*>(static_cast<void*>(memory_ + offset)))
        .load(std::memory_order_relaxed);
}

Error Virtqueue::break_queue() {
    is_broken_ = true;
    return Error::Eio;
}

Result<> Virtqueue::add(std::span<const QueueBuffer> buffers, u32 token) {
    if (is_broken_) return Error::Eio;
    if (buffers.empty()) return Error::Einval;
    if (buffers.size() > free_count_) return Error::Enobufs;
    const u16 head = free_head_;
    u32 writable = 0;
    u16 index = head;
    for (usize i = 0; i < buffers.size(); ++i) {
        const QueueBuffer& buffer = buffers[i];
        const bool is_last = i + 1 == buffers.size();
        const bool device_writes = buffer.direction == Direction::FromDevice;
        const u16 flags =
            static_cast<u16>((is_last ? 0 : FLAG_NEXT) | (device_writes ? FLAG_DEVICE_WRITES : 0));
        const Descriptor descriptor{buffer.address.value(), buffer.size, flags,
                                    is_last ? u16{0} : entries_[index].next};
        std::memcpy(memory_ + sizeof(Descriptor) * index, &descriptor, sizeof(descriptor));
        if (device_writes) writable += buffer.size;
        if (!is_last) index = entries_[index].next;
    }
    free_head_ = entries_[index].next;
    free_count_ = static_cast<u16>(free_count_ - buffers.size());
    QueueEntry& first = entries_[head];
    first.is_in_flight = true;
    first.descriptors = static_cast<u16>(buffers.size());
    first.writable = writable;
    first.token = token;
    ring_word(available_offset(size_) + RING_ENTRIES + 2 * usize{static_cast<u16>(next_available_ % size_)}) =
        head;
    ++next_available_;
    // seq_cst: publishes the descriptors to the device, and is ordered before the look at its flags in
    // wants_notification (the device looks for new buffers after it has cleared the flag)
    std::atomic_ref(ring_word(available_offset(size_) + RING_INDEX))
        .exchange(next_available_, std::memory_order_seq_cst);
    return {};
}

bool Virtqueue::wants_notification() {
    const u16 before = std::exchange(notified_available_, next_available_);
    if (is_broken_) return false;
    // seq_cst in both: ordered behind the publication in add
    if (!uses_event_index_) {
        const u16 flags =
            std::atomic_ref(ring_word(used_offset(size_) + RING_FLAGS)).load(std::memory_order_seq_cst);
        return (flags & USED_NO_NOTIFY) == 0;
    }
    const u16 event =
        std::atomic_ref(ring_word(available_event_offset(size_))).load(std::memory_order_seq_cst);
    return static_cast<u16>(next_available_ - event - 1) < static_cast<u16>(next_available_ - before);
}

bool Virtqueue::has_used() const {
    // acquire: pairs with the device's publication of what it has used
    const u16 index =
        std::atomic_ref(ring_word(used_offset(size_) + RING_INDEX)).load(std::memory_order_acquire);
    return index != next_used_.load(std::memory_order_relaxed);
}

Result<std::optional<QueueCompletion>> Virtqueue::take() {
    if (is_broken_) return Error::Eio;
    const u16 next_used = next_used_.load(std::memory_order_relaxed);
    // acquire: pairs with the device's publication of what it has used
    const u16 index =
        std::atomic_ref(ring_word(used_offset(size_) + RING_INDEX)).load(std::memory_order_acquire);
    const u16 ready = static_cast<u16>(index - next_used);
    if (ready == 0) return std::optional<QueueCompletion>{};
    if (ready > size_) return break_queue();
    // Read once: the device can change it while we look.
    const usize offset =
        used_offset(size_) + RING_ENTRIES + sizeof(UsedElement) * usize{static_cast<u16>(next_used % size_)};
    const UsedElement element{ring_double_word(offset), ring_double_word(offset + sizeof(u32))};
    if (element.id >= size_ || !entries_[element.id].is_in_flight) return break_queue();
    const u16 head = static_cast<u16>(element.id);
    const u32 token = entries_[head].token;
    if (element.size > entries_[head].writable) return break_queue();
    free_chain(head);
    next_used_.store(static_cast<u16>(next_used + 1), std::memory_order_relaxed);
    if (uses_event_index_ && interrupts_ == Interrupts::On)
        ask_for_interrupt_at(static_cast<u16>(next_used + 1));
    return std::optional(QueueCompletion{token, element.size});
}

void Virtqueue::free_chain(u16 head) {
    QueueEntry& first = entries_[head];
    u16 last = head;
    for (u16 i = 1; i < first.descriptors; ++i) last = entries_[last].next;
    entries_[last].next = free_head_;
    free_head_ = head;
    free_count_ = static_cast<u16>(free_count_ + first.descriptors);
    first.is_in_flight = false;
}

/// The device interrupts when it returns the chain of this number.
void Virtqueue::ask_for_interrupt_at(u16 index) {
    // seq_cst: ordered before the look at the used ring that must follow, so that nothing is missed
    std::atomic_ref(ring_word(used_event_offset(size_))).exchange(index, std::memory_order_seq_cst);
}

void Virtqueue::set_interrupts(Interrupts wish) {
    interrupts_ = wish;
    if (uses_event_index_) {
        const u16 next = next_used_.load(std::memory_order_relaxed);
        // Behind what comes next, so that the device gets there after 65535 chains only.
        return ask_for_interrupt_at(wish == Interrupts::On ? next : static_cast<u16>(next - 1));
    }
    const u16 flags = wish == Interrupts::Off ? AVAILABLE_NO_INTERRUPT : u16{0};
    // seq_cst: ordered before the look at the used ring that must follow, so that nothing is missed
    std::atomic_ref(ring_word(available_offset(size_) + RING_FLAGS))
        .exchange(flags, std::memory_order_seq_cst);
}

}  // namespace exo::drivers
