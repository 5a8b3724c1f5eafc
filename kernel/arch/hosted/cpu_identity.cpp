#include "arch/cpu_identity.hpp"

#include <cpuid.h>

namespace exo::arch {

CpuIdentity cpu_identity() {
    return identify_cpu([](u32 leaf) {
        CpuidWords words{};
        __cpuid_count(leaf, 0, words.eax, words.ebx, words.ecx, words.edx);
        return words;
    });
}

}  // namespace exo::arch
