// Two TCP control blocks on a simulated link with delay, loss, reordering and duplication, and a clock of its own.
#pragma once

#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "net/tcp/control/handshake.hpp"
#include "support/must.hpp"

namespace exo::test {

using net::Packet;
using net::PacketPtr;
using net::tcp::ControlBlock;
using net::tcp::Handshake;
using net::tcp::Segment;
using net::tcp::SegmentFlags;
using net::tcp::State;
using time::MILLISECOND;
using time::Nanoseconds;
using time::SECOND;

struct LinkOptions {
    double loss = 0;
    double duplication = 0;
    double reordering = 0;
    Nanoseconds delay = 5 * MILLISECOND;
    u32 mtu = 1500;
    u32 most_segmented = 65535;
    u64 seed = 1;
};

/// A segment on the wire, as its bytes.
using Frame = std::vector<u8>;

class TcpPair {
  public:
    struct End : net::tcp::SegmentSink {
        explicit End(TcpPair& owner, int number) : pair(owner), index(number) {}
        void send(const Segment& segment, const net::tcp::ByteQueue& data, u32 offset,
                  u32 segment_size) override {
            pair.transmit(*this, segment, data, offset, segment_size);
        }
        TcpPair& pair;
        int index;
        ControlBlock block{*this};
        net::tcp::ChunkFiller filler;
        std::vector<Segment> sent;  ///< What it has sent, newest last.
        net::tcp::Events events = net::tcp::Events::None;
        Segment& last() { return sent.back(); }
    };

    explicit TcpPair(LinkOptions link = {}) : options(link), random_(link.seed) {
        for (End* end : {&client, &server}) end->block.set_path(options.mtu, options.most_segmented);
    }

    /// Opens the connection as a listener would.
    void open(bool runs = true) {
        client.block.connect(1000, 77, now);
        has_listener = true;
        if (runs)
            run_until([&] {
                return client.block.state() == State::Established &&
                       server.block.state() == State::Established;
            });
    }

    /// Appends as much of the text as there is room for, and pushes. Returns how much.
    usize write(End& end, std::string_view text, ControlBlock::More more = ControlBlock::More::No) {
        usize done = std::min<usize>(text.size(), end.block.send_room());
        const std::string_view part = text.substr(0, done);
        usize at = 0;
        while (at < part.size()) {
            const auto room = MUST(end.filler.room(static_cast<u32>(part.size() - at)));
            std::memcpy(room.data(), part.data() + at, room.size());
            at += room.size();
            MUST(end.block.append(end.filler.take(static_cast<u32>(room.size()))));
        }
        end.block.push(more, now);
        return done;
    }
    std::string read(End& end, u32 most = ~0U) {
        std::string text;
        end.block.arrivals().ready().for_each(0, std::min(most, end.block.arrivals().readable()),
                                              [&](const net::Slice& slice, u32 start, u32 length) {
                                                  const auto bytes = slice.bytes().subspan(start, length);
                                                  text.append(reinterpret_cast<const char*>(bytes.data()),
                                                              bytes.size());
                                                  return true;
                                              });
        end.block.consume(static_cast<u32>(text.size()), now);
        return text;
    }

    /// Delivers and runs timers until `is_done`, at most for `limit` of virtual time. Returns whether it is.
    bool run_until(const std::function<bool()>& is_done, Nanoseconds limit = 3600 * SECOND) {
        const Nanoseconds end = now + limit;
        while (!is_done()) {
            Nanoseconds next = std::min(client.block.next_deadline(), server.block.next_deadline());
            if (!wire_.empty()) next = std::min(next, wire_.begin()->first);
            if (has_handshake_ && !is_accepted_) next = std::min(next, std::max(repeat_at_, now));
            if (next > end || next == ~0ULL) {
                now = end;
                return is_done();
            }
            now = std::max(now, next);
            step();
        }
        return true;
    }
    void run_for(Nanoseconds time) {
        (void)run_until([] { return false; }, time);
    }
    /// Gives a segment to an end as if it had arrived.
    ControlBlock::Answer inject(End& end, Segment segment, std::string_view text = {}) {
        segment.data_size = static_cast<u32>(text.size());
        PacketPtr packet = MUST(Packet::create());
        MUST(packet->append_copy({reinterpret_cast<const u8*>(text.data()), text.size()}));
        const auto answer = end.block.receive(segment, *packet, now);
        end.events |= end.block.take_events();
        return answer;
    }
    /// A segment that fits: what the other end would send next.
    Segment next_for(const End& end, SegmentFlags flags) const {
        const End& other = &end == &client ? server : client;
        Segment segment{};
        segment.sequence = end.block.receive_next();
        segment.acknowledgement = end.block.send_next();
        segment.flags = flags;
        segment.window = 1000;
        if (end.block.has_timestamps()) {
            segment.has_timestamps = true;
            segment.timestamp = other.block.timestamp(now);
            segment.timestamp_echo = end.block.timestamp(now);
        }
        return segment;
    }

    LinkOptions options;
    Nanoseconds now = 1000 * SECOND;
    End client{*this, 0};
    End server{*this, 1};
    bool has_listener = false;
    bool is_cut = false;                                          ///< Nothing passes.
    std::function<bool(const End& from, const Segment&)> filter;  ///< Returns whether a segment passes.
    std::vector<int> resets;  ///< The ends that were asked to answer with a RST.
    u64 frames = 0;
    net::tcp::Settings server_settings;

  private:
    friend struct End;
    struct InFlight {
        int to;
        Frame bytes;
    };
    bool happens(double chance) {
        return chance > 0 && std::uniform_real_distribution<>(0, 1)(random_) < chance;
    }

    void transmit(End& from, const Segment& segment, const net::tcp::ByteQueue& data, u32 offset,
                  u32 segment_size) {
        from.sent.push_back(segment);
        if (from.sent.size() > 4096) from.sent.erase(from.sent.begin(), from.sent.begin() + 2048);
        u32 done = 0;
        do {
            Segment piece = segment;
            piece.data_size = segment.data_size == 0 ? 0 : std::min(segment_size, segment.data_size - done);
            piece.sequence += done;
            if (done + piece.data_size != segment.data_size)
                piece.flags = piece.flags & ~(SegmentFlags::Fin | SegmentFlags::Psh);
            PacketPtr packet = MUST(Packet::create());
            data.for_each(offset + done, piece.data_size,
                          [&](const net::Slice& slice, u32 start, u32 length) {
                MUST(packet->append(slice.part(start, length)));
                              return true;
                          });
            EXPECT_EQ(packet->size(), piece.data_size);
            put_header(*packet, piece);
            EXPECT_LE(packet->size() + 20, options.mtu);
            done += piece.data_size;
            if (is_cut || (filter && !filter(from, piece)) || happens(options.loss)) continue;
            Frame bytes(packet->size());
            packet->copy_out(0, bytes);
            const int copies = happens(options.duplication) ? 2 : 1;
            for (int i = 0; i < copies; ++i) {
                Nanoseconds at = now + options.delay + ++frames;
                if (happens(options.reordering)) at += options.delay / 2;
                wire_.emplace(at, InFlight{1 - from.index, bytes});
            }
        } while (done < segment.data_size);
    }

    void step() {
        while (!wire_.empty() && wire_.begin()->first <= now) {
            InFlight arrived = std::move(wire_.begin()->second);
            wire_.erase(wire_.begin());
            deliver(arrived.to == 0 ? client : server, arrived.bytes);
        }
        if (has_handshake_ && !is_accepted_ && repeat_at_ <= now) answer_syn();
        for (End* end : {&client, &server}) {
            if (end->block.next_deadline() <= now) end->block.run_timers(now);
            end->events |= end->block.take_events();
        }
    }
    void deliver(End& end, const Frame& bytes) {
        PacketPtr packet = MUST(Packet::copy_of(bytes));
        const auto segment = net::tcp::take_header(*packet);
        ASSERT_TRUE(segment);
        if (&end == &server && has_listener && server.block.state() == State::Closed && !is_accepted_) {
            listen(*segment, *packet);
            return;
        }
        if (end.block.state() == State::Closed && net::tcp::has(end.events, net::tcp::Events::TimeWait)) {
            // As in TIME-WAIT.
            if (segment->length() != 0) transmit(end, end.last(), net::tcp::ByteQueue{}, 0, 0);
            return;
        }
        if (end.block.receive(*segment, *packet, now) == ControlBlock::Answer::Reset)
            resets.push_back(end.index);
        end.events |= end.block.take_events();
    }
    void listen(const Segment& segment, const Packet& packet) {
        if (!has_handshake_ && segment.is(SegmentFlags::Syn)) {
            handshake_ = begin_handshake(segment, {server_settings, options.mtu, 500000, 99}, now);
            has_handshake_ = true;
            return answer_syn();
        }
        if (!has_handshake_) return;
        switch (check_handshake(handshake_, segment)) {
            case net::tcp::HandshakeStep::Repeat: return answer_syn();
            case net::tcp::HandshakeStep::Complete:
                is_accepted_ = true;
                server.block.settings = server_settings;
                server.block.accept(handshake_, now);
                server.block.set_path(options.mtu, options.most_segmented);
                if (server.block.receive(segment, packet, now) == ControlBlock::Answer::Reset)
                    resets.push_back(1);
                server.events |= server.block.take_events();
                return;
            default: return;
        }
    }
    void answer_syn() {
        repeat_at_ = now + SECOND;
        const Segment answer = make_syn_ack(handshake_, 80, 4000, now);
        transmit(server, answer, net::tcp::ByteQueue{}, 0, 0);
    }

    std::multimap<Nanoseconds, InFlight> wire_;
    std::mt19937_64 random_;
    Handshake handshake_;
    bool has_handshake_ = false;
    bool is_accepted_ = false;
    Nanoseconds repeat_at_ = 0;
};

}  // namespace exo::test
