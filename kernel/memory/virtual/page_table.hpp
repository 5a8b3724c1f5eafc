// Four-level page tables: that of the kernel and those of programs.
//
// Key types: PageTable, PageFlags and PageEntry (page_flags.hpp), TableNode (table_node.hpp), TlbBatch (tlb.hpp),
// KernelStack (kernel_stack.hpp), Mmio (mmio.hpp). Neighbours: physical/ below; vm builds address spaces on top.
// All tables share the kernel half: its top-level entries are made once, for the slots of layout.hpp, and
// never change.
// Locking: a PageTable has no lock. The caller must exclude other users (for the kernel's table:
// kernel_map.hpp; for a program's: its address space, locked exclusively). Only `slot_for_fault` and
// TableNode::replace may run concurrently. An emptied lower table is freed after every CPU has flushed it
// (TlbBatch).
#pragma once

#include <algorithm>
#include <optional>

#include "memory/virtual/table_node.hpp"
#include "memory/virtual/tlb.hpp"

namespace exo::memory {

/// The value is the level in which such a page is an entry.
enum class PageSize : u8 { Size4K = 1, Size2M = 2, Size1G = 3 };
constexpr u64 bytes_of(PageSize size) { return entry_span(static_cast<u32>(size)); }

/// One entry of a leaf table.
struct EntrySlot {
    TableNode table;
    u32 index = 0;
    explicit operator bool() const { return static_cast<bool>(table); }
    PageEntry get() const { return table.get(index); }
    bool replace(PageEntry expected, PageEntry desired) const {
        return table.replace(index, expected, desired);
    }
};

/// The part of a leaf table that a visit covers: entries [first, end). The first maps `address`.
struct LeafRange {
    TableNode table;
    u32 first = 0;
    u32 end = 0;
    u64 address = 0;
    u64 address_of(u32 index) const { return address + u64{index - first} * PAGE_SIZE; }
};

class PageTable {
  public:
    constexpr PageTable() = default;
    PageTable(const PageTable&) = delete;
    PageTable& operator=(const PageTable&) = delete;
    /// The caller has unmapped all pages.
    ~PageTable();

    /// Makes the root of a program's table: with the shared kernel half, and an empty user half. Errors:
    /// OutOfMemory.
    Result<> create_user();
    PhysicalAddress root() const { return PhysicalAddress::of_frame(root_); }

    /// Loads the table on this CPU. Interrupts are off, or the thread cannot migrate.
    void activate();
    /// Makes every CPU that still has this table loaded load the kernel's. Such a CPU runs a thread without a program, or
    /// none: the caller knows that no program uses the table any more.
    void unload();
    /// The table that is loaded on this CPU.
    static PageTable* loaded();
    /// How many frames the page table uses: tables of all levels, including the root.
    u32 table_count() const { return table_count_.load(std::memory_order_relaxed); }
    u64 active_cpus() const { return active_cpus_.load(std::memory_order_seq_cst); }
    void* owner() const { return owner_; }
    void set_owner(void* owner) { owner_ = owner; }

    // ---- Single pages.

    /// Maps a page. Errors: AlignmentError; InvalidAddress: not canonical, or a kernel address outside all
    /// slots; PermissionDenied: a user page in the kernel half, a kernel page in the user half, or a kernel
    /// page both writable and executable; AlreadyMapped; OutOfMemory. Nothing is changed then.
    Result<> map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags,
                      PageSize size = PageSize::Size4K);
    /// Unmaps the page of any size that starts there, and flushes it on all CPUs. The caller still owns the
    /// frame.
    /// Errors: AlignmentError (also for an address inside a large page), NotMapped.
    Result<PhysicalAddress> unmap_page(VirtualAddress virtual_address);
    std::optional<PhysicalAddress> translate(VirtualAddress virtual_address) const;
    /// The entry of the page of any size that contains the address; empty if there is none.
    PageEntry lookup(VirtualAddress virtual_address) const;
    /// Changes the rights of a page. Errors: those of unmap_page, PermissionDenied (the flags).
    Result<> update_flags(VirtualAddress virtual_address, PageFlags flags);
    void flush_tlb(VirtualAddress virtual_address);
    void flush_tlb_all();
    /// Flushes the range on every CPU that uses the table, including the calling one.
    void flush(const TlbRange& range) const;

    // ---- Ranges.

    /// Maps a range with the largest pages that fit. Errors: those of map_page; nothing is mapped then.
    Result<> map_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags);
    /// Unmaps all pages of a range; splits large pages that cross an end. The caller still owns the frames.
    /// Errors: AlignmentError, InvalidAddress, OutOfMemory (a split); nothing is changed then.
    Result<> unmap_range(VirtualAddress start, u64 size);
    /// Changes the rights of all pages of a range. Errors: those of unmap_range, PermissionDenied.
    Result<> protect_range(VirtualAddress start, u64 size, PageFlags flags);

    // ---- For address spaces (pages of 4 KiB).

    /// The entry for `address`; makes missing lower tables. May run concurrently with itself. Errors:
    /// OutOfMemory.
    Result<EntrySlot> slot_for_fault(u64 address);
    /// The entry for `address`; empty if there is no leaf table.
    EntrySlot find_slot(u64 address) const;
    /// Calls visit(LeafRange) for each leaf table in [start, end), in order.
    template <class Visitor> void visit_leaves(u64 start, u64 end, Visitor&& visit) {
        if (start < end) visit_level(TableNode(root_), 4, start, end, nullptr, visit);
    }
    /// Like visit_leaves. Tables that the visitor has emptied go into `batch`.
    template <class Visitor>
    void visit_leaves_and_prune(u64 start, u64 end, TlbBatch& batch, Visitor&& visit) {
        if (start < end) visit_level(TableNode(root_), 4, start, end, &batch, visit);
    }

  private:
    friend Result<> initialise_kernel_table(std::span<const u64> slots);
    friend class TlbBatch;

    static Result<> check_request(VirtualAddress start, u64 size, PageFlags flags);
    static Result<> check_range(VirtualAddress start, u64 size);
    Result<TableNode> table_at(u64 address, u32 level, PageFlags flags);
    Result<> split_at(u64 address);
    void erase_level(TableNode node, u32 level, u64 start, u64 end, TlbBatch& batch);
    static void protect_level(TableNode node, u32 level, u64 start, u64 end, PageFlags flags,
                              TlbBatch& batch);

    template <class Visitor>
    static void visit_level(TableNode node, u32 level, u64 start, u64 end, TlbBatch* batch, Visitor& visit) {
        const u64 span = entry_span(level);
        u32 left = node.used();
        for (u64 at = start; at < end && left != 0;) {
            const u64 next = end_of_part(at, span, end);
            const u32 index = entry_index(at, level);
            const PageEntry entry = node.get(index);
            if (!entry.is_empty()) {
                --left;
                const TableNode child = TableNode::of(entry);
                if (level == 2) {
                    DEBUG_ASSERT(!entry.is_large());
                    const u32 first = entry_index(at, 1);
                    visit(LeafRange{child, first, first + static_cast<u32>((next - at) >> PAGE_SHIFT), at});
                } else {
                    visit_level(child, level - 1, at, next, batch, visit);
                }
                if (batch != nullptr && child.used() == 0) {
                    node.clear(index);
                    node.subtract_used(1);
                    batch->add_table(child.frame());
                }
            }
            at = next;
        }
    }

    void count_tables(i32 change) {
        table_count_.fetch_add(static_cast<u32>(change), std::memory_order_relaxed);
    }

    u32 root_ = 0;
    std::atomic<u32> table_count_{0};
    std::atomic<u64> active_cpus_{0};
    void* owner_ = nullptr;
};

/// The kernel's table. All other tables contain its kernel half.
PageTable& kernel_table();
/// Makes the kernel's table, with a top-level entry for each 512 GiB slot that starts at one of `slots`. Call
/// once. Errors: OutOfMemory.
Result<> initialise_kernel_table(std::span<const u64> slots);

}  // namespace exo::memory
