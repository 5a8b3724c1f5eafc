// The rate of the cycle counter according to the CPU and the hypervisor, and the hypervisor's own clock.
#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"

namespace exo::arch {

namespace {

// Linux, Documentation/virt/kvm/x86/cpuid.rst and msr.rst.
constexpr u32 HYPERVISOR_LEAF = 0x40000000;
constexpr u32 KVM_SIGNATURE[3] = {0x4b4d564b, 0x564b4d56, 0x0000004d};  // "KVMKVMKVM"
constexpr u32 KVM_FEATURES_LEAF = 0x40000001;
constexpr u32 KVM_FEATURE_CLOCKSOURCE2 = 1 << 3;
constexpr u32 MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01;
constexpr u64 SYSTEM_TIME_ENABLE = 1;

bool is_kvm() {
    if (!cpu_features().is_virtual) return false;
    const CpuidResult leaf = cpuid(HYPERVISOR_LEAF);
    return leaf.ebx == KVM_SIGNATURE[0] && leaf.ecx == KVM_SIGNATURE[1] && leaf.edx == KVM_SIGNATURE[2];
}

}  // namespace

bool has_invariant_cycle_counter() { return cpu_features().has_invariant_tsc; }

/// CPUID 0x15: crystal frequency and ratio, where the CPU gives both (Intel SDM vol. 3, 19.7.3).
u64 stated_cycle_counter_rate() {
    if (cpuid(0).eax < 0x15) return 0;
    const CpuidResult leaf = cpuid(0x15);
    if (leaf.eax == 0 || leaf.ebx == 0 || leaf.ecx == 0) return 0;
    return static_cast<u64>(leaf.ecx) * leaf.ebx / leaf.eax;
}

Result<> start_kvm_clock(u64 record) {
    if (!is_kvm() || (cpuid(KVM_FEATURES_LEAF).eax & KVM_FEATURE_CLOCKSOURCE2) == 0) return Error::Enodev;
    write_msr(MSR_KVM_SYSTEM_TIME_NEW, record | SYSTEM_TIME_ENABLE);
    return {};
}

}  // namespace exo::arch
