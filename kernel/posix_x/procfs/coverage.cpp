// /proc/exo_coverage: the counters that became nonzero since the last read, as 32-bit indices into
// __llvm_prf_cnts. A program generator uses it to see which programs reached new code (tools/campaign).
#if defined(EXO_COVERAGE)
#include <array>
#include <bit>
#include <span>

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/procfs.hpp"

// The linker defines these from the section's name.
extern "C" exo::u64 __start___llvm_prf_cnts[];
extern "C" exo::u64 __stop___llvm_prf_cnts[];

namespace exo::posix_x::procfs {

namespace {

/// Marks a counter that was reported. No counter reaches this bit by counting; tools/exo/coverage removes it.
constexpr u64 TOLD = 1ULL << 63;

Result<> generate_coverage(String& out) {
    const std::span counters(__start___llvm_prf_cnts, __stop___llvm_prf_cnts);
    for (u32 place = 0; place < counters.size(); ++place) {
        if (counters[place] == 0 || (counters[place] & TOLD) != 0) continue;
        const auto bytes = std::bit_cast<std::array<char, sizeof(place)>>(place);
        TRY(out.append({bytes.data(), bytes.size()}));
        counters[place] |= TOLD;
    }
    return {};
}

}  // namespace

Result<> add_coverage_file() {
    return fs::procfs().directory->add_file("exo_coverage", 0400, generate_coverage);
}

}  // namespace exo::posix_x::procfs
#endif
