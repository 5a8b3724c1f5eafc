// Global variables: each file's list of them, from a constructor that the compiler makes.
#if defined(EXO_KASAN)

#include "memory/kasan/shadow.hpp"

namespace exo::kasan {

namespace {

struct List {
    const Global* first;
    usize count;
};
constexpr usize MAX_LISTS = 1024;  // one a source file
constinit List lists[MAX_LISTS]{};
constinit usize list_count = 0;

}  // namespace

const Global* global_around(u64 address) {
    for (usize list = 0; list < list_count; ++list)
        for (usize i = 0; i < lists[list].count; ++i) {
            const Global& global = lists[list].first[i];
            if (address - global.address < global.size_with_redzone) return &global;
        }
    return nullptr;
}

}  // namespace exo::kasan

using exo::kasan::Global;
using exo::kasan::GRANULE;

extern "C" {

void __asan_register_globals(const Global* globals, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const Global& global = globals[i];
        exo::kasan::unpoison(global.address, global.size);
        const exo::u64 used = exo::align_up(global.size, GRANULE);
        exo::kasan::poison(global.address + used, global.size_with_redzone - used,
                           exo::kasan::Poison::Global);
    }
    // More files than places: the redzones are there, only names will be missing.
    if (exo::kasan::list_count < exo::kasan::MAX_LISTS)
        exo::kasan::lists[exo::kasan::list_count++] = {globals, count};
}

/// Never called: the kernel's globals live for ever. The compiler's code refers to it.
void __asan_unregister_globals(const Global*, size_t) {}
}

#endif
