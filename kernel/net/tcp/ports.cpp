#include "net/tcp/ports.hpp"

#include "drivers/random/random.hpp"
#include "scheduler/preemption.hpp"
#include "utils/list.hpp"

namespace exo::net::tcp {

/// The holds of the ports that fall into one bucket.
struct PortBucket {
    List<PortHold, &PortHold::link_> holds;

    /// Whether a hold may be added. `self` is left out.
    bool admits(const PortHold& hold, PortHold::Ease ease) {
        for (const PortHold& other : holds) {
            if (&other != &hold && other.local_.port == hold.local_.port &&
                PortHold::conflicts(hold, other, ease))
                return false;
        }
        return true;
    }
    void add(PortHold& hold) {
        holds.push_back(hold);
        hold.is_held_ = true;
    }
    /// Whether anybody has bound the port, or listens.
    bool has_bound(u16 port) {
        for (const PortHold& other : holds) {
            if (other.local_.port == port && !other.is_automatic_) return true;
        }
        return false;
    }
};

namespace {

constexpr u32 BUCKETS = 256;
using LockedBucket = sync::SpinLocked<PortBucket, sync::LockRank::PortTable>;
[[clang::no_destroy]] constinit LockedBucket buckets[BUCKETS];

LockedBucket& bucket_of(u16 port) { return buckets[port % BUCKETS]; }

constexpr u32 EPHEMERAL_PORTS = LAST_EPHEMERAL_PORT - FIRST_EPHEMERAL_PORT + 1U;

/// The n-th port of a search. LINUX: connect prefers even ports and bind odd ones.
u16 port_at(u32 start, u32 n, bool prefers_even) {
    const u32 half = EPHEMERAL_PORTS / 2;
    const u32 place = (start + n % half) % half;
    const bool is_even = prefers_even == (n < half);
    return static_cast<u16>(FIRST_EPHEMERAL_PORT + place * 2 + (is_even ? 0 : 1));
}

}  // namespace

bool PortHold::conflicts(const PortHold& one, const PortHold& other, Ease ease) {
    // LINUX: inet_csk_bind_conflict, inet_rcv_saddr_equal.
    if (one.interface_ != nullptr && other.interface_ != nullptr && one.interface_ != other.interface_)
        return false;
    const bool is_same = one.local_.address.is_any() || other.local_.address.is_any() ||
                         one.local_.address == other.local_.address;
    if (!is_same) return false;
    const auto is_set = [](const std::atomic<bool>& flag) { return flag.load(std::memory_order_relaxed); };
    if (is_set(one.reuses_address) && is_set(other.reuses_address) && !is_set(other.is_listening_))
        return ease == Ease::Strict;
    if (ease == Ease::Relaxed && is_set(one.reuses_port) && is_set(other.reuses_port) &&
        one.user_ == other.user_)
        return false;
    return true;
}

Result<Ref<PortHold>> PortHold::bind(const Request& request) {
    if (request.local.port != 0) {
        Ref<PortHold> hold = TRY(make_ref<PortHold>(request, request.local.port, false));
        const auto bucket = bucket_of(request.local.port).lock();
        if (!bucket->admits(*hold, Ease::Relaxed)) return Error::Eaddrinuse;
        bucket->add(*hold);
        return hold;
    }
    const u32 start = static_cast<u32>(drivers::RANDOM.next_u64());
    Ref<PortHold> hold = TRY(make_ref<PortHold>(request, u16{0}, false));
    for (u32 n = 0; n < EPHEMERAL_PORTS; ++n) {
        if (n % 64 == 63) scheduler::preempt_point();
        const u16 port = port_at(start, n, false);
        const auto bucket = bucket_of(port).lock();
        hold->local_.port = port;
        if (!bucket->admits(*hold, Ease::Strict)) continue;
        bucket->add(*hold);
        return hold;
    }
    return Error::Eaddrinuse;
}

Result<Ref<PortHold>> PortHold::choose(const Request& request, u32 start,
                                       FunctionRef<Result<>(u16 port)> take) {
    Ref<PortHold> hold = TRY(make_ref<PortHold>(request, u16{0}, true));
    for (u32 n = 0; n < EPHEMERAL_PORTS; ++n) {
        if (n % 64 == 63) scheduler::preempt_point();
        const u16 port = port_at(start, n, true);
        const auto bucket = bucket_of(port).lock();
        if (bucket->has_bound(port)) continue;
        const Result<> taken = take(port);
        if (!taken && taken.error() == Error::Eaddrinuse) continue;
        TRY(Result<>(taken));
        hold->local_.port = port;
        bucket->add(*hold);
        return hold;
    }
    return Error::Eaddrnotavail;
}

PortHold::~PortHold() {
    if (!is_held_) return;
    const auto bucket = bucket_of(local_.port).lock();
    link_.unlink();
}

Result<> PortHold::begin_listening() {
    const auto bucket = bucket_of(local_.port).lock();
    // LINUX: inet_csk_listen_start: the state is that of a listener already.
    if (!bucket->admits(*this, Ease::Relaxed)) return Error::Eaddrinuse;
    is_listening_.store(true, std::memory_order_relaxed);
    return {};
}

}  // namespace exo::net::tcp
