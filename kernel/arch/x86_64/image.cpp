#include <algorithm>

#include "arch/image_guards.hpp"
#include "arch/interface.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "utils/bits.hpp"

extern "C" {
extern const exo::u8 exo_image_start[];
extern const exo::u8 exo_text_end[];
extern const exo::u8 exo_rodata_start[];
extern const exo::u8 exo_rodata_end[];
extern const exo::u8 exo_data_start[];
extern const exo::u8 exo_image_end[];
extern const exo::u8 exo_boot_stack_guard[];
}

namespace exo::arch {

namespace {

constexpr u64 KERNEL_BASE = 0xffffffff80000000;

ImageSection section(ImageSection::Kind kind, const u8* start, const u8* end) {
    const u64 address = reinterpret_cast<u64>(start);
    return {kind, address, address - KERNEL_BASE, align_up(reinterpret_cast<u64>(end) - address, PAGE_SIZE)};
}

}  // namespace

std::span<const ImageSection> image_sections() {
    static constinit ImageSection sections[3]{};
    sections[0] = section(ImageSection::Kind::Text, exo_image_start, exo_text_end);
    sections[1] = section(ImageSection::Kind::ReadOnly, exo_rodata_start, exo_rodata_end);
    sections[2] = section(ImageSection::Kind::Data, exo_data_start, exo_image_end);
    return sections;
}

std::span<const u64> image_guards() {
    static constinit std::array<u64, 1 + IST_STACKS> guards{};
    // SAFETY: addresses are taken, nothing is read.
    guards[0] = reinterpret_cast<u64>(exo_boot_stack_guard);
    std::ranges::copy(ist_guards(), guards.begin() + 1);
    return guards;
}

}  // namespace exo::arch
