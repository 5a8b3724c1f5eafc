// operator new and delete of the kernel. Only the nothrow forms of new exist: a call of another does not link, because
// the kernel could do nothing when it fails.
#if !defined(EXO_HOSTED)

#include <new>

#include "memory/fault_injection.hpp"
#include "memory/heap/heap.hpp"
#include "memory/kasan/guarded_heap.hpp"

#if defined(EXO_KASAN)
using exo::kasan::guarded_heap;
#define heap guarded_heap
#else
using exo::memory::heap;
#endif

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return exo::memory::fails_on_purpose() ? nullptr : heap.allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return exo::memory::fails_on_purpose() ? nullptr : heap.allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return exo::memory::fails_on_purpose() ? nullptr
                                           : heap.allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return exo::memory::fails_on_purpose() ? nullptr
                                           : heap.allocate(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* pointer) noexcept { heap.deallocate(pointer); }
void operator delete[](void* pointer) noexcept { heap.deallocate(pointer); }
void operator delete(void* pointer, const std::nothrow_t&) noexcept { heap.deallocate(pointer); }
void operator delete[](void* pointer, const std::nothrow_t&) noexcept { heap.deallocate(pointer); }
void operator delete(void* pointer, std::size_t size) noexcept { heap.deallocate(pointer, size); }
void operator delete[](void* pointer, std::size_t size) noexcept { heap.deallocate(pointer, size); }
void operator delete(void* pointer, std::align_val_t) noexcept { heap.deallocate(pointer); }
void operator delete[](void* pointer, std::align_val_t) noexcept { heap.deallocate(pointer); }
void operator delete(void* pointer, std::align_val_t, const std::nothrow_t&) noexcept {
    heap.deallocate(pointer);
}
void operator delete[](void* pointer, std::align_val_t, const std::nothrow_t&) noexcept {
    heap.deallocate(pointer);
}
void operator delete(void* pointer, std::size_t size, std::align_val_t alignment) noexcept {
    heap.deallocate(pointer, size, static_cast<std::size_t>(alignment));
}
void operator delete[](void* pointer, std::size_t size, std::align_val_t alignment) noexcept {
    heap.deallocate(pointer, size, static_cast<std::size_t>(alignment));
}

#endif
