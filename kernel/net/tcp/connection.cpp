#include "net/tcp/connection.hpp"

#include <algorithm>

#include "fs/file/poll.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "net/packet/checksum.hpp"

namespace exo::net::tcp {

namespace {

constinit std::atomic<u32> orphans{0};
constinit std::atomic<u32> times_waiting{0};

/// How many connections may be without a socket, and how many flows in TIME-WAIT: nobody is charged for them. LINUX: tcp_init: half
/// of the buckets of the table of flows, of which there is one for 128 KiB of memory.
u32 most_without_owner() {
    constexpr u64 FRAMES_EACH = 64;
    return static_cast<u32>(std::clamp<u64>(memory::get_stats().total_frames / FRAMES_EACH, 256, 65536));
}

constexpr u32 CHECKSUM_OFFSET = 16;
// LINUX: sock_def_readable, sk_stream_write_space.
constexpr scheduler::WakeEvents READABLE = fs::wake_events(abi::PollEvents::In | abi::PollEvents::Rdnorm);
constexpr scheduler::WakeEvents WRITABLE =
    fs::wake_events(abi::PollEvents::Out | abi::PollEvents::Wrnorm | abi::PollEvents::Wrband);

/// Writes the checksum of a packet with the TCP header in front, or leaves the rest of it to the interface.
void set_checksum(Packet& packet, const Flow& flow, const Interface& interface) {
    Checksum sum;
    sum.add_pseudo_header(flow.local.address, flow.remote.address, Protocol::Tcp, packet.size());
    u16 value = 0;
    if (interface.completes_checksums()) {
        value = sum.folded();
        packet.checksum = ChecksumState::Partial;
        packet.checksum_offset = CHECKSUM_OFFSET;
    } else {
        add_packet(sum, packet);
        value = sum.value();
        packet.checksum = ChecksumState::Complete;
    }
    std::memcpy(packet.headers().data() + CHECKSUM_OFFSET, &value, sizeof(value));
}

Outgoing outgoing_for(const Flow& flow, const IpFields& fields) {
    Outgoing outgoing;
    outgoing.source = flow.local.address;
    outgoing.destination = flow.remote.address;
    outgoing.protocol = Protocol::Tcp;
    outgoing.ttl = fields.ttl;
    outgoing.tos = fields.tos;
    outgoing.fragmenting = fields.fragmenting;
    return outgoing;
}

}  // namespace

void send_alone(const Flow& flow, const Segment& segment, const IpFields& fields) {
    const Result<Route> route = find_route(flow.remote.address, flow.local.address, fields.interface);
    if (!route) return;
    Result<PacketPtr> packet = Packet::create();
    if (!packet) return;
    Segment ported = segment;
    ported.source_port = flow.local.port;
    ported.destination_port = flow.remote.port;
    put_header(**packet, ported);
    set_checksum(**packet, flow, *route->interface);
    (void)send_ip(std::move(*packet), outgoing_for(flow, fields), *route);
}

void send_reset_for(const Flow& flow, const Segment& segment) {
    if (segment.is(SegmentFlags::Rst)) return;
    Segment answer{};
    if (segment.is(SegmentFlags::Ack)) {
        answer.sequence = segment.acknowledgement;
        answer.flags = SegmentFlags::Rst;
    } else {
        answer.acknowledgement = segment.end();
        answer.flags = SegmentFlags::Rst | SegmentFlags::Ack;
    }
    send_alone(flow, answer, {});
}

Connection::Connection(const Flow& flow, Ref<PortHold> port, const IpFields& fields, Ref<SocketQueues> queues)
    : FlowEntry(Kind::Connection, flow),
      block_(static_cast<SegmentSink&>(*this)),
      port_(std::move(port)),
      fields_(fields),
      queues_(std::move(queues)) {}

Connection::~Connection() {
    if (is_counted_orphan_) orphans.fetch_sub(1, std::memory_order_relaxed);
}

Result<Ref<Connection>> Connection::open(Endpoint local, Endpoint remote, Ref<PortHold> port,
                                         const PortHold::Request& request, const Settings& settings,
                                         const IpFields& fields, Ref<SocketQueues> queues) {
    Ref<Connection> connection =
        TRY(make_ref<Connection>(Flow{local, remote}, port, fields, std::move(queues)));
    Ref<FlowEntry> replaced;  // dropped at the end, as its port's lock is held below
    const auto take = [&](u16 number) -> Result<> {
        const Nanoseconds now = time::monotonic();
        connection->set_flow({{local.address, number}, remote});
        replaced = TRY(add_flow(
            *connection,
            [&](FlowEntry& entry) {
                return entry.kind() == Kind::TimeWait &&
                       static_cast<TimeWait&>(entry).yields_to_active_open(now);
            }));
        return {};
    };
    if (port) {
        const Result<> taken = take(port->port());
        if (!taken) return taken.error() == Error::Eaddrinuse ? Error::Eaddrnotavail : taken.error();
    } else {
        const u32 start = static_cast<u32>(sip_hash(flow_secret(), Flow{{local.address, 0}, remote}, 3)) +
                          static_cast<u32>(time::monotonic() >> 10);
        Ref<PortHold> chosen = TRY(PortHold::choose(request, start, take));
        const auto block = connection->block_.lock();
        connection->port_ = std::move(chosen);
    }
    Result<> sent;
    connection->with([&](ControlBlock& block, Nanoseconds now) {
        block.settings = settings;
        sent = connection->find_way();
        if (!sent) return block.abort(now);
        u32 initial = initial_sequence(connection->flow(), now);
        if (replaced && replaced->kind() == Kind::TimeWait)
            initial = static_cast<TimeWait&>(*replaced).next_initial_sequence();
        block.connect(initial, timestamp_offset(connection->flow()), now);
        if (connection->route_error_ == Error::Eacces) {
            sent = Error::Eacces;
            block.abort(now);
        }
    });
    if (!sent) {
        (void)remove_flow(*connection);
        return sent.error();
    }
    return connection;
}

Result<Ref<Connection>> Connection::accept(const Flow& flow, Ref<PortHold> port, const Handshake& handshake,
                                           const Settings& settings, const IpFields& fields) {
    Ref<Connection> connection =
        TRY(make_ref<Connection>(flow, std::move(port), fields, TRY(make_ref<SocketQueues>())));
    const auto block = connection->block_.lock();
    block->settings = settings;
    TRY(connection->find_way());
    block->accept(handshake, time::monotonic());
    return connection;
}

// ---- Sending.

/// Finds the way to the peer where the last one may have changed. The lock is held.
Result<> Connection::find_way() {
    const u32 generation = configuration_generation();
    if (has_route_ && generation == route_generation_) [[likely]]
        return {};
    const Result<Route> route = find_route(flow().remote.address, flow().local.address, fields_.interface);
    if (!route) return route.error();
    route_ = *route;
    has_route_ = true;
    route_generation_ = generation;
    block_.unsafe_value().set_path(route_.mtu, route_.interface->most_segmented());
    return {};
}

void Connection::send(const Segment& segment, const ByteQueue& data, u32 offset, u32 segment_size) {
    const Result<> way = find_way();
    if (!way) {
        route_error_ = way.error();
        return;
    }
    Result<PacketPtr> made = Packet::create();
    if (!made) return;
    PacketPtr packet = std::move(*made);
    bool is_whole = true;
    if (segment.data_size != 0) {
        data.for_each(offset, segment.data_size, [&](const Slice& slice, u32 start, u32 length) {
            is_whole = packet->append(slice.part(start, length)).has_value();
            return is_whole;
        });
        if (!is_whole || packet->size() != segment.data_size) return;
    }
    Segment ported = segment;
    ported.source_port = flow().local.port;
    ported.destination_port = flow().remote.port;
    put_header(*packet, ported);
    if (segment.data_size > segment_size) packet->segment_size = static_cast<u16>(segment_size);
    set_checksum(*packet, flow(), *route_.interface);
    const Result<> sent = send_ip(std::move(packet), outgoing_for(flow(), fields_), route_);
    route_error_ = sent ? Error{} : sent.error();
}

// ---- Receiving.

void Connection::receive(const Segment& segment, PacketPtr packet) {
    auto block = block_.lock();
    const ControlBlock::Answer answer = block->receive(segment, *packet, time::monotonic());
    const Settled settled = settle(*block);
    block.unlock();
    packet.reset();
    conclude(settled);
    if (answer == ControlBlock::Answer::Reset) send_reset_for(flow(), segment);
}

void Connection::run_timers(Nanoseconds now) {
    with([&](ControlBlock& block, Nanoseconds) { block.run_timers(now); });
}

void Connection::fail(Error error, bool is_fatal, u32 mtu, u32 sequence) {
    with([&](ControlBlock& block, Nanoseconds now) {
        if (mtu != 0)
            block.path_shrank(mtu, sequence, now);
        else
            block.fail(error, is_fatal, sequence, now);
    });
}

/// Looks at what a change of the control block has led to. The lock is held.
Connection::Settled Connection::settle(ControlBlock& block) {
    Settled settled;
    const Nanoseconds due = block.next_deadline();
    if (due != NEVER) schedule(due);
    settled.events = block.take_events();
    if (settled.events == Events::None) return settled;
    if (wants_room_ && has(settled.events, Events::Writable) && is_writable(block)) {
        wants_room_ = false;
        settled.is_writable = true;
    }
    if (has(settled.events, Events::Closed)) leave(block, has(settled.events, Events::TimeWait));
    return settled;
}

/// The connection is over: it leaves the table, or is replaced by its TIME-WAIT.
void Connection::leave(ControlBlock& block, bool waits) {
    const Nanoseconds now = time::monotonic();
    bool is_replaced = false;
    if (waits && TimeWait::has_room()) {
        Result<Ref<TimeWait>> rest = make_ref<TimeWait>(flow(), port_, fields_, block, now);
        if (rest) {
            is_replaced = replace_flow(*this, **rest);
            if (is_replaced) (*rest)->schedule(now + TimeWait::LENGTH);
        }
    }
    if (!is_replaced) (void)remove_flow(*this);
    // LINUX: tcp_set_state: a port that bind has not asked for is free again.
    if (port_ && port_->is_automatic()) port_ = nullptr;
}

void Connection::conclude_events(Settled settled) {
    if (has(settled.events, Events::Changed | Events::Closed)) {
        queues_->readable.wake_all_atomically();
        queues_->writable.wake_all_atomically();
    } else {
        if (has(settled.events, Events::Readable)) queues_->readable.wake_one(READABLE);
        if (settled.is_writable) queues_->writable.wake_one(WRITABLE);
    }
    if (has(settled.events, Events::Urgent)) [[unlikely]] {
        queues_->readable.wake_all_atomically();
    }
}

bool Connection::become_orphan() {
    is_counted_orphan_ = true;
    return orphans.fetch_add(1, std::memory_order_relaxed) < most_without_owner();
}

// ---- TIME-WAIT.

TimeWait::~TimeWait() { times_waiting.fetch_sub(1, std::memory_order_relaxed); }

bool TimeWait::has_room() { return times_waiting.load(std::memory_order_relaxed) < most_without_owner(); }

TimeWait::TimeWait(const Flow& flow, Ref<PortHold> port, const IpFields& fields, const ControlBlock& block,
                   Nanoseconds now)
    : FlowEntry(Kind::TimeWait, flow),
      port_(std::move(port)),
      fields_(fields),
      send_next_(block.send_next()),
      receive_next_(block.receive_next()),
      window_(block.receive_window()),
      scale_(block.receive_scale()),
      timestamp_offset_(block.timestamp_offset()),
      has_timestamps_(block.has_timestamps()) {
    times_waiting.fetch_add(1, std::memory_order_relaxed);
    State& state = state_.unsafe_value();
    state.recent_timestamp = block.recent_timestamp();
    state.recent_at = now;
    state.ends_at = now + LENGTH;
}

TimeWait::Action TimeWait::decide(State& state, const Segment& segment, Nanoseconds now) {
    // LINUX: tcp_timewait_state_process.
    const bool has_timestamp = has_timestamps_ && segment.has_timestamps;
    const bool is_old = has_timestamp && static_cast<i32>(state.recent_timestamp - segment.timestamp) > 0;
    if (!is_old && segment.sequence == receive_next_ &&
        (segment.length() == 0 || segment.is(SegmentFlags::Rst))) {
        if (segment.is(SegmentFlags::Rst)) return Action::Kill;
        state.ends_at = now + LENGTH;
        if (has_timestamp) {
            state.recent_timestamp = segment.timestamp;
            state.recent_at = now;
        }
        return Action::None;
    }
    const bool is_syn =
        segment.is(SegmentFlags::Syn) && !segment.is(SegmentFlags::Rst) && !segment.is(SegmentFlags::Ack);
    if (is_syn && !is_old &&
        (is_after(segment.sequence, receive_next_) ||
         (has_timestamp && static_cast<i32>(state.recent_timestamp - segment.timestamp) < 0)))
        return Action::Reopen;
    if (segment.is(SegmentFlags::Rst)) return Action::None;
    if (is_old || segment.is(SegmentFlags::Ack)) state.ends_at = now + LENGTH;
    if (segment.data_size == 0 && state.answered_at != 0 && now - state.answered_at < SECOND / 2)
        return Action::None;
    state.answered_at = now;
    return Action::Acknowledge;
}

void TimeWait::receive(const Segment& segment, PacketPtr packet) {
    const Nanoseconds now = time::monotonic();
    u32 recent = 0;
    Action action = Action::None;
    {
        const auto state = state_.lock();
        action = decide(*state, segment, now);
        recent = state->recent_timestamp;
    }
    switch (action) {
        case Action::None: break;
        case Action::Kill: (void)remove_flow(*this); break;
        case Action::Reopen:
            if (remove_flow(*this))
                receive_without_flow(flow(), segment, std::move(packet),
                                     std::max(next_initial_sequence(), 1U));
            break;
        case Action::Acknowledge: {
            Segment answer{};
            answer.sequence = send_next_;
            answer.acknowledgement = receive_next_;
            answer.flags = SegmentFlags::Ack;
            answer.window = static_cast<u16>(std::min(window_ >> scale_, 65535U));
            answer.has_timestamps = has_timestamps_;
            answer.timestamp = static_cast<u32>(now / MILLISECOND) + timestamp_offset_;
            answer.timestamp_echo = recent;
            send_alone(flow(), answer, fields_);
            break;
        }
    }
}

void TimeWait::run_timers(Nanoseconds now) {
    const Nanoseconds end = ends_at();
    if (end > now)
        schedule(end);
    else
        (void)remove_flow(*this);
}

bool TimeWait::yields_to_active_open(Nanoseconds now) {
    if (!has_timestamps_ || !flow().remote.address.is_loopback()) return false;
    const auto state = state_.lock();
    return now - state->recent_at >= SECOND;
}

}  // namespace exo::net::tcp
