#include "memory/virtual/tlb.hpp"

#include <bit>

#include "arch/interface.hpp"
#include "memory/virtual/page_table.hpp"

namespace exo::memory {

namespace {

constinit std::atomic<ShootDownHook> shoot_down_hook{nullptr};

/// Above this many pages one flush of everything is cheaper (Linux: tlb_single_page_flush_ceiling).
constexpr u64 MAX_SINGLE_FLUSHES = 33;

}  // namespace

void set_shoot_down_hook(ShootDownHook hook) { shoot_down_hook.store(hook, std::memory_order_release); }

void flush_local(const TlbRange& range) {
    if (range.start >= range.end) return;
    if (range.is_everything() || (range.end - range.start) >> PAGE_SHIFT > MAX_SINGLE_FLUSHES) {
        // Programs' pages are not global: loading the same tables again drops them, and keeps the kernel's.
        if (range.end <= USER_END)
            arch::load_address_space(arch::loaded_address_space());
        else
            arch::flush_tlb_all();
        return;
    }
    for (u64 address = range.start; address < range.end; address += PAGE_SIZE) arch::flush_tlb_page(address);
}

void PageTable::flush(const TlbRange& range) const {
    const u64 self = 1ULL << arch::cpu_index();
    const u64 active = active_cpus();
    if ((active & self) != 0) flush_local(range);
    if ((active & ~self) == 0) return;
    // acquire: pairs with set_shoot_down_hook
    const ShootDownHook hook = shoot_down_hook.load(std::memory_order_acquire);
    if (hook != nullptr) hook(active & ~self, range);
}

void TlbBatch::add_table(u32 frame) {
    // Chained through `previous`: `next` is the table's entry count, zero now.
    record_of(frame).previous = tables_;
    tables_ = frame;
    table_.count_tables(-1);
}

void TlbBatch::finish() {
    // A freed table may be in the paging-structure caches even if no page of it went away now. One INVLPG of any address
    // clears these entirely (Intel SDM vol. 3, 4.10.4.1).
    if (tables_ != 0 && range_.start >= range_.end) range_ = TlbRange{0, PAGE_SIZE};
    if (range_.start < range_.end) {
        table_.flush(range_);
        range_ = TlbRange{};
    }
    if (frame_count_ != 0) {
        release_mapped_frames({frames_.data(), frame_count_});
        frame_count_ = 0;
    }
    while (tables_ != 0) {
        const u32 frame = tables_;
        tables_ = record_of(frame).previous;
        free_table(frame);
    }
}

}  // namespace exo::memory
