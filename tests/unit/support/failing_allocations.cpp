#include "support/failing_allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace exo::test {

namespace {

enum class Mode { Off, Nth, Always };
std::atomic<Mode> mode{Mode::Off};
std::atomic<usize> failing_call{0};
std::atomic<usize> calls{0};
std::atomic<usize> largest{0};

bool must_fail(usize size) {
    if (size > largest.load()) largest = size;
    const Mode now = mode.load();
    if (now == Mode::Off) return false;
    return ++calls == failing_call.load() || now == Mode::Always;
}

}  // namespace

FailingAllocations::FailingAllocations(usize nth) {
    calls = 0;
    failing_call = nth;
    mode = Mode::Nth;
}
FailingAllocations::~FailingAllocations() { mode = Mode::Off; }
bool FailingAllocations::has_failed() const {
    return failing_call.load() != 0 && calls.load() >= failing_call.load();
}
usize FailingAllocations::count() const { return calls.load(); }

NoAllocations::NoAllocations() : FailingAllocations(1) { mode = Mode::Always; }

LargestAllocation::LargestAllocation() { largest = 0; }
usize LargestAllocation::bytes() const { return largest.load(); }

usize for_each_failing_allocation(FunctionRef<void()> body) {
    for (usize nth = 1;; ++nth) {
        const FailingAllocations guard{nth};
        body();
        if (!guard.has_failed()) return nth - 1;
    }
}

}  // namespace exo::test

// The forms without std::nothrow stay the library's (or the sanitizer's): ours call them, so that memory is
// always freed by the one that gave it.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (exo::test::must_fail(size)) return nullptr;
    try {
        return ::operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    if (exo::test::must_fail(size)) return nullptr;
    try {
        return ::operator new[](size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    if (exo::test::must_fail(size)) return nullptr;
    try {
        return ::operator new(size, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    if (exo::test::must_fail(size)) return nullptr;
    try {
        return ::operator new[](size, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
