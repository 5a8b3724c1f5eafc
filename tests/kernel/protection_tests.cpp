// Accesses that the page table and the CPU's protections must stop, one test each. The report names the
// address.
#include "arch/upcalls.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "kernel_test.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/page_table.hpp"
#include "sync/spin_lock.hpp"

namespace exo::kernel_test {

namespace {

constexpr u64 USER_PAGE = 0x40'0000;

/// A program's page table with one page, readable, writable and executable, that begins with `ret`; loaded.
void load_user_page() {
    static memory::PageTable* table = new (std::nothrow) memory::PageTable;
    const auto frame = memory::alloc_zeroed_frame();
    CHECK(table != nullptr && frame.has_value() && table->create_user().has_value());
    *static_cast<u8*>(memory::direct_map(*frame)) = 0xc3;
    CHECK(table->map_page(memory::VirtualAddress(USER_PAGE), *frame, memory::PageFlags::from_prot(7))
              .has_value());
    table->activate();
}

/// The CPU is asked, not KASAN, whose check would come first.
[[gnu::noinline, clang::no_sanitize("kernel-address")]] u64 read_word(u64 address) {
    // SAFETY: meant to fault.
    return *reinterpret_cast<volatile u64*>(address);
}
[[gnu::noinline]] void write_word(u64 address) { asm volatile("movq $0, (%0)" : : "r"(address) : "memory"); }
[[gnu::noinline]] void call_address(u64 address) { asm volatile("call *%0" : : "r"(address) : "memory"); }

/// Bits of the error code (Intel SDM vol. 3, 4.7).
constexpr u64 PRESENT = 1;
constexpr u64 WRITE = 2;
constexpr u64 FETCH = 16;

void expect_page_fault(u64 error_code, u64 address, std::string_view function) {
    expect("kernel panic: page fault (vector 14, error code {:x}) at address {:016x}", error_code, address);
    expect("cr2 {:016x}", address);
    if (!function.empty()) expect("kernel_test::{}+", function);
    expect("kernel_test::run_test+");
}

/// SMEP: the kernel does not execute a program's page.
void execute_user_page() {
    load_user_page();
    expect_page_fault(PRESENT | FETCH, USER_PAGE, "");
    call_address(USER_PAGE);
}

/// SMAP: nor does it read one but through vm's copies.
void read_user_page() {
    load_user_page();
    expect_page_fault(PRESENT, USER_PAGE + 8, "read_word");
    (void)read_word(USER_PAGE + 8);
}

void write_user_page() {
    load_user_page();
    expect_page_fault(PRESENT | WRITE, USER_PAGE + 16, "write_word");
    write_word(USER_PAGE + 16);
}

/// CR0.WP and the text's protection.
void write_kernel_text() {
    const u64 address = align_up(reinterpret_cast<u64>(&write_kernel_text), 8);
    expect_page_fault(PRESENT | WRITE, address, "write_word");
    write_word(address);
}

void write_kernel_constant() {
    static constexpr u64 WORD = 42;
    const u64 address = reinterpret_cast<u64>(&WORD);
    expect_page_fault(PRESENT | WRITE, address, "write_word");
    write_word(address);
}

/// The entry code jumps to what these tables say.
void write_call_table() {
    const u64 address = reinterpret_cast<u64>(&upcalls::exo_call_handlers);
    expect_page_fault(PRESENT | WRITE, address, "write_word");
    write_word(address);
}

void write_fast_call_table() {
    const u64 address = reinterpret_cast<u64>(&upcalls::exo_fast_handlers);
    expect_page_fault(PRESENT | WRITE, address, "write_word");
    write_word(address);
}

/// The same bytes under their other address.
void write_text_through_the_direct_map() {
    const u64 address = memory::layout.direct_map + arch::image_sections()[0].physical_address + 0x1000;
    expect_page_fault(PRESENT | WRITE, address, "write_word");
    write_word(address);
}

/// NX, on each kind of memory that the kernel writes to.
void execute_kernel_data() {
    static constinit u8 code[16] = {0xc3};
    const u64 address = reinterpret_cast<u64>(&code);
    expect_page_fault(PRESENT | FETCH, address, "");
    call_address(address);
}

void execute_kernel_stack() {
    volatile u8 code[16] = {0xc3};
    const u64 address = reinterpret_cast<u64>(&code);
    expect_page_fault(PRESENT | FETCH, address, "");
    call_address(address);
}

void execute_heap() {
    auto* code = new (std::nothrow) u8[64];
    CHECK(code != nullptr);
    code[0] = 0xc3;
    expect_page_fault(PRESENT | FETCH, reinterpret_cast<u64>(code), "");
    call_address(reinterpret_cast<u64>(code));
}

void execute_text_through_the_direct_map() {
    const u64 address = reinterpret_cast<u64>(&write_word) - memory::layout.text + memory::layout.direct_map;
    expect_page_fault(PRESENT | FETCH, address, "");
    call_address(address);
}

constexpr Test TESTS[] = {
    {"execute_user_page", &execute_user_page, Ending::Panics},
    {"read_user_page", &read_user_page, Ending::Panics},
    {"write_user_page", &write_user_page, Ending::Panics},
    {"write_kernel_text", &write_kernel_text, Ending::Panics},
    {"write_kernel_constant", &write_kernel_constant, Ending::Panics},
    {"write_call_table", &write_call_table, Ending::Panics},
    {"write_fast_call_table", &write_fast_call_table, Ending::Panics},
    {"write_text_through_the_direct_map", &write_text_through_the_direct_map, Ending::Panics},
    {"execute_kernel_data", &execute_kernel_data, Ending::Panics},
    {"execute_kernel_stack", &execute_kernel_stack, Ending::Panics},
    {"execute_heap", &execute_heap, Ending::Panics},
    {"execute_text_through_the_direct_map", &execute_text_through_the_direct_map, Ending::Panics},
};

}  // namespace

std::span<const Test> protection_tests() { return TESTS; }

}  // namespace exo::kernel_test
