#include "arch/cpu_identity.hpp"

#include "arch/x86_64/cpu_features.hpp"

namespace exo::arch {

CpuIdentity cpu_identity() {
    return identify_cpu([](u32 leaf) {
        const CpuidResult words = cpuid(leaf);
        return CpuidWords{words.eax, words.ebx, words.ecx, words.edx};
    });
}

}  // namespace exo::arch
