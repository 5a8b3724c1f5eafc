#include "security/audit.hpp"

#include "scheduler/thread.hpp"
#include "sync/spin_lock.hpp"

namespace exo::security {

namespace {

struct AuditRing {
    Denial entries[AUDIT_RING_SIZE]{};
    u64 total = 0;
};
constinit sync::SpinLocked<AuditRing, sync::LockRank::SpinLeaf> ring;

}  // namespace

void record_denial(u32 number, ObjectKind kind, Rights needed, Rights missing) {
    const u32 thread = arch::current_thread() != nullptr ? scheduler::current_thread().id() : 0;
    const Denial denial{time::monotonic(), thread, number, kind, needed, missing};
    auto audit = ring.lock();
    audit->entries[audit->total++ % AUDIT_RING_SIZE] = denial;
}

usize read_denials(std::span<Denial> out) {
    auto audit = ring.lock();
    const u64 kept = audit->total < AUDIT_RING_SIZE ? audit->total : AUDIT_RING_SIZE;
    const usize count = out.size() < kept ? out.size() : static_cast<usize>(kept);
    for (usize i = 0; i < count; ++i) out[i] = audit->entries[(audit->total - count + i) % AUDIT_RING_SIZE];
    return count;
}

u64 denial_count() { return ring.lock()->total; }

}  // namespace exo::security
