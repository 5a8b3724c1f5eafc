// PageFlags: the access rights of a page. PageEntry: an entry of an x86-64 page table (Intel SDM vol. 3,
// 4.5).
#pragma once

#include "memory/address.hpp"

namespace exo::memory {

class PageFlags {
  public:
    constexpr PageFlags() = default;

    static const PageFlags KERNEL;       ///< Kernel data.
    static const PageFlags KERNEL_TEXT;  ///< Executable, never writable.
    static const PageFlags READONLY;     ///< Kernel constants.
    static const PageFlags DEVICE;       ///< Device registers: uncached.
    static const PageFlags USER;         ///< A program's data.

    /// The flags for PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. On x86, a page that can be written or executed
    /// can also be read. PROT_NONE gives a page that no access may touch.
    static constexpr PageFlags from_prot(u32 prot) {
        PageFlags flags(USER_PAGE | NO_EXECUTE | ACCESSED | DIRTY | ((prot & 7) != 0 ? PRESENT : NO_ACCESS));
        if ((prot & 2) != 0) flags.bits_ |= WRITABLE;
        if ((prot & 4) != 0) flags.bits_ &= ~NO_EXECUTE;
        return flags;
    }

    constexpr bool is_accessible() const { return (bits_ & PRESENT) != 0; }
    constexpr bool is_writable() const { return (bits_ & WRITABLE) != 0; }
    constexpr bool is_user() const { return (bits_ & USER_PAGE) != 0; }
    constexpr bool is_executable() const { return (bits_ & NO_EXECUTE) == 0; }
    constexpr bool is_uncached() const { return (bits_ & CACHE_DISABLE) != 0; }
    /// The same rights with the protection key that disables reads and writes (arch/interface.hpp,
    /// EXECUTE_ONLY_KEY).
    constexpr PageFlags execute_only() const { return PageFlags(bits_ | KEY_1); }
    constexpr PageFlags without_write() const { return PageFlags(bits_ & ~WRITABLE); }
    /// The same rights for a mapping that holds no reference to its frame: the shared zero page, device
    /// memory.
    constexpr PageFlags uncounted() const { return PageFlags(bits_ | UNCOUNTED); }
    /// The same rights for a frame that belongs to no page source: only the program, and programs related to
    /// it by fork, map it.
    constexpr PageFlags anonymous() const { return PageFlags(bits_ | ANONYMOUS); }
    constexpr bool operator==(const PageFlags&) const = default;

  private:
    friend class PageEntry;
    constexpr explicit PageFlags(u64 bits) : bits_(bits) {}

    static constexpr u64 PRESENT = 1ULL << 0;
    static constexpr u64 WRITABLE = 1ULL << 1;
    static constexpr u64 USER_PAGE = 1ULL << 2;
    static constexpr u64 WRITE_THROUGH = 1ULL << 3;
    static constexpr u64 CACHE_DISABLE = 1ULL << 4;
    /// Both are set from the beginning, so that the CPU never writes to an entry by itself.
    static constexpr u64 ACCESSED = 1ULL << 5;
    static constexpr u64 DIRTY = 1ULL << 6;
    static constexpr u64 LARGE = 1ULL << 7;
    static constexpr u64 GLOBAL = 1ULL << 8;
    static constexpr u64 UNCOUNTED = 1ULL << 9;   ///< For software (the CPU ignores bits 9-11).
    static constexpr u64 NO_ACCESS = 1ULL << 10;  ///< For software: not PRESENT, but there is a page.
    static constexpr u64 ANONYMOUS = 1ULL << 11;  ///< For software.
    static constexpr u64 KEY_1 = 1ULL << 59;      ///< Bits 59 to 62: the protection key.
    static constexpr u64 KEYS = 15ULL << 59;
    static constexpr u64 NO_EXECUTE = 1ULL << 63;

    u64 bits_ = 0;
};

constexpr PageFlags PageFlags::KERNEL{PRESENT | WRITABLE | ACCESSED | DIRTY | GLOBAL | NO_EXECUTE};
constexpr PageFlags PageFlags::KERNEL_TEXT{PRESENT | ACCESSED | DIRTY | GLOBAL};
constexpr PageFlags PageFlags::READONLY{PRESENT | ACCESSED | DIRTY | GLOBAL | NO_EXECUTE};
constexpr PageFlags PageFlags::DEVICE{PRESENT | WRITABLE | ACCESSED | DIRTY | GLOBAL | NO_EXECUTE |
                                      CACHE_DISABLE | WRITE_THROUGH};
constexpr PageFlags PageFlags::USER{PRESENT | WRITABLE | USER_PAGE | ACCESSED | DIRTY | NO_EXECUTE};

/// One entry of a table at any level. This is a value; the word in the table is an atomic (TableNode).
class PageEntry {
  public:
    constexpr PageEntry() = default;
    constexpr explicit PageEntry(u64 bits) : bits_(bits) {}
    static constexpr PageEntry page(PhysicalAddress address, PageFlags flags) {
        return PageEntry(address.value() | flags.bits_);
    }
    static constexpr PageEntry large_page(PhysicalAddress address, PageFlags flags) {
        return PageEntry(address.value() | flags.bits_ | PageFlags::LARGE);
    }
    /// An entry that points to a lower table. It grants all rights; the lowest level decides.
    static constexpr PageEntry table(PhysicalAddress address, PageFlags for_page) {
        return PageEntry(address.value() | PageFlags::PRESENT | PageFlags::WRITABLE | PageFlags::ACCESSED |
                         (for_page.bits_ & PageFlags::USER_PAGE));
    }

    constexpr u64 bits() const { return bits_; }
    constexpr bool is_empty() const { return bits_ == 0; }
    constexpr bool is_present() const { return (bits_ & PageFlags::PRESENT) != 0; }
    /// Whether an entry of level 3 or 2 maps a page, not a table.
    constexpr bool is_large() const { return (bits_ & PageFlags::LARGE) != 0; }
    constexpr bool is_writable() const { return (bits_ & PageFlags::WRITABLE) != 0; }
    constexpr bool is_user() const { return (bits_ & PageFlags::USER_PAGE) != 0; }
    constexpr bool is_executable() const { return (bits_ & PageFlags::NO_EXECUTE) == 0; }
    /// Whether this mapping holds a reference to its frame.
    constexpr bool is_counted() const { return (bits_ & PageFlags::UNCOUNTED) == 0; }
    constexpr bool is_anonymous() const { return (bits_ & PageFlags::ANONYMOUS) != 0; }
    /// Whether it has a protection key, which may forbid what the rights allow.
    constexpr bool has_key() const { return (bits_ & PageFlags::KEYS) != 0; }
    constexpr PhysicalAddress address() const { return PhysicalAddress(bits_ & ADDRESS_MASK); }
    constexpr u32 frame() const { return static_cast<u32>((bits_ & ADDRESS_MASK) >> PAGE_SHIFT); }
    constexpr PageFlags flags() const { return PageFlags(bits_ & ~ADDRESS_MASK & ~PageFlags::LARGE); }
    constexpr PageEntry with_flags(PageFlags flags) const {
        constexpr u64 KEPT = ADDRESS_MASK | PageFlags::LARGE | PageFlags::UNCOUNTED | PageFlags::ANONYMOUS;
        return PageEntry((bits_ & KEPT) | flags.bits_);
    }
    constexpr PageEntry without_write() const { return PageEntry(bits_ & ~PageFlags::WRITABLE); }
    constexpr bool operator==(const PageEntry&) const = default;

  private:
    static constexpr u64 ADDRESS_MASK = 0x000f'ffff'ffff'f000;
    u64 bits_ = 0;
};

}  // namespace exo::memory
