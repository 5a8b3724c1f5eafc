// The faults that KASAN must report, one test each, and accesses that it must accept. Only in kernels with
// KASAN (the debug preset).
#include "kernel_test.hpp"

#if defined(EXO_KASAN)

#include <cstring>
#include <new>

#include "memory/dma_buffer.hpp"
#include "memory/kasan/guarded_heap.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/physical/frame_ref.hpp"

namespace exo::kernel_test {

namespace {

[[gnu::noinline]] u8 load_byte(const volatile u8* address) { return *address; }
[[gnu::noinline]] void store_byte(volatile u8* address) { *address = 1; }
[[gnu::noinline]] u64 load_word(const volatile u64* address) { return *address; }
[[gnu::noinline]] void store_word(volatile u64* address) { *address = 1; }

/// Not inline, or the compiler may leave out an allocation that is freed at once.
[[gnu::noinline]] u8* make_object(usize size) {
    auto* object = new (std::nothrow) u8[size];
    CHECK(object != nullptr);
    return object;
}

/// The report's lines up to the call chain: what happened, by whom, and where it lies.
void expect_report(std::string_view what, std::string_view access, usize size, const volatile void* address,
                   std::string_view function) {
    expect("kernel panic: KASAN: {}: {} of {} bytes at {:016x}", what, access, size,
           reinterpret_cast<u64>(address));
    expect("kernel_test::{}+", function);
}
void expect_call_chain(std::string_view function) {
    expect("call chain:");
    expect("kernel_test::{}+", function);
    expect("kernel_test::run_test+");
}

// ---- Objects of the heap.

void kasan_heap_overflow_read() {
    u8* object = make_object(40);
    expect_report("heap-buffer-overflow", "read", 1, object + 40, "load_byte");
    expect("It is 0 bytes behind the end of an object of 40 bytes at {:016x}", reinterpret_cast<u64>(object));
    expect("kernel_test::make_object+");
    expect("[fa]");
    expect_call_chain("load_byte");
    (void)load_byte(object + 40);
}

/// Eight bytes of which the last three are not the object's.
void kasan_heap_overflow_write_within_a_granule() {
    u8* object = make_object(21);
    auto* word = reinterpret_cast<volatile u64*>(object + 16);
    expect_report("heap-buffer-overflow", "write", 8, word, "store_word");
    expect("It is 0 bytes behind the end of an object of 21 bytes");
    expect("[05]");
    store_word(word);
}

/// Whatever lies before an object: another one's redzone, or what has not been handed out.
void kasan_heap_underflow() {
    u8* object = make_object(64);
    expect("kernel panic: KASAN: heap-");
    expect("write of 1 bytes at {:016x}", reinterpret_cast<u64>(object) - 1);
    expect("kernel_test::store_byte+");
    store_byte(object - 1);
}

/// Sizes that fit no slab: with a header, and in whole frames.
void kasan_odd_object_overflow() {
    u8* object = make_object(5000);
    expect_report("heap-buffer-overflow", "write", 1, object + 5007, "store_byte");
    expect("It is 7 bytes behind the end of an object of 5000 bytes at {:016x}",
           reinterpret_cast<u64>(object));
    store_byte(object + 5007);
}

void kasan_large_object_overflow() {
    constexpr usize SIZE = 20 * PAGE_SIZE - 100;
    u8* object = make_object(SIZE);
    expect_report("heap-buffer-overflow", "write", 1, object + SIZE, "store_byte");
    expect("It is 0 bytes behind the end of an object of {} bytes at {:016x}", SIZE,
           reinterpret_cast<u64>(object));
    store_byte(object + SIZE);
}

[[gnu::noinline]] void delete_object(u8* object) {
    delete[] object;
    asm volatile("" : : : "memory");  // or the call would be a jump, and this function in no call chain
}

/// However often the same size is asked for meanwhile: the quarantine keeps the object away.
void kasan_heap_use_after_free() {
    u8* object = make_object(100);
    delete_object(object);
    for (u32 i = 0; i < 200; ++i) delete_object(make_object(100));
    expect_report("heap-use-after-free", "write", 1, object + 99, "store_byte");
    expect("It is at byte 99 of a freed object of 100 bytes");
    expect("allocated by");
    expect("kernel_test::make_object+");
    expect("freed by");
    expect("kernel_test::delete_object+");
    expect("[fd]");
    store_byte(object + 99);
}

void kasan_double_free() {
    u8* object = make_object(300);
    delete_object(object);
    expect("kernel panic: KASAN: double-free: of {:016x}", reinterpret_cast<u64>(object));
    expect("kernel_test::delete_object+");
    expect("a freed object of 300 bytes");
    expect_call_chain("delete_object");
    delete_object(object);
}

void kasan_invalid_free() {
    u8* object = make_object(300) + 16;
    expect("kernel panic: KASAN: invalid-free: of {:016x}", reinterpret_cast<u64>(object));
    expect("It is at byte 16 of an object of 300 bytes");
    delete_object(object);
}

/// The compiler's own calls of memory functions.
void kasan_memcpy_overflow() {
    volatile usize size = 65;
    u8* from = make_object(65);
    u8* to = make_object(64);
    expect_report("heap-buffer-overflow", "write", 65, to, "kasan_memcpy_overflow");
    expect("It is 0 bytes behind the end of an object of 64 bytes");
    std::memcpy(to, from, size);
}

void kasan_memcmp_overflow() {
    volatile usize size = 65;
    u8* left = make_object(65);
    u8* right = make_object(64);
    expect_report("heap-buffer-overflow", "read", 65, right, "kasan_memcmp_overflow");
    CHECK(std::memcmp(left, right, size) != 1000);
}

/// Assembler that writes to the kernel's memory is preceded by a check.
void kasan_user_copy_overflow() {
    u8* buffer = make_object(100);
    expect("kernel panic: KASAN: heap-buffer-overflow: write of 101 bytes at {:016x}",
           reinterpret_cast<u64>(buffer));
    (void)arch::copy_from_user(buffer, PAGE_SIZE, 101);
}

void kasan_copy_to_user_of_freed_memory() {
    u8* buffer = make_object(100);
    delete_object(buffer);
    expect("kernel panic: KASAN: heap-use-after-free: read of 10 bytes at {:016x}",
           reinterpret_cast<u64>(buffer));
    (void)arch::copy_to_user(PAGE_SIZE, buffer, 10);
}

// ---- Stacks and globals.

void kasan_stack_out_of_bounds() {
    volatile u8 bytes[24] = {};
    volatile usize index = 24;
    expect_report("stack-out-of-bounds", "write", 1, bytes + 24, "store_byte");
    expect_call_chain("store_byte");
    store_byte(bytes + index);
}

void kasan_stack_use_after_scope() {
    volatile u8* gone = nullptr;
    {
        volatile u8 bytes[24] = {};
        gone = bytes;
        (void)load_byte(gone);
    }
    expect_report("stack-use-after-scope", "read", 1, gone, "load_byte");
    (void)load_byte(gone);
}

constinit u8 global_bytes[50] = {1};
void kasan_global_out_of_bounds() {
    expect_report("global-out-of-bounds", "read", 1, global_bytes + 52, "load_byte");
    expect("It is 2 bytes behind the end of the global '");
    expect("of 50 bytes");
    (void)load_byte(global_bytes + 52);
}

// ---- Frames, and what is no memory at all.

/// Not handed out again at once, whatever is asked for.
void kasan_frame_use_after_free() {
    const auto frame = memory::alloc_frame();
    CHECK(frame.has_value());
    auto* bytes = static_cast<u8*>(memory::direct_map(*frame));
    store_byte(bytes + 8);
    CHECK(memory::free_frame(*frame).has_value());
    for (u32 i = 0; i < 100; ++i) CHECK(memory::FrameRef::allocate().has_value());
    expect_report("use-after-free of a frame", "write", 1, bytes + 8, "store_byte");
    expect("It is in the free frame {:x}", frame->frame_number());
    store_byte(bytes + 8);
}

void kasan_block_use_after_free() {
    u8* bytes = nullptr;
    {
        const auto buffer = memory::DmaBuffer::create(4 * PAGE_SIZE);
        CHECK(buffer.has_value());
        bytes = buffer->data();
    }
    expect_report("use-after-free of a frame", "read", 1, bytes + 3 * PAGE_SIZE, "load_byte");
    (void)load_byte(bytes + 3 * PAGE_SIZE);
}

void kasan_wild_read() {
    // In the direct map, but beyond all memory.
    const u64 address = memory::layout.direct_map + (1ULL << 40) + 24;
    expect("kernel panic: KASAN: wild access: access within eight bytes from {:016x}", address);
    expect_call_chain("load_word");
    (void)load_word(reinterpret_cast<const u64*>(address));
}

void kasan_null_pointer_read() {
    expect("kernel panic: KASAN: null-pointer access: access within eight bytes from 0000000000000018");
    expect_call_chain("load_word");
    (void)load_word(reinterpret_cast<const u64*>(0x18));
}

void kasan_no_address_at_all() {
    expect("kernel panic: KASAN: wild access: access within eight bytes from dead00000000bee8");
    (void)load_word(reinterpret_cast<const u64*>(0xdead'0000'0000'beea));
}

// ---- What comes back.

/// A byte that depends on where it is.
u8 pattern_of(usize index, usize at) { return static_cast<u8>(index * 31 + at * 7); }

struct Piece {
    u8* bytes = nullptr;
    usize size = 0;
};

void fill(Piece& piece, usize index) {
    for (usize at = 0; at < piece.size; at += piece.size / 8 + 1) piece.bytes[at] = pattern_of(index, at);
}
bool is_intact(const Piece& piece, usize index) {
    for (usize at = 0; at < piece.size; at += piece.size / 8 + 1)
        if (piece.bytes[at] != pattern_of(index, at)) return false;
    return true;
}

/// Every byte of every object may be used, at every size, and none is another object's.
void kasan_allows_what_is_right() {
    static constinit Piece pieces[64]{};
    u64 random = 1;
    for (u32 step = 0; step < 6000; ++step) {
        random = random * 6364136223846793005 + 1442695040888963407;
        const usize index = random >> 58;
        Piece& piece = pieces[index];
        if (piece.bytes != nullptr) {
            if (!is_intact(piece, index)) fail("object {} of {} bytes has changed", index, piece.size);
            delete[] piece.bytes;
        }
        piece.size = (random >> 20 & 0xffff) >> (random >> 40 & 15);
        piece.bytes = new (std::nothrow) u8[piece.size];
        CHECK(piece.bytes != nullptr);
        fill(piece, index);
        if (piece.size != 0) piece.bytes[piece.size - 1] = pattern_of(index, piece.size - 1);
        fill(piece, index);
    }
    for (Piece& piece : pieces) {
        delete[] piece.bytes;
        piece = {};
    }
    for (const usize alignment : {32UZ, 64UZ, 256UZ, 4096UZ}) {
        auto* aligned = ::operator new(100, std::align_val_t{alignment}, std::nothrow);
        CHECK_EQUAL(reinterpret_cast<u64>(aligned) % alignment, 0);
        ::operator delete(aligned, 100, std::align_val_t{alignment});
    }
}

/// Takes all frames there are, each linked to the one before; how many.
usize take_all_frames(u64& last) {
    usize count = 0;
    while (const auto frame = memory::alloc_frame()) {
        *static_cast<u64*>(memory::direct_map(*frame)) = last;
        last = frame->value();
        ++count;
    }
    return count;
}

void give_all_frames(u64 last) {
    while (last != 0) {
        const memory::PhysicalAddress frame(last);
        last = *static_cast<u64*>(memory::direct_map(frame));
        CHECK(memory::free_frame(frame).has_value());
    }
}

/// More than the limit of the quarantine is freed; it holds as much as it may.
void fill_quarantine() {
    for (u32 i = 0; i < 3000; ++i) delete[] make_object(1000);
    const usize held = kasan::guarded_heap.quarantined_bytes();
    if (held < 512 * KIB || held > MIB) fail("the quarantine holds {} bytes", held);
}

/// An allocation does not fail as long as freed memory waits in a quarantine.
void kasan_quarantine_is_given_back() {
    const u64 free = memory::get_stats().free_frames;  // with empty quarantines
    CHECK_EQUAL(kasan::guarded_heap.quarantined_bytes(), 0);
    fill_quarantine();
    u64 last = 0;
    CHECK_EQUAL(take_all_frames(last), free);
    CHECK_EQUAL(kasan::guarded_heap.quarantined_bytes(), 0);
    // The heap's own way: all frames are taken, but what the quarantine holds is of the right size.
    give_all_frames(last);
    fill_quarantine();
    const usize held = kasan::guarded_heap.quarantined_bytes();
    CHECK(memory::get_stats().free_frames == free);
    CHECK(held != 0 && kasan::guarded_heap.quarantined_bytes() == 0);
}

/// A large block comes together from frames that were freed singly and wait.
void kasan_freed_frames_become_blocks_again() {
    u64 last = 0;
    (void)take_all_frames(last);
    CHECK(!memory::alloc_contiguous(256).has_value());
    give_all_frames(last);
    const auto block = memory::alloc_contiguous(memory::MAX_BLOCK_FRAMES);
    CHECK(block.has_value() && memory::free_contiguous(*block, memory::MAX_BLOCK_FRAMES).has_value());
}

constexpr Test TESTS[] = {
    {"kasan_heap_overflow_read", &kasan_heap_overflow_read, Ending::Panics},
    {"kasan_heap_overflow_write_within_a_granule", &kasan_heap_overflow_write_within_a_granule,
     Ending::Panics},
    {"kasan_heap_underflow", &kasan_heap_underflow, Ending::Panics},
    {"kasan_odd_object_overflow", &kasan_odd_object_overflow, Ending::Panics},
    {"kasan_large_object_overflow", &kasan_large_object_overflow, Ending::Panics},
    {"kasan_heap_use_after_free", &kasan_heap_use_after_free, Ending::Panics},
    {"kasan_double_free", &kasan_double_free, Ending::Panics},
    {"kasan_invalid_free", &kasan_invalid_free, Ending::Panics},
    {"kasan_memcpy_overflow", &kasan_memcpy_overflow, Ending::Panics},
    {"kasan_memcmp_overflow", &kasan_memcmp_overflow, Ending::Panics},
    {"kasan_user_copy_overflow", &kasan_user_copy_overflow, Ending::Panics},
    {"kasan_copy_to_user_of_freed_memory", &kasan_copy_to_user_of_freed_memory, Ending::Panics},
    {"kasan_stack_out_of_bounds", &kasan_stack_out_of_bounds, Ending::Panics},
    {"kasan_stack_use_after_scope", &kasan_stack_use_after_scope, Ending::Panics},
    {"kasan_global_out_of_bounds", &kasan_global_out_of_bounds, Ending::Panics},
    {"kasan_frame_use_after_free", &kasan_frame_use_after_free, Ending::Panics},
    {"kasan_block_use_after_free", &kasan_block_use_after_free, Ending::Panics},
    {"kasan_wild_read", &kasan_wild_read, Ending::Panics},
    {"kasan_null_pointer_read", &kasan_null_pointer_read, Ending::Panics},
    {"kasan_no_address_at_all", &kasan_no_address_at_all, Ending::Panics},
    {"kasan_allows_what_is_right", &kasan_allows_what_is_right},
    {"kasan_quarantine_is_given_back", &kasan_quarantine_is_given_back},
    {"kasan_freed_frames_become_blocks_again", &kasan_freed_frames_become_blocks_again},
};

}  // namespace

std::span<const Test> kasan_tests() { return TESTS; }

}  // namespace exo::kernel_test

#else

namespace exo::kernel_test {
std::span<const Test> kasan_tests() { return {}; }
}  // namespace exo::kernel_test

#endif
