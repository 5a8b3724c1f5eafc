#include "memory/virtual/page_table.hpp"

#include "arch/interface.hpp"
#include "memory/virtual/page_walk.hpp"
#include "sync/cpu_requests.hpp"
#include "sync/per_cpu.hpp"
#include "sync/spin_lock.hpp"

namespace exo::memory {

namespace {

[[clang::no_destroy]] constinit PageTable the_kernel_table;
constinit sync::PerCpu<PageTable*> loaded_tables;

constexpr u64 PHYSICAL_END = 1ULL << 52;

/// Top-level entries of the kernel half that are in use: few.
constinit std::array<u32, 8> kernel_slots{};
constinit u32 kernel_slot_count = 0;

}  // namespace

PageTable& kernel_table() { return the_kernel_table; }

Result<> initialise_kernel_table(std::span<const u64> slots) {
    PageTable& table = the_kernel_table;
    const TableNode root = TRY(allocate_table());
    table.count_tables(1);
    kernel_slot_count = 0;
    for (const u64 slot : slots) {
        const u32 index = entry_index(slot, 4);
        if (!VirtualAddress(slot).is_kernel() || index < detail::KERNEL_HALF ||
            kernel_slot_count == kernel_slots.size())
            return Error::InvalidAddress;
        if (!root.get(index).is_empty()) continue;
        const TableNode lower = TRY(allocate_table());
        table.count_tables(1);
        root.set(index, PageEntry::table(lower.address(), PageFlags::KERNEL));
        kernel_slots[kernel_slot_count++] = index;
    }
    table.root_ = root.frame();
    return {};
}

Result<> PageTable::create_user() {
    const TableNode table = TRY(allocate_table());
    const TableNode kernel_root(the_kernel_table.root_);
    for (u32 i = 0; i < kernel_slot_count; ++i) table.fill(kernel_slots[i], kernel_root.get(kernel_slots[i]));
    root_ = table.frame();
    count_tables(1);
    return {};
}

PageTable::~PageTable() {
    if (root_ == 0) return;
    unload();
    const TableNode root(root_);
    DEBUG_ASSERT(root.used() == 0);
    for (u32 i = 0; i < kernel_slot_count; ++i) root.clear(kernel_slots[i]);
    free_table(root_);
}

void PageTable::activate() {
    PageTable*& current = loaded_tables.mine();
    if (current == this) return;
    const u64 self = 1ULL << arch::cpu_index();
    // Set before the load, cleared after it: a flush in between reaches a CPU too many rather than one too few.
    active_cpus_.fetch_or(self, std::memory_order_seq_cst);
    // Its half is part of every table, so a CPU that loads any table uses it from then on.
    if ((the_kernel_table.active_cpus() & self) == 0)
        the_kernel_table.active_cpus_.fetch_or(self, std::memory_order_seq_cst);
    arch::load_address_space(root().value());
    if (current != nullptr && current != &the_kernel_table)
        current->active_cpus_.fetch_and(~self, std::memory_order_seq_cst);
    current = this;
}

void PageTable::unload() {
    const auto leave = [](const void* table) {
        if (loaded() == table) the_kernel_table.activate();
    };
    {
        const sync::InterruptsOff no_interrupts;
        leave(this);
    }
    sync::run_on_cpus(active_cpus(), leave, this);
    DEBUG_ASSERT(active_cpus() == 0);
}

PageTable* PageTable::loaded() { return loaded_tables.mine(); }

// ---- Checks.

Result<> PageTable::check_range(VirtualAddress start, u64 size) {
    if (!start.is_page_aligned() || !is_aligned(size, PAGE_SIZE)) return Error::AlignmentError;
    const auto end = checked_add(start.value(), size);
    if (!end || !start.is_canonical()) return Error::InvalidAddress;
    if (start.is_kernel()) return {};
    return *end <= USER_END ? Result<>() : Error::InvalidAddress;
}

Result<> PageTable::check_request(VirtualAddress start, u64 size, PageFlags flags) {
    TRY(check_range(start, size));
    if (start.is_kernel() == flags.is_user()) return Error::PermissionDenied;
    if (start.is_kernel() && flags.is_writable() && flags.is_executable()) return Error::PermissionDenied;
    return {};
}

// ---- Walking.

/// The table of `level` for `address`. Missing ones are allocated before any is linked, so failure changes nothing.
Result<TableNode> PageTable::table_at(u64 address, u32 level, PageFlags flags) {
    TableNode node(root_);
    u32 at = 4;
    for (; at > level; --at) {
        const PageEntry entry = node.get(entry_index(address, at));
        if (entry.is_empty()) break;
        if (at < 4 && entry.is_large()) return Error::AlreadyMapped;
        node = TableNode::of(entry);
    }
    if (at == level) return node;
    // The top level of the kernel half was fixed at the start, or others would not see the addition.
    if (at == 4 && VirtualAddress(address).is_kernel()) return Error::InvalidAddress;

    std::array<TableNode, 3> missing{};
    for (u32 i = at; i > level; --i) {
        const auto table = allocate_table();
        if (!table) {
            for (const TableNode& made : missing) {
                if (made) free_table(made.frame());
            }
            return Error::OutOfMemory;
        }
        missing[i - level - 1] = *table;
    }
    for (; at > level; --at) {
        const TableNode lower = missing[at - level - 1];
        node.set(entry_index(address, at), PageEntry::table(lower.address(), flags));
        count_tables(1);
        node = lower;
    }
    return node;
}

Result<EntrySlot> PageTable::slot_for_fault(u64 address) {
    DEBUG_ASSERT(address < USER_END);
    TableNode node(root_);
    for (u32 level = 4; level > 1; --level) {
        const u32 index = entry_index(address, level);
        PageEntry entry = node.get(index);
        if (entry.is_empty()) [[unlikely]] {
            const TableNode lower = TRY(allocate_table());
            if (node.replace(index, entry, PageEntry::table(lower.address(), PageFlags::USER)))
                count_tables(1);
            else
                free_table(lower.frame());
            entry = node.get(index);
        }
        if (level < 4 && entry.is_large()) return Error::AlreadyMapped;
        node = TableNode::of(entry);
    }
    return EntrySlot{node, entry_index(address, 1)};
}

EntrySlot PageTable::find_slot(u64 address) const {
    TableNode node(root_);
    for (u32 level = 4; level > 1; --level) {
        const PageEntry entry = node.get(entry_index(address, level));
        if (entry.is_empty() || (level < 4 && entry.is_large())) return {};
        node = TableNode::of(entry);
    }
    return {node, entry_index(address, 1)};
}

// ---- One page.

Result<> PageTable::map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags,
                             PageSize size) {
    const u64 bytes = bytes_of(size);
    if (!virtual_address.is_aligned_to(bytes) || !physical.is_aligned_to(bytes)) return Error::AlignmentError;
    if (physical.value() > PHYSICAL_END - bytes) return Error::InvalidAddress;
    TRY(check_request(virtual_address, bytes, flags));
    const u32 level = static_cast<u32>(size);
    const TableNode table = TRY(table_at(virtual_address.value(), level, flags));
    const u32 index = entry_index(virtual_address.value(), level);
    // A lower table here is never empty (or it would have been freed), so something is mapped in the large page's place.
    if (!table.get(index).is_empty()) return Error::AlreadyMapped;
    table.set(index, level == 1 ? PageEntry::page(physical, flags) : PageEntry::large_page(physical, flags));
    return {};
}

Result<PhysicalAddress> PageTable::unmap_page(VirtualAddress virtual_address) {
    if (!virtual_address.is_page_aligned()) return Error::AlignmentError;
    if (!virtual_address.is_canonical()) return Error::NotMapped;
    const detail::Found found = detail::find_entry(TableNode(root_), virtual_address.value());
    if (found.entry.is_empty()) return Error::NotMapped;
    const u64 bytes = entry_span(found.level);
    if (!virtual_address.is_aligned_to(bytes)) return Error::AlignmentError;
    TlbBatch batch(*this);
    erase_level(TableNode(root_), 4, virtual_address.value(), virtual_address.value() + bytes, batch);
    return found.entry.address();
}

PageEntry PageTable::lookup(VirtualAddress virtual_address) const {
    if (!virtual_address.is_canonical()) return {};
    return detail::find_entry(TableNode(root_), virtual_address.value()).entry;
}

std::optional<PhysicalAddress> PageTable::translate(VirtualAddress virtual_address) const {
    if (!virtual_address.is_canonical()) return std::nullopt;
    const detail::Found found = detail::find_entry(TableNode(root_), virtual_address.value());
    if (!found.entry.is_present()) return std::nullopt;
    return found.entry.address() + (virtual_address.value() & (entry_span(found.level) - 1));
}

Result<> PageTable::update_flags(VirtualAddress virtual_address, PageFlags flags) {
    if (!virtual_address.is_page_aligned()) return Error::AlignmentError;
    if (!virtual_address.is_canonical()) return Error::NotMapped;
    const detail::Found found = detail::find_entry(TableNode(root_), virtual_address.value());
    if (found.entry.is_empty()) return Error::NotMapped;
    if (!virtual_address.is_aligned_to(entry_span(found.level))) return Error::AlignmentError;
    TRY(check_request(virtual_address, entry_span(found.level), flags));
    found.table.rewrite(found.index, found.entry.with_flags(flags));
    TlbBatch batch(*this);
    batch.add_page(virtual_address.value(), entry_span(found.level));
    return {};
}

void PageTable::flush_tlb(VirtualAddress virtual_address) {
    const u64 page = align_down(virtual_address.value(), PAGE_SIZE);
    flush({page, page + PAGE_SIZE});
}

void PageTable::flush_tlb_all() { flush(TlbRange::everything()); }

}  // namespace exo::memory
