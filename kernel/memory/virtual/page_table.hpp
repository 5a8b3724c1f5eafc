// Four-level page tables: the kernel's and the programs'.
//
// Key types: PageTable, PageFlags and PageEntry (page_flags.hpp), TableNode (table_node.hpp), TlbBatch (tlb.hpp),
// KernelStack (kernel_stack.hpp), Mmio (mmio.hpp). Neighbours: physical/ below; vm builds address spaces on top.
// All tables share the kernel half: its top-level entries are made once, for the slots of layout.hpp, and never change.
// Locking: a PageTable has no lock. Callers exclude each other (the kernel's: kernel_map.hpp; a program's: its address
// space, locked exclusively) for everything but `slot_for_fault` and TableNode::replace, which may run side by side.
// An emptied lower table is freed once every CPU has forgotten it (TlbBatch).
#pragma once

#include <algorithm>
#include <optional>

#include "memory/virtual/table_node.hpp"
#include "memory/virtual/tlb.hpp"

namespace exo::memory {

/// The value is the level at which such a page is an entry.
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

/// The part of a leaf table that a visit is about: entries [first, end), the first for `address`.
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
    /// Pages must have been unmapped; no other CPU may have it loaded.
    ~PageTable();

    /// Gives it a root: the kernel half as everywhere, nothing below. Errors: OutOfMemory.
    Result<> create_user();
    PhysicalAddress root() const { return PhysicalAddress::of_frame(root_); }

    /// Makes it this CPU's. Interrupts off or in a thread that cannot be moved.
    void activate();
    /// This CPU's.
    static PageTable* loaded();
    /// Tables of all levels, the root included: what the page table itself takes.
    u32 table_count() const { return table_count_.load(std::memory_order_relaxed); }
    u64 active_cpus() const { return active_cpus_.load(std::memory_order_seq_cst); }
    void* owner() const { return owner_; }
    void set_owner(void* owner) { owner_ = owner; }

    // ---- One page.

    /// Errors: AlignmentError; InvalidAddress: not canonical, or a kernel address outside all slots; PermissionDenied:
    /// a program's page in the kernel half or the reverse, or a kernel page both writable and executable;
    /// AlreadyMapped; OutOfMemory. Nothing changed then.
    Result<> map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags,
                      PageSize size = PageSize::Size4K);
    /// The page of any size that starts there; flushed everywhere when this returns. The frame stays the caller's.
    /// Errors: AlignmentError (inside a large page, too), NotMapped.
    Result<PhysicalAddress> unmap_page(VirtualAddress virtual_address);
    std::optional<PhysicalAddress> translate(VirtualAddress virtual_address) const;
    /// The entry of the page that covers the address, whatever its size; empty when there is none.
    PageEntry lookup(VirtualAddress virtual_address) const;
    /// Errors: as unmap_page and, for the flags, PermissionDenied.
    Result<> update_flags(VirtualAddress virtual_address, PageFlags flags);
    void flush_tlb(VirtualAddress virtual_address);
    void flush_tlb_all();
    /// Makes every CPU that uses the table forget the range: the calling one as well as the others.
    void flush(const TlbRange& range) const;

    // ---- Ranges.

    /// With the largest pages that fit. Errors: as map_page; nothing is mapped then.
    Result<> map_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags);
    /// Whatever is mapped there; large pages across an end are split. Frames stay the caller's.
    /// Errors: AlignmentError, InvalidAddress, OutOfMemory (a split), nothing changed then.
    Result<> unmap_range(VirtualAddress start, u64 size);
    /// New rights for whatever is mapped there. Errors: as unmap_range, PermissionDenied.
    Result<> protect_range(VirtualAddress start, u64 size, PageFlags flags);

    // ---- For address spaces (pages of 4 KiB).

    /// The entry for `address`, lower tables made as needed; safe beside itself. Errors: OutOfMemory.
    Result<EntrySlot> slot_for_fault(u64 address);
    /// Empty when there is no leaf table.
    EntrySlot find_slot(u64 address) const;
    /// Calls visit(LeafRange) for each leaf table in [start, end), in order.
    template <class Visitor> void visit_leaves(u64 start, u64 end, Visitor&& visit) {
        if (start < end) visit_level(TableNode(root_), 4, start, end, nullptr, visit);
    }
    /// Calls visit(LeafRange) as visit_leaves does. Tables that the visitor left empty go into `batch`.
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

/// The kernel's table; its half is part of every other.
PageTable& kernel_table();
/// Makes it, with a top-level entry for each 512 GiB slot that starts at one of `slots`. Once. Errors: OutOfMemory.
Result<> initialise_kernel_table(std::span<const u64> slots);

}  // namespace exo::memory
