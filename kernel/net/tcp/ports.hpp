// Ports of TCP that are in use (bind(2), and connect(2) for those that have not bound).
//
// A PortHold is one use of a port. A socket, its connections, and the connections that its listener accepted share one; the port
// is free again when all of them are gone. Locking: a spin lock for each bucket; FlowTable's locks are taken under it.
#pragma once

#include <atomic>

#include "net/link/interface.hpp"
#include "net/packet/address.hpp"
#include "sync/spin_lock.hpp"
#include "utils/function_ref.hpp"
#include "utils/object.hpp"

namespace exo::net::tcp {

/// LINUX: net.ipv4.ip_local_port_range.
inline constexpr u16 FIRST_EPHEMERAL_PORT = 32768;
inline constexpr u16 LAST_EPHEMERAL_PORT = 60999;

class PortHold final : public Object {
  public:
    struct Request {
        Endpoint local;                        ///< Port 0: any free one.
        const Interface* interface = nullptr;  ///< SO_BINDTODEVICE.
        u32 user = 0;
        bool reuses_address = false;
        bool reuses_port = false;
    };
    /// bind(2). Errors: Eaddrinuse, Enomem.
    static Result<Ref<PortHold>> bind(const Request& request);
    /// connect(2) without bind: takes a port from the ephemeral ones for which `take(port)` returns success or an error other than
    /// Eaddrinuse; `start` says where the search begins. Errors: Eaddrnotavail (all are in use), Enomem, those of `take`.
    static Result<Ref<PortHold>> choose(const Request& request, u32 start,
                                        FunctionRef<Result<>(u16 port)> take);
    ~PortHold() override;

    u16 port() const { return local_.port; }
    Endpoint local() const { return local_; }
    /// listen(2): checks again who else has the port. Errors: Eaddrinuse.
    Result<> begin_listening();
    void end_listening() { is_listening_.store(false, std::memory_order_relaxed); }
    std::atomic<bool> reuses_address;
    std::atomic<bool> reuses_port;
    bool is_automatic() const { return is_automatic_; }

    PortHold(const Request& request, u16 port, bool is_automatic)
        : reuses_address(request.reuses_address),
          reuses_port(request.reuses_port),
          local_{request.local.address, port},
          interface_(request.interface),
          user_(request.user),
          is_automatic_(is_automatic) {}

  private:
    friend struct PortBucket;
    enum class Ease : u8 { Strict, Relaxed };
    static bool conflicts(const PortHold& one, const PortHold& other, Ease ease);

    ListNode link_;
    Endpoint local_;
    const Interface* interface_;
    u32 user_;
    bool is_automatic_;
    bool is_held_ = false;
    std::atomic<bool> is_listening_{false};
};

}  // namespace exo::net::tcp
