// KASAN before memory is up: the image has shadow of its own, everything else shares one page of zeros. Built without
// instrumentation, like all that runs before or below it.
#if defined(EXO_KASAN)

#include "arch/x86_64/kasan/kasan_start.hpp"
#include "utils/kasan.hpp"

extern "C" {
extern exo::u64 exo_boot_pml4[];
extern void (*const exo_kasan_constructors_start[])();
extern void (*const exo_kasan_constructors_end[])();
}

namespace exo::kasan {
alignas(PAGE_SIZE) constinit u8 exo_kasan_image_shadow[IMAGE_SPAN >> 3];
alignas(PAGE_SIZE) constinit u8 exo_kasan_zero_page[PAGE_SIZE];
}  // namespace exo::kasan

namespace exo::arch {

namespace {

constexpr u64 KERNEL_BASE = 0xffff'ffff'8000'0000;
constexpr u64 ENTRIES = 512;
constexpr u64 PRESENT = 1;
constexpr u64 WRITABLE = 2;

struct alignas(PAGE_SIZE) Table {
    u64 entries[ENTRIES] = {};
};
// The lower levels of shadow without memory, and those that lead to the image's.
constinit Table zero_pages;
constinit Table zero_directory;
constinit Table zero_directories;
constinit Table image_pages;
constinit Table image_directory;
constinit Table image_directories;
static_assert((kasan::IMAGE_SPAN >> 3) == ENTRIES * PAGE_SIZE);

u64 physical(const void* pointer) { return reinterpret_cast<u64>(pointer) - KERNEL_BASE; }
u64 index_of(u64 address, u32 level) { return address >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1); }
void fill(Table& table, u64 entry) {
    for (volatile u64& slot : table.entries) slot = entry;
}

}  // namespace

void start_kasan() {
    fill(zero_pages, physical(kasan::exo_kasan_zero_page) | PRESENT);
    fill(zero_directory, physical(&zero_pages) | PRESENT);
    fill(zero_directories, physical(&zero_directory) | PRESENT);
    fill(image_directory, physical(&zero_pages) | PRESENT);
    fill(image_directories, physical(&zero_directory) | PRESENT);
    for (u64 i = 0; i < ENTRIES; ++i)
        image_pages.entries[i] =
            (physical(kasan::exo_kasan_image_shadow) + i * PAGE_SIZE) | PRESENT | WRITABLE;
    constexpr u64 IMAGE = kasan::shadow_address(KERNEL_BASE);
    image_directory.entries[index_of(IMAGE, 2)] = physical(&image_pages) | PRESENT | WRITABLE;
    image_directories.entries[index_of(IMAGE, 3)] = physical(&image_directory) | PRESENT | WRITABLE;
    for (u64 slot = index_of(kasan::SHADOW_START, 4); slot < index_of(kasan::SHADOW_END, 4); ++slot)
        exo_boot_pml4[slot] = physical(&zero_directories) | PRESENT;
    exo_boot_pml4[index_of(IMAGE, 4)] = physical(&image_directories) | PRESENT | WRITABLE;
    // They tell the runtime of each file's globals.
    for (auto constructor = exo_kasan_constructors_start; constructor != exo_kasan_constructors_end;
         ++constructor)
        (*constructor)();
}

}  // namespace exo::arch

#endif
