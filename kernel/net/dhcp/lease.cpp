#include "net/dhcp/lease.hpp"

#include <algorithm>

namespace exo::net::dhcp {

namespace {

using time::SECOND;

constexpr Nanoseconds NEVER = ~0ULL;
// RFC 2131, section 4.1: the first wait, doubled up to the last one, each give or take a second.
constexpr Nanoseconds FIRST_WAIT = 4 * SECOND;
constexpr Nanoseconds LAST_WAIT = 64 * SECOND;
/// Section 4.4.5.
constexpr Nanoseconds SHORTEST_RETRY = 60 * SECOND;
/// Section 3.1.5.
constexpr Nanoseconds WAIT_AFTER_DECLINE = 10 * SECOND;
/// A server that refuses what it offered is not asked without end.
constexpr Nanoseconds WAIT_AFTER_NAK = 1 * SECOND;
/// Requests of one offer: about a minute.
constexpr u32 MOST_REQUESTS = 4;

Nanoseconds after(Nanoseconds start, u32 seconds) {
    return seconds == FOREVER ? NEVER : start + Nanoseconds{seconds} * SECOND;
}

}  // namespace

// ---- The states

/// Goes to Init, and from there on after `delay`.
void Client::begin(Nanoseconds now, Nanoseconds delay) {
    state_ = State::Init;
    attempts_ = 0;
    send_at_ = now + delay;
}

void Client::lose(Nanoseconds now, Nanoseconds delay) {
    if (has_lease()) change_ = change_ == Change::Gained ? Change::None : Change::Lost;
    begin(now, delay);
}

void Client::restart(Nanoseconds now) { lose(now, 0); }

void Client::decline(Nanoseconds now) {
    if (!has_lease()) return;
    must_decline_ = true;
    lose(now, WAIT_AFTER_DECLINE);
}

/// Follows the passage of time to the state of now.
void Client::advance(Nanoseconds now) {
    if (has_lease() && now >= lease_.end) lose(now, 0);
    if ((state_ == State::Bound || state_ == State::Renewing) && now >= lease_.rebinding) {
        state_ = State::Rebinding;
        attempts_ = 0;
        send_at_ = now;
    }
    if (state_ == State::Bound && now >= lease_.renewal) {
        state_ = State::Renewing;
        attempts_ = 0;
        send_at_ = now;
    }
    if (state_ == State::Requesting && now >= send_at_ && attempts_ == MOST_REQUESTS) begin(now, 0);
    if (state_ == State::Init && now >= send_at_) {
        state_ = State::Selecting;
        began_ = now;
        transaction_ = static_cast<u32>(random_() >> 32);
    }
}

Nanoseconds Client::due() const {
    if (must_decline_) return 0;
    if (!has_lease()) return send_at_;
    if (state_ == State::Bound) return std::min(lease_.renewal, lease_.end);
    return std::min({send_at_, state_ == State::Renewing ? lease_.rebinding : NEVER, lease_.end});
}

// ---- Sending

/// The wait after the message that is sent now.
Nanoseconds Client::back_off() {
    const Nanoseconds wait = std::min(FIRST_WAIT << std::min(attempts_, 4U), LAST_WAIT);
    return wait - SECOND + random_() % (2 * SECOND);
}

/// Half of the time that is left until `limit`, but at least a minute.
Nanoseconds Client::retry_before(Nanoseconds now, Nanoseconds limit) const {
    if (limit == NEVER) return NEVER;
    return now + std::max((limit - now) / 2, SHORTEST_RETRY);
}

Message Client::write(MessageType type, Nanoseconds now) {
    ClientMessage message;
    message.type = type;
    message.transaction = transaction_;
    message.hardware_address = hardware_address_;
    message.host_name = host_name_;
    const bool is_bound = has_lease();
    if (type == MessageType::Decline || (type == MessageType::Request && !is_bound)) {
        message.requested_address = lease_.address;
        message.server = lease_.server;
    }
    if (is_bound) message.own_address = lease_.address;
    if (!is_bound && type != MessageType::Decline)
        message.seconds = static_cast<u16>(std::min<u64>((now - began_) / SECOND, UINT16_MAX));
    const Address destination = state_ == State::Renewing ? lease_.server : BROADCAST;
    return {write_client_message(message, buffer_), message.own_address, destination};
}

std::optional<Message> Client::next(Nanoseconds now) {
    if (must_decline_) {
        must_decline_ = false;
        return write(MessageType::Decline, now);
    }
    advance(now);
    if (state_ == State::Init || state_ == State::Bound || now < send_at_) return std::nullopt;
    if (has_lease()) {
        // Only the answer to this counts: from now on, and by the server's present mind.
        transaction_ = static_cast<u32>(random_() >> 32);
        asked_ = now;
    } else if (attempts_ == 0) {
        asked_ = now;
    }
    switch (state_) {
        case State::Renewing: send_at_ = retry_before(now, lease_.rebinding); break;
        case State::Rebinding: send_at_ = retry_before(now, lease_.end); break;
        default: send_at_ = now + back_off(); break;
    }
    ++attempts_;
    return write(state_ == State::Selecting ? MessageType::Discover : MessageType::Request, now);
}

// ---- Receiving

void Client::received(std::span<const u8> payload, Nanoseconds now) {
    const auto message = read_server_message(payload);
    if (!message || message->transaction != transaction_ || message->hardware_address != hardware_address_)
        return;
    advance(now);
    if (state_ == State::Selecting && attempts_ > 0 && message->type == MessageType::Offer)
        return take_offer(*message, now);
    const bool has_asked =
        (state_ == State::Requesting || state_ == State::Renewing || state_ == State::Rebinding) &&
        attempts_ > 0;
    if (!has_asked) return;
    // While the lease can be extended by any server, any may refuse.
    if (state_ != State::Rebinding && message->server != NO_ADDRESS && message->server != lease_.server)
        return;
    if (message->type == MessageType::Nak) return lose(now, WAIT_AFTER_NAK);
    if (message->type == MessageType::Ack) take_ack(*message, now);
}

void Client::take_offer(const ServerMessage& message, Nanoseconds now) {
    if (!is_host_address(message.address) || message.server == NO_ADDRESS) return;
    lease_ = {};
    lease_.address = message.address;
    lease_.server = message.server;
    state_ = State::Requesting;
    attempts_ = 0;
    send_at_ = now;
}

void Client::take_ack(const ServerMessage& message, Nanoseconds now) {
    // An answer may be so late that the lease is over.
    if (message.address != lease_.address || after(asked_, message.lease_seconds) <= now) return;
    const bool is_new = !has_lease();
    if (message.server != NO_ADDRESS) lease_.server = message.server;
    lease_.mask = message.mask;
    lease_.router = message.router;
    lease_.name_servers = message.name_servers;
    lease_.domain = message.domain;
    lease_.mtu = message.mtu;
    // A half and seven eighths, unless the server says otherwise and makes sense (section 4.4.5).
    const u32 whole = message.lease_seconds;
    u32 renewal = message.renewal_seconds;
    u32 rebinding = message.rebinding_seconds;
    if (rebinding == 0 || rebinding >= whole) rebinding = whole - whole / 8;
    if (renewal == 0 || renewal >= rebinding) renewal = std::min(whole / 2, rebinding);
    lease_.end = after(asked_, whole);
    lease_.rebinding = whole == FOREVER ? NEVER : after(asked_, rebinding);
    lease_.renewal = whole == FOREVER ? NEVER : after(asked_, renewal);
    state_ = State::Bound;
    if (is_new)
        change_ = Change::Gained;
    else if (change_ == Change::None)
        change_ = Change::Renewed;
}

}  // namespace exo::net::dhcp
