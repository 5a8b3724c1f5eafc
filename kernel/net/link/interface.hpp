// Interface: a network interface, and the list of all. Loopback and Ethernet derive from it.
//
// Interfaces are added at boot and never removed, so pointers to them stay valid.
#pragma once

#include <atomic>
#include <string_view>

#include "abi/linux/net.hpp"
#include "net/packet/packet.hpp"
#include "sync/tally.hpp"
#include "utils/function_ref.hpp"
#include "utils/result.hpp"

namespace exo::net {

/// What has passed an interface in one direction.
struct TrafficCounters {
    std::atomic<u64> packets{0};
    std::atomic<u64> bytes{0};
    std::atomic<u64> errors{0};
    std::atomic<u64> dropped{0};

    void count(u64 size, u64 number = 1) {
        packets.fetch_add(number, std::memory_order_relaxed);
        bytes.fetch_add(size, std::memory_order_relaxed);
    }
};

/// What a device has lost below the interface.
struct LinkLosses {
    u64 received_errors = 0;
    u64 received_dropped = 0;
    u64 sent_errors = 0;
    u64 sent_dropped = 0;
};

class Interface {
  public:
    Interface(std::string_view name, abi::HardwareType type, u32 mtu, abi::InterfaceFlags flags)
        : name_(name),
          type_(type),
          mtu_(mtu),
          flags_(flags) {}
    Interface(const Interface&) = delete;
    Interface& operator=(const Interface&) = delete;

    /// From 1 on, in the order in which interfaces were added.
    u32 index() const { return index_; }
    std::string_view name() const { return name_; }
    abi::HardwareType type() const { return type_; }
    u32 mtu() const { return mtu_.load(std::memory_order_relaxed); }
    /// Errors: Einval (outside what the interface carries).
    Result<> set_mtu(u32 mtu);
    /// An interface that is down is not running, whatever its link does.
    abi::InterfaceFlags flags() const {
        const abi::InterfaceFlags all = flags_.load(std::memory_order_relaxed);
        constexpr abi::InterfaceFlags RUNNING = abi::InterfaceFlags::Running | abi::InterfaceFlags::LowerUp;
        return abi::has(all, abi::InterfaceFlags::Up) ? all : all & ~RUNNING;
    }
    bool has(abi::InterfaceFlags bits) const { return abi::has(flags(), bits); }
    bool is_up() const { return has(abi::InterfaceFlags::Up); }
    bool is_loopback() const { return has(abi::InterfaceFlags::Loopback); }
    void change_flags(abi::InterfaceFlags on, abi::InterfaceFlags off);

    virtual HardwareAddress hardware_address() const { return {}; }
    virtual HardwareAddress hardware_broadcast() const { return {}; }
    /// The largest TCP segment that the interface cuts into pieces or carries whole; 0: none above the MTU.
    virtual u32 most_segmented() const { return 0; }
    virtual LinkLosses link_losses() const { return {}; }
    /// Whether the interface takes packets with a partial checksum: its device completes the checksum, or nobody needs it.
    virtual bool completes_checksums() const { return false; }
    /// Sends an IPv4 packet, headers included, to packet->next_hop, or to all where packet->is_broadcast is set. Callable under spin
    /// locks up to NetworkFlow. What is lost on the way is no error. Errors: Enobufs (a queue is full), Enomem.
    virtual Result<> transmit(PacketPtr packet) = 0;

    TrafficCounters received;
    TrafficCounters sent;

  protected:
    ~Interface() = default;
    virtual u32 least_mtu() const { return 68; }
    virtual u32 most_mtu() const { return 65535; }

  private:
    friend void add_interface(Interface& interface);
    std::string_view name_;
    abi::HardwareType type_;
    std::atomic<u32> mtu_;
    std::atomic<abi::InterfaceFlags> flags_;
    u32 index_ = 0;
};

/// Adds an interface, which lives for ever. At boot, before programs run.
void add_interface(Interface& interface);
inline constexpr u32 MOST_INTERFACES = 8;
/// Null: there is none.
Interface* find_interface(u32 index);
Interface* find_interface(std::string_view name);
void for_each_interface(FunctionRef<void(Interface&)> visit);
/// The interface "lo".
Interface& loopback();
void start_loopback();

/// What the link layer asks of the network layer above it.
class NetworkLayer {
  public:
    /// A packet has arrived: packet->interface is set, the IP header is in front. The caller holds no lock and has an Activity.
    virtual void receive(PacketPtr packet) = 0;
    /// The own address by which an interface asks for `neighbour`.
    virtual Ipv4Address own_address(const Interface& interface, Ipv4Address neighbour) = 0;
    virtual bool is_own(Ipv4Address address) = 0;
    /// A packet that was to be sent, IP header in front, has no way: its neighbour does not answer.
    virtual void report_unreachable(PacketPtr packet) = 0;

  protected:
    ~NetworkLayer() = default;
};
/// At boot.
void set_network_layer(NetworkLayer& layer);
NetworkLayer& network_layer();
/// Gives a packet that arrived to the network layer: packet->interface is set, the IP header is in front. The caller holds no lock
/// and has an Activity.
inline void deliver(PacketPtr packet) { network_layer().receive(std::move(packet)); }

}  // namespace exo::net
