// Client: the states of a DHCP client (RFC 2131, section 4.4), without sockets and without a clock of its own.
//
//   while (const auto message = client.next(now)) send(*message);   // then sleep until client.due()
//   client.received(payload, now);                                  // each UDP packet to port 68
//   switch (client.take_change()) { ... }                           // after either
//
// Until there is a lease, the stack passes packets to port 68 on whatever address they were sent to: some servers
// send to the address that they offer.
// Neighbours: message.hpp reads and writes what is sent. service.hpp drives the client, and sets and
// takes away the address. Locking: none; one thread at a time uses a client.
#pragma once

#include <utility>

#include "net/dhcp/message.hpp"
#include "time/clock.hpp"

namespace exo::net::dhcp {

using time::Nanoseconds;

/// What the server has granted.
struct Lease {
    Address address = NO_ADDRESS;
    Address mask = 0;
    Address router = NO_ADDRESS;  ///< 0: none.
    Address server = NO_ADDRESS;
    FixedVector<Address, 4> name_servers;
    FixedVector<char, 255> domain;
    u16 mtu = 0;  ///< 0: not said.
    // Points in time; ~0: never.
    Nanoseconds renewal = 0;    ///< When the client asks the server to extend the lease (T1).
    Nanoseconds rebinding = 0;  ///< When it asks every server (T2).
    Nanoseconds end = 0;
};

enum class State : u8 { Init, Selecting, Requesting, Bound, Renewing, Rebinding };

/// A message to send from port 68 to port 67.
struct Message {
    std::span<const u8> payload;  ///< Until the next call.
    Address source;
    Address destination;
};

enum class Change : u8 {
    None,
    Gained,  ///< There is a lease, where there was none, or after one that was lost.
    Renewed,  ///< The lease has new times, and perhaps another router or other name servers. Its address is the same.
    Lost,  ///< The address must not be used any more.
};

class Client {
  public:
    /// `random`: numbers that nobody can guess, because answers are known by them.
    /// `host_name`: what the server may call us; it outlives the client.
    Client(std::array<u8, 6> hardware_address, u64 (*random)(), std::string_view host_name = {})
        : hardware_address_(hardware_address),
          random_(random),
          host_name_(host_name) {}

    /// The message to send now, if there is one. Call it again until there is none, and at `due`.
    std::optional<Message> next(Nanoseconds now);
    /// When `next` has something to do again; ~0: never, unless something is received.
    Nanoseconds due() const;
    /// Takes the payload of a packet that came to port 68. What is no answer to the client is ignored.
    void received(std::span<const u8> payload, Nanoseconds now);
    /// Another host answers for the leased address: the lease is given back, and the client begins again.
    void decline(Nanoseconds now);
    /// Forgets the lease and begins again at once: for a link that was down.
    void restart(Nanoseconds now);

    /// The last change since the last call.
    Change take_change() { return std::exchange(change_, Change::None); }
    State state() const { return state_; }
    /// The lease; null in the states without one.
    const Lease* lease() const { return has_lease() ? &lease_ : nullptr; }

  private:
    bool has_lease() const { return state_ >= State::Bound; }
    void begin(Nanoseconds now, Nanoseconds delay);
    void lose(Nanoseconds now, Nanoseconds delay);
    void advance(Nanoseconds now);
    Nanoseconds back_off();
    Nanoseconds retry_before(Nanoseconds now, Nanoseconds limit) const;
    Message write(MessageType type, Nanoseconds now);
    void take_offer(const ServerMessage& message, Nanoseconds now);
    void take_ack(const ServerMessage& message, Nanoseconds now);

    std::array<u8, 6> hardware_address_;
    u64 (*random_)();
    std::string_view host_name_;
    State state_ = State::Init;
    Change change_ = Change::None;
    bool must_decline_ = false;
    u32 transaction_ = 0;
    u32 attempts_ = 0;       ///< Messages sent in this state.
    Nanoseconds began_ = 0;  ///< When the first DISCOVER was sent.
    /// When the REQUEST was sent, the first one in Requesting: a lease counts from there.
    Nanoseconds asked_ = 0;
    Nanoseconds send_at_ = 0;  ///< When the next message is sent.
    /// In Requesting, what was offered.
    Lease lease_;
    ClientBuffer buffer_{};
};

}  // namespace exo::net::dhcp
