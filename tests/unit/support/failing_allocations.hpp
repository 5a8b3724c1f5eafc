// Running out of memory on purpose.
//
//   for_each_failing_allocation([] {
//       auto thing = Thing::create();                 // must succeed, or fail with Enomem and leave nothing behind
//       if (thing) …
//   });
//
// Only allocations with std::nothrow fail: the kernel makes no others, and GoogleTest makes only others.
// All threads are counted together.
#pragma once

#include "utils/function_ref.hpp"
#include "utils/types.hpp"

namespace exo::test {

/// While it lives, the `nth` allocation fails (1: the first; 0: none, only counting), once.
class FailingAllocations {
  public:
    explicit FailingAllocations(usize nth);
    ~FailingAllocations();
    FailingAllocations(const FailingAllocations&) = delete;
    FailingAllocations& operator=(const FailingAllocations&) = delete;

    /// The `nth` allocation was asked for.
    bool has_failed() const;
    /// Allocations asked for so far.
    usize count() const;
};

/// While it lives, every allocation fails.
class NoAllocations : public FailingAllocations {
  public:
    NoAllocations();
};

/// The largest piece of memory that was asked for since it was made.
class LargestAllocation {
  public:
    LargestAllocation();
    usize bytes() const;
};

/// Runs `body` with the first allocation failing, then the second, and so on until a run needs fewer.
/// Returns the number of allocations that a run without failures makes.
usize for_each_failing_allocation(FunctionRef<void()> body);

}  // namespace exo::test
