#if defined(EXO_KASAN)

#include "memory/kasan/guarded_heap.hpp"

#include <new>

#include "memory/physical/buddy_allocator.hpp"

namespace exo::kasan {

constinit GuardedHeap guarded_heap;

namespace {

constexpr usize MAX_QUARANTINE = MIB;

enum class State : u32 { Alive = 0x4c49'5645, Freed = 0x4652'4545 };

/// The last bytes of a piece. Code lies in the last 4 GiB of addresses, so half an address tells it.
struct Trailer {
    u32 size;
    State state;
    u32 allocated_by;
    u32 freed_by;
};
static_assert(sizeof(Trailer) == 16);

u32 half_address(const void* code) { return static_cast<u32>(address_of(code)); }
u64 full_address(u32 half) { return half != 0 ? 0xffff'ffff'0000'0000 | half : 0; }

/// SAFETY: every piece that the guarded heap hands out ends with one; of others `state` is garbage, and is looked at first.
Trailer& trailer_of(memory::HeapPiece piece) {
    return *reinterpret_cast<Trailer*>(piece.start + piece.size - sizeof(Trailer));
}
bool is_object(memory::HeapPiece piece) {
    if (piece.size <= sizeof(Trailer)) return false;
    const Trailer& trailer = trailer_of(piece);
    return (trailer.state == State::Alive || trailer.state == State::Freed) &&
           trailer.size <= piece.size - sizeof(Trailer);
}

}  // namespace

void GuardedHeap::set_quarantine_limit(usize bytes) {
    quarantine_.lock()->limit = bytes < MAX_QUARANTINE ? bytes : MAX_QUARANTINE;
}

void* GuardedHeap::try_allocate(usize size, usize alignment) {
    void* memory = memory::heap.allocate(size, alignment);
    while (memory == nullptr && release_quarantine()) memory = memory::heap.allocate(size, alignment);
    return memory;
}

void* GuardedHeap::allocate(usize size, usize alignment) {
    if (size > memory::MAX_BLOCK_FRAMES * PAGE_SIZE) return nullptr;
    // One byte at least: a piece's beginning tells objects apart.
    const usize wanted = (size != 0 ? size : 1) + sizeof(Trailer);
    void* memory = try_allocate(align_up(wanted, 16), alignment);
    if (memory == nullptr) return nullptr;
    const memory::HeapPiece piece = memory::heap.piece_around(address_of(memory));
    ASSERT(piece.start == address_of(memory) && piece.size >= wanted);
    poison(piece.start, piece.size, Poison::HeapRedzone);
    unpoison(piece.start, size);
    trailer_of(piece) = {static_cast<u32>(size), State::Alive, half_address(__builtin_return_address(0)), 0};
    return memory;
}

void GuardedHeap::deallocate(void* pointer, usize, usize) {
    if (pointer == nullptr) return;
    const void* code = __builtin_return_address(0);
    const memory::HeapPiece piece = memory::heap.piece_around(address_of(pointer));
    if (piece.start != address_of(pointer) || !is_object(piece) || trailer_of(piece).state != State::Alive)
        report_bad_free(address_of(pointer), address_of(code));
    trailer_of(piece).state = State::Freed;
    trailer_of(piece).freed_by = half_address(code);
    poison(piece.start, piece.size, Poison::FreedObject);
    auto* waiting = new (pointer) Waiting{nullptr, piece.size};
    usize limit;
    {
        auto quarantine = quarantine_.lock();
        (quarantine->last != nullptr ? quarantine->last->next : quarantine->first) = waiting;
        quarantine->last = waiting;
        quarantine->bytes += piece.size;
        limit = quarantine->limit;
    }
    (void)shrink_quarantine(limit);
}

/// The object that has waited longest, while there are more than `above` bytes; null otherwise.
GuardedHeap::Waiting* GuardedHeap::take_from_quarantine(usize above) {
    auto quarantine = quarantine_.lock();
    if (quarantine->bytes <= above) return nullptr;
    Waiting* taken = quarantine->first;
    quarantine->first = taken->next;
    if (taken->next == nullptr) quarantine->last = nullptr;
    quarantine->bytes -= taken->size;
    return taken;
}

bool GuardedHeap::shrink_quarantine(usize limit) {
    constexpr usize MANY = 64;
    usize count = 0;
    for (; Waiting* taken = take_from_quarantine(limit); ++count) memory::heap.deallocate(taken);
    if (count > MANY) sync::thread_header().has_sanitizer_work = true;
    return count != 0;
}

bool GuardedHeap::release_quarantine() {
    const bool is_any = shrink_quarantine(0);
    // Empty slabs are frames again.
    if (is_any) memory::heap.trim();
    return is_any;
}

bool release_heap_quarantine() { return guarded_heap.release_quarantine(); }

bool find_heap_object(u64 address, HeapObject& object) {
    const memory::HeapPiece piece = memory::heap.piece_around(address);
    if (!is_object(piece)) return false;
    const Trailer& trailer = trailer_of(piece);
    object = {piece.start, trailer.size, full_address(trailer.allocated_by),
              trailer.state == State::Freed ? full_address(trailer.freed_by) : 0};
    return true;
}

}  // namespace exo::kasan

#endif
