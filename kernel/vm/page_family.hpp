// PageFamily: identifies the areas that may share private pages (LINUX: anon_vma, and the chain of an area).
// Areas merge only within a family. So the borders of a program's areas show which pages were written before
// others.
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::vm {

class PageFamily {
  public:
    /// No family: the area has never had a private page.
    constexpr PageFamily() = default;
    /// A new family without areas.
    static PageFamily create() { return PageFamily(new_number()); }
    /// The family of the area's copy in a forked space. Each copied area gets its own, so copies do not merge
    /// again.
    PageFamily of_copy() const { return is_none() ? PageFamily() : PageFamily(new_number() | INHERITED); }

    bool is_none() const { return word_ == 0; }
    /// Whether an area without pages may join. LINUX: list_is_singular(&vma->anon_vma_chain).
    bool is_open() const { return !is_none() && (word_ & INHERITED) == 0; }
    /// Whether an area of this family may absorb one of `other`. The relation is not symmetric: an area
    /// without a family only absorbs areas without a family. LINUX: is_mergeable_anon_vma.
    bool admits(PageFamily other) const { return other == *this || (other.is_none() && is_open()); }
    friend bool operator==(PageFamily, PageFamily) = default;

  private:
    static constexpr u64 INHERITED = 1;
    explicit constexpr PageFamily(u64 word) : word_(word) {}
    static u64 new_number() {
        static constinit std::atomic<u64> last{0};
        return (last.fetch_add(1, std::memory_order_relaxed) + 1) << 1;
    }

    u64 word_ = 0;
};

}  // namespace exo::vm
