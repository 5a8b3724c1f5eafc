// PageFamily: whose private pages an area has had. Areas that agree in all else become one only within a family, so where a
// program's areas end can be told from which of its pages were written when. LINUX: anon_vma, and the chain of an area.
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::vm {

class PageFamily {
  public:
    /// None: no private page has been here.
    constexpr PageFamily() = default;
    /// One that no area belongs to.
    static PageFamily create() { return PageFamily(new_number()); }
    /// What a copy of the area in a forked space belongs to. Each area of the copy has its own: none are put together again.
    PageFamily of_copy() const { return is_none() ? PageFamily() : PageFamily(new_number() | INHERITED); }

    bool is_none() const { return word_ == 0; }
    /// An area without pages may join. LINUX: list_is_singular(&vma->anon_vma_chain).
    bool is_open() const { return !is_none() && (word_ & INHERITED) == 0; }
    /// An area of this family may take one of `other` in. It is not the same the other way round: an area without a family
    /// takes in only its like. LINUX: is_mergeable_anon_vma.
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
