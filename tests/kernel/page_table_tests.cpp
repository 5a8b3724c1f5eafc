// The page table that the CPU uses after the boot, walked leaf by leaf from CR3.
#include "arch/interface.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "kernel_test.hpp"
#include "memory/layout.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "task_state.hpp"
#include "utils/vector.hpp"

extern "C" exo::u8 exo_boot_stack[];

namespace exo::kernel_test {

namespace {

using memory::layout;

/// One page as the CPU sees it: the rights of all levels together.
struct Leaf {
    u64 start;
    u64 size;
    u64 physical;
    bool is_writable;
    bool is_user;
    bool is_executable;

    bool contains(u64 address) const { return address - start < size; }
    bool overlaps(u64 first, u64 length) const { return start < first + length && first < start + size; }
};

constexpr u64 PRESENT = 1;
constexpr u64 WRITABLE = 2;
constexpr u64 USER = 4;
constexpr u64 LARGE = 0x80;
constexpr u64 NO_EXECUTE = 1ULL << 63;
constexpr u64 ADDRESS = 0x000f'ffff'ffff'f000;

struct Rights {
    bool is_writable = true;
    bool is_user = true;
    bool is_executable = true;
};

const u64* table_at(u64 physical) {
    return static_cast<const u64*>(memory::direct_map(memory::PhysicalAddress(physical)));
}

// Walks the tables without PageTable, which would repeat that code's mistakes (Intel SDM vol. 3, 4.5).
void walk(u64 table, u32 level, u64 base, Rights above, FunctionRef<void(const Leaf&)> visit) {
    const u32 shift = 12 + 9 * (level - 1);
    for (u64 index = 0; index < 512; ++index) {
        const u64 entry = table_at(table)[index];
        if ((entry & PRESENT) == 0) continue;
        u64 start = base + (index << shift);
        if (level == 4 && index >= 256) start |= 0xffff'0000'0000'0000;
        const Rights rights{above.is_writable && (entry & WRITABLE) != 0,
                            above.is_user && (entry & USER) != 0,
                            above.is_executable && (entry & NO_EXECUTE) == 0};
        if (level > 1 && (entry & LARGE) == 0) {
            walk(entry & ADDRESS, level - 1, start, rights, visit);
            continue;
        }
        const u64 size = 1ULL << shift;
        visit({start, size, entry & ADDRESS & ~(size - 1), rights.is_writable, rights.is_user,
               rights.is_executable});
    }
}

void for_each_leaf(FunctionRef<void(const Leaf&)> visit) {
    u64 root;
    asm volatile("mov %%cr3, %0" : "=r"(root));
    walk(root & ADDRESS, 4, 0, {}, visit);
}

bool is_mapped(u64 address) {
    bool found = false;
    for_each_leaf([&](const Leaf& leaf) { found |= leaf.contains(address); });
    return found;
}

void check_no_page_is_writable_and_executable() {
    u32 leaves = 0;
    for_each_leaf([&](const Leaf& leaf) {
        ++leaves;
        if (leaf.is_writable && leaf.is_executable)
            fail("{:x} ({:x} bytes) is writable and executable", leaf.start, leaf.size);
    });
    CHECK(leaves > 8);
}

void write_xor_execute() {
    check_no_page_is_writable_and_executable();
    // Also after what makes mappings later: stacks, beyond the reserve, and device registers.
    {
        Vector<memory::KernelStack> stacks;
        for (u32 i = 0; i < 40; ++i) {
            auto stack = memory::KernelStack::create();
            CHECK(stack.has_value() && stacks.push(std::move(*stack)).has_value());
        }
        CHECK(memory::map_device(memory::PhysicalAddress(0xfee0'0000), PAGE_SIZE).has_value());
        check_no_page_is_writable_and_executable();
    }
    check_no_page_is_writable_and_executable();
}

void only_the_text_is_executable() {
    const arch::ImageSection& text = arch::image_sections()[0];
    u64 executable = 0;
    for_each_leaf([&](const Leaf& leaf) {
        if (!leaf.is_executable) return;
        executable += leaf.size;
        if (leaf.start < text.virtual_address || leaf.start + leaf.size > text.virtual_address + text.size)
            fail("{:x} ({:x} bytes) is executable", leaf.start, leaf.size);
    });
    CHECK_EQUAL(executable, text.size);
}

/// Text and constants, under every address at which they can be reached.
void text_and_constants_are_read_only() {
    for (const arch::ImageSection& section : arch::image_sections()) {
        if (section.kind == arch::ImageSection::Kind::Data) continue;
        u64 mapped = 0;
        for_each_leaf([&](const Leaf& leaf) {
            if (leaf.overlaps(section.virtual_address, section.size)) mapped += leaf.size;
            const bool is_alias = leaf.physical < section.physical_address + section.size &&
                                  section.physical_address < leaf.physical + leaf.size;
            if (is_alias && leaf.is_writable)
                fail("section {} can be written through {:x} ({:x} bytes)", section.kind, leaf.start,
                     leaf.size);
        });
        CHECK_EQUAL(mapped, section.size);
    }
}

void kernel_pages_are_not_the_users() {
    for_each_leaf([](const Leaf& leaf) {
        if (leaf.is_user) fail("{:x} ({:x} bytes) is open to programs", leaf.start, leaf.size);
    });
}

/// The start-up code's identity mapping is gone, the null page with it.
void nothing_is_mapped_in_the_users_half() {
    for_each_leaf([](const Leaf& leaf) {
        if (leaf.start < memory::KERNEL_START) fail("{:x} ({:x} bytes) is mapped", leaf.start, leaf.size);
    });
}

void every_page_belongs_to_a_part_of_the_layout() {
    const auto sections = arch::image_sections();
    const u64 image_end = sections[2].virtual_address + sections[2].size;
    for_each_leaf([&](const Leaf& leaf) {
        const auto lies_in = [&](u64 start, u64 size) {
            return leaf.start >= start && leaf.start - start + leaf.size <= size;
        };
        const bool is_direct = lies_in(layout.direct_map, memory::DIRECT_MAP_SIZE);
        if (is_direct && leaf.start - layout.direct_map != leaf.physical)
            fail("{:x} of the direct map shows {:x}", leaf.start, leaf.physical);
        const bool is_shadow =
            kasan::ENABLED && lies_in(kasan::SHADOW_START, kasan::SHADOW_END - kasan::SHADOW_START);
        if (!is_direct && !is_shadow && !lies_in(layout.kernel_stacks, memory::SLOT_SIZE) &&
            !lies_in(layout.device_map, memory::SLOT_SIZE) && !lies_in(layout.text, image_end - layout.text))
            fail("{:x} ({:x} bytes) is in no part of the layout", leaf.start, leaf.size);
    });
}

/// Threads' stacks fill the upper half of their slots; the lower halves catch overflows.
void stacks_have_guards() {
    constexpr u64 STRIDE = memory::StackSlots::STRIDE;
    u32 pages = 0;
    for_each_leaf([&](const Leaf& leaf) {
        if (!leaf.overlaps(layout.kernel_stacks, memory::SLOT_SIZE)) return;
        ++pages;
        if ((leaf.start - layout.kernel_stacks) % STRIDE < STRIDE - memory::KernelStack::SIZE)
            fail("{:x} is mapped in a guard", leaf.start);
    });
    CHECK(pages >= 2 * memory::KernelStack::SIZE / PAGE_SIZE);  // at least process 1's stand-in and idle
    // The running thread's own.
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0));
    CHECK(here - layout.kernel_stacks < memory::SLOT_SIZE);
    CHECK(!is_mapped(align_down(here, STRIDE)));
}

/// The boot's stack, on which the idle thread lives, and those of #DB, NMI, #DF and #MC.
void stacks_in_the_image_have_guards() {
    CHECK(is_mapped(reinterpret_cast<u64>(exo_boot_stack)));
    CHECK(!is_mapped(reinterpret_cast<u64>(exo_boot_stack) - 1));
    for (u32 index = 0; index < arch::IST_STACKS; ++index) {
        const u64 top = task_state().ist[index];
        const u64 bottom = align_down(top, PAGE_SIZE) - PAGE_SIZE;  // two pages
        CHECK(is_mapped(top - 1));
        CHECK(is_mapped(bottom));
        CHECK(!is_mapped(bottom - 1));
    }
}

constexpr Test TESTS[] = {
    {"write_xor_execute", &write_xor_execute},
    {"only_the_text_is_executable", &only_the_text_is_executable},
    {"text_and_constants_are_read_only", &text_and_constants_are_read_only},
    {"kernel_pages_are_not_the_users", &kernel_pages_are_not_the_users},
    {"nothing_is_mapped_in_the_users_half", &nothing_is_mapped_in_the_users_half},
    {"every_page_belongs_to_a_part_of_the_layout", &every_page_belongs_to_a_part_of_the_layout},
    {"stacks_have_guards", &stacks_have_guards},
    {"stacks_in_the_image_have_guards", &stacks_in_the_image_have_guards},
};

}  // namespace

std::span<const Test> page_table_tests() { return TESTS; }

}  // namespace exo::kernel_test
