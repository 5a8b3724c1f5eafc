#include "net/tcp/listener.hpp"

#include "fs/file/poll.hpp"
#include "scheduler/preemption.hpp"

namespace exo::net::tcp {

namespace {

constexpr u32 BUCKETS = 64;
struct Bucket {
    List<Listener, &Listener::link> listeners;
};
[[clang::no_destroy]] constinit sync::SpinLocked<Bucket, sync::LockRank::FlowTable> buckets[BUCKETS];

constexpr Nanoseconds MINUTE = 60 * SECOND;
/// LINUX: TCP_SYNCOOKIE_VALID.
constexpr Nanoseconds COOKIES_LAST = 2 * MINUTE;
/// LINUX: net.ipv4.tcp_invalid_ratelimit.
constexpr Nanoseconds ANSWER_INTERVAL = SECOND / 2;

/// LINUX: secs_to_retrans, retrans_to_secs.
u8 retries_for(u32 seconds) {
    if (seconds == 0) return 0;
    u8 retries = 1;
    for (u64 wait = 1, period = 1; seconds > period && retries < 255; period += wait) {
        ++retries;
        wait = std::min<u64>(wait * 2, MOST_TIMEOUT / SECOND);
    }
    return retries;
}
u32 seconds_for(u8 retries) {
    if (retries == 0) return 0;
    u64 period = 1;
    for (u64 wait = 1; retries > 1; --retries) {
        wait = std::min<u64>(wait * 2, MOST_TIMEOUT / SECOND);
        period += wait;
    }
    return static_cast<u32>(period);
}

u32 mtu_to(const Flow& flow, const IpFields& fields) {
    const Result<Route> route = find_route(flow.remote.address, flow.local.address, fields.interface);
    return route ? route->mtu : 0;
}

}  // namespace

Listener::Listener(Ref<PortHold> port, u32 backlog, const Settings& settings, const IpFields& fields,
                   Ref<SocketQueues> queues)
    : port_(std::move(port)),
      interface_(fields.interface),
      queues_(std::move(queues)) {
    State& state = state_.unsafe_value();
    state.settings = settings;
    state.fields = fields;
    state.backlog = std::min(backlog, MOST_BACKLOG);
}

Listener::~Listener() = default;

Result<Ref<Listener>> Listener::start(Ref<PortHold> port, u32 backlog, const Settings& settings,
                                      const IpFields& fields, Ref<SocketQueues> queues) {
    Ref<Listener> listener = TRY(make_ref<Listener>(port, backlog, settings, fields, std::move(queues)));
    TRY(port->begin_listening());
    const auto bucket = buckets[port->port() % BUCKETS].lock();
    listener->retain();
    bucket->listeners.push_front(*listener);
    return listener;
}

void Listener::set_settings(const Settings& settings, const IpFields& fields) {
    const auto state = state_.lock();
    state->settings = settings;
    state->fields = fields;
    interface_.store(fields.interface, std::memory_order_relaxed);
}

void Listener::set_defer_accept(u32 seconds) { state_.lock()->defer_retries = retries_for(seconds); }
u32 Listener::rounded_defer_accept(u32 seconds) { return seconds_for(retries_for(seconds)); }
u32 Listener::defer_accept() { return seconds_for(state_.lock()->defer_retries); }

Result<Ref<Connection>> Listener::take() {
    const auto state = state_.lock();
    if (!state->is_open) return Error::Einval;
    Connection* const first = state->queue.pop_front();
    if (first == nullptr) return Error::Eagain;
    --state->connections;
    waiting_.fetch_sub(1, std::memory_order_seq_cst);
    return Ref<Connection>::adopt(first);
}

void Listener::close() {
    {
        const auto bucket = buckets[local().port % BUCKETS].lock();
        if (!link.is_linked()) return;
        bucket->listeners.remove(*this);
    }
    port_->end_listening();
    state_.lock()->is_open = false;
    while (true) {
        Ref<Connection> connection;
        {
            const auto state = state_.lock();
            connection = Ref<Connection>::adopt(state->queue.pop_front());
            if (connection) --state->connections;
        }
        if (!connection) break;
        waiting_.fetch_sub(1, std::memory_order_seq_cst);
        connection->with(
            [](ControlBlock& block, Nanoseconds now) { block.close(ControlBlock::Closing::Reset, now); });
        scheduler::preempt_point();
    }
    queues_->readable.wake_all();
    release();
}

// ---- Segments.

void Listener::receive(const Flow& flow, const Segment& segment, PacketPtr packet, u32 initial) {
    // RFC 9293, section 3.10.7.2; LINUX: tcp_rcv_state_process.
    if (segment.is(SegmentFlags::Rst)) return;
    if (segment.is(SegmentFlags::Ack)) {
        if (segment.is(SegmentFlags::Syn) || !complete_cookie(flow, segment, packet))
            send_reset_for(flow, segment);
        return;
    }
    if (!segment.is(SegmentFlags::Syn) || segment.is(SegmentFlags::Fin)) return;
    receive_syn(flow, segment, initial);
}

void Listener::receive_syn(const Flow& flow, const Segment& segment, u32 initial) {
    // LINUX: tcp_conn_request.
    const Nanoseconds now = time::monotonic();
    Settings settings;
    IpFields fields;
    bool wants_cookie = false;
    {
        const auto state = state_.lock();
        if (!state->is_open || state->connections > state->backlog) return;
        settings = state->settings;
        fields = state->fields;
        wants_cookie = state->handshakes >= state->backlog + 1 && initial == 0;
        if (wants_cookie)
            state->cookies_until = now + COOKIES_LAST;
        else
            ++state->handshakes;
    }
    const u32 mtu = mtu_to(flow, fields);
    const HandshakeTerms terms{settings, mtu, initial != 0 ? initial : initial_sequence(flow, now),
                               timestamp_offset(flow)};
    Handshake handshake = begin_handshake(segment, terms, now);
    if (wants_cookie) {
        if (mtu == 0) return;
        handshake.own_initial = make_cookie(flow_secret(), flow, handshake, now / MINUTE);
        Segment answer = make_syn_ack(handshake, flow.local.port, flow.remote.port, now);
        answer.timestamp = make_cookie_timestamp(answer.timestamp - terms.timestamp_offset, handshake) +
                           terms.timestamp_offset;
        return send_alone(flow, answer, fields);
    }
    Result<Ref<HandshakeEntry>> entry = make_ref<HandshakeEntry>(flow, Ref<Listener>(this), handshake);
    if (mtu == 0 || !entry || !add_flow(**entry)) return forget_handshake();
    (*entry)->schedule(now + FIRST_TIMEOUT);
    (*entry)->send_syn_ack(now);
}

/// Completes a handshake whose SYN-ACK had a cookie. Returns false: the segment belongs to none.
bool Listener::complete_cookie(const Flow& flow, const Segment& segment, PacketPtr& packet) {
    const Nanoseconds now = time::monotonic();
    Settings settings;
    IpFields fields;
    {
        const auto state = state_.lock();
        if (!state->is_open || state->cookies_until < now) return false;
        settings = state->settings;
        fields = state->fields;
    }
    const u32 mtu = mtu_to(flow, fields);
    if (mtu == 0) return false;
    const HandshakeTerms terms{settings, mtu, 0, timestamp_offset(flow)};
    const std::optional<Handshake> handshake =
        check_cookie(flow_secret(), flow, segment, terms, now / MINUTE, now);
    if (!handshake) return false;
    (void)complete(flow, nullptr, *handshake, segment, std::move(packet));
    return true;
}

bool Listener::complete(const Flow& flow, FlowEntry* entry, const Handshake& handshake,
                        const Segment& segment, PacketPtr packet) {
    Settings settings;
    IpFields fields;
    {
        const auto state = state_.lock();
        // LINUX: tcp_v4_syn_recv_sock: with a full queue the acknowledgement is dropped.
        if (!state->is_open || state->connections > state->backlog) return false;
        ++state->connections;
        settings = state->settings;
        fields = state->fields;
    }
    Result<Ref<Connection>> made = Connection::accept(flow, port_, handshake, settings, fields);
    bool is_added = false;
    if (made) is_added = entry != nullptr ? replace_flow(*entry, **made) : add_flow(**made).has_value();
    if (!is_added) {
        --state_.lock()->connections;
        return false;
    }
    if (entry != nullptr) forget_handshake();
    const Ref<Connection> connection = std::move(*made);
    connection->receive(segment, std::move(packet));
    bool is_queued = false;
    {
        const auto state = state_.lock();
        is_queued = state->is_open;
        if (is_queued) {
            connection->retain();
            state->queue.push_back(*connection);
            waiting_.fetch_add(1, std::memory_order_seq_cst);
        } else {
            --state->connections;
        }
    }
    if (is_queued)
        queues_->readable.wake_one(fs::wake_events(abi::PollEvents::In | abi::PollEvents::Rdnorm));
    else
        connection->with(
            [](ControlBlock& block, Nanoseconds now) { block.close(ControlBlock::Closing::Reset, now); });
    return true;
}

// ---- Handshakes.

void HandshakeEntry::send_syn_ack(Nanoseconds now) {
    Segment answer;
    IpFields fields;
    {
        const auto state = listener_->state_.lock();
        fields = state->fields;
    }
    {
        const auto state = state_.lock();
        answer = make_syn_ack(state->handshake, flow().local.port, flow().remote.port, now);
    }
    send_alone(flow(), answer, fields);
}

void HandshakeEntry::drop() {
    if (remove_flow(*this)) listener_->forget_handshake();
}

void HandshakeEntry::receive(const Segment& segment, PacketPtr packet) {
    const Nanoseconds now = time::monotonic();
    HandshakeStep step = HandshakeStep::Ignore;
    Handshake handshake;
    bool may_answer = true;
    {
        const auto state = state_.lock();
        step = check_handshake(state->handshake, segment);
        handshake = state->handshake;
        if (step == HandshakeStep::Repeat || step == HandshakeStep::Acknowledge) {
            may_answer = state->answered_at == 0 || now - state->answered_at >= ANSWER_INTERVAL;
            if (may_answer) state->answered_at = now;
        }
    }
    switch (step) {
        case HandshakeStep::Ignore: break;
        case HandshakeStep::Repeat:
            if (may_answer) send_syn_ack(now);
            break;
        case HandshakeStep::Acknowledge: {
            if (!may_answer) break;
            Segment answer = make_syn_ack(handshake, flow().local.port, flow().remote.port, now);
            answer.flags = SegmentFlags::Ack;
            ++answer.sequence;
            answer.most_segment = 0;
            answer.permits_sack = answer.has_window_scale = false;
            answer.window = static_cast<u16>(handshake.receive_window >> handshake.receive_scale);
            send_alone(flow(), answer, {});
            break;
        }
        case HandshakeStep::Reset: send_reset_for(flow(), segment); break;
        case HandshakeStep::DropReset: send_reset_for(flow(), segment); [[fallthrough]];
        case HandshakeStep::Drop: drop(); break;
        case HandshakeStep::Complete: complete(handshake, segment, std::move(packet)); break;
    }
}

void HandshakeEntry::complete(const Handshake& handshake, const Segment& segment, PacketPtr packet) {
    bool is_open = false;
    u8 defer_retries = 0;
    {
        const auto state = listener_->state_.lock();
        is_open = state->is_open;
        defer_retries = state->defer_retries;
    }
    if (!is_open) {
        send_reset_for(flow(), segment);
        return drop();
    }
    // LINUX: tcp_check_req: TCP_DEFER_ACCEPT waits for data.
    const bool is_deferred = handshake.retries < defer_retries && segment.length() == 0;
    if (is_deferred || !listener_->complete(flow(), this, handshake, segment, std::move(packet)))
        state_.lock()->is_acknowledged = true;
}

void HandshakeEntry::run_timers(Nanoseconds now) {
    // LINUX: reqsk_timer_handler, syn_ack_recalc.
    bool is_open = false;
    u8 defer_retries = 0;
    {
        const auto state = listener_->state_.lock();
        is_open = state->is_open;
        defer_retries = state->defer_retries;
    }
    if (!is_open) return drop();
    bool is_over = false;
    bool resends = true;
    Nanoseconds next = 0;
    {
        const auto state = state_.lock();
        u8& retries = state->handshake.retries;
        is_over = retries >= SYN_ACK_RETRIES;
        if (defer_retries != 0) {
            is_over = is_over && (!state->is_acknowledged || retries >= defer_retries);
            resends = !state->is_acknowledged || retries + 1 >= defer_retries;
        }
        if (!is_over) {
            ++retries;
            next = now + std::min(FIRST_TIMEOUT << std::min<u8>(retries, 16), MOST_TIMEOUT);
        }
    }
    if (is_over) return drop();
    if (resends) send_syn_ack(now);
    schedule(next);
}

void HandshakeEntry::fail(u32 sequence) {
    if (sequence == handshake().own_initial) drop();
}

// ---- The list of listeners.

Ref<Listener> find_listener(Endpoint local, const Interface* interface, u32 hash) {
    // LINUX: inet_lhash2_lookup, compute_score.
    const auto bucket = buckets[local.port % BUCKETS].lock();
    Listener* best = nullptr;
    u32 best_score = 0;
    u32 equals = 0;
    const auto score_of = [&](Listener& listener) -> u32 {
        const Endpoint own = listener.local();
        if (own.port != local.port || (!own.address.is_any() && own.address != local.address)) return 0;
        if (listener.interface() != nullptr && listener.interface() != interface) return 0;
        return 1U + (own.address.is_any() ? 0 : 2) + (listener.interface() != nullptr ? 4 : 0);
    };
    for (Listener& listener : bucket->listeners) {
        const u32 score = score_of(listener);
        if (score == 0 || score < best_score) continue;
        if (score > best_score) {
            best = &listener;
            best_score = score;
            equals = 1;
        } else {
            ++equals;
        }
    }
    if (equals > 1 && best->port().reuses_port.load(std::memory_order_relaxed)) {
        u32 chosen = hash % equals;
        for (Listener& listener : bucket->listeners) {
            if (score_of(listener) != best_score) continue;
            best = &listener;
            if (chosen-- == 0) break;
        }
    }
    return Ref<Listener>(best);
}

void for_each_listener(FunctionRef<void(Listener&)> visit) {
    constexpr usize BATCH = 16;
    for (auto& locked : buckets) {
        usize done = 0;
        while (true) {
            Ref<Listener> batch[BATCH];
            usize count = 0;
            {
                const auto bucket = locked.lock();
                usize place = 0;
                for (Listener& listener : bucket->listeners) {
                    if (place++ < done) continue;
                    batch[count++] = Ref<Listener>(&listener);
                    if (count == BATCH) break;
                }
            }
            for (usize n = 0; n < count; ++n) visit(*batch[n]);
            if (count < BATCH) break;
            done += count;
        }
    }
}

}  // namespace exo::net::tcp
