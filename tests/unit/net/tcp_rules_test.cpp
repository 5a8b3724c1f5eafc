// TCP rule by rule: each test names the section that asks for it.
#include "abi/linux/net.hpp"
#include "gtest/gtest.h"
#include "net/tcp_pair.hpp"

namespace exo::test {
namespace {

using net::tcp::Events;
using net::tcp::SequenceRange;
using Answer = ControlBlock::Answer;

struct Opened : TcpPair {
    explicit Opened(LinkOptions link = {}) : TcpPair(link) { open(); }
};

// ---- RFC 9293, states.

TEST(tcp_states, opens_and_closes_in_order) {
    Opened pair;
    pair.client.block.shut_sending(pair.now);
    EXPECT_EQ(pair.client.block.state(), State::FinWait1);
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::FinWait2; }, SECOND));
    EXPECT_EQ(pair.server.block.state(), State::CloseWait);
    EXPECT_TRUE(pair.server.block.is_peer_done());
    // Half close: the other direction still works.
    EXPECT_EQ(pair.write(pair.server, "late"), 4u);
    pair.run_for(SECOND);
    EXPECT_EQ(pair.read(pair.client), "late");
    pair.server.block.shut_sending(pair.now);
    EXPECT_EQ(pair.server.block.state(), State::LastAck);
    pair.run_for(SECOND);
    EXPECT_EQ(pair.server.block.state(), State::Closed);
    EXPECT_EQ(pair.client.block.state(), State::Closed);
    EXPECT_TRUE(has(pair.client.events, Events::TimeWait));
    EXPECT_FALSE(has(pair.server.events, Events::TimeWait));
}

TEST(tcp_states, closes_from_both_sides_at_once) {
    Opened pair;
    pair.client.block.shut_sending(pair.now);
    pair.server.block.shut_sending(pair.now);
    bool was_closing = false;
    pair.run_until(
        [&] {
            was_closing |= pair.client.block.state() == State::Closing;
            return pair.client.block.state() == State::Closed && pair.server.block.state() == State::Closed;
        },
        SECOND);
    EXPECT_TRUE(was_closing);
    EXPECT_TRUE(has(pair.client.events, Events::TimeWait));
    EXPECT_TRUE(has(pair.server.events, Events::TimeWait));
}

TEST(tcp_states, opens_from_both_sides_at_once) {
    TcpPair pair;
    pair.client.block.connect(100, 0, pair.now);
    pair.server.block.connect(900, 0, pair.now);
    EXPECT_TRUE(pair.run_until(
        [&] {
            return pair.client.block.state() == State::Established &&
                   pair.server.block.state() == State::Established;
        },
        10 * SECOND));
    pair.write(pair.client, "x");
    pair.run_for(SECOND);
    EXPECT_EQ(pair.read(pair.server), "x");
}

TEST(tcp_states, refuses_when_a_reset_answers_the_syn) {
    TcpPair pair;
    pair.client.block.connect(100, 0, pair.now);
    Segment reset{};
    reset.flags = SegmentFlags::Rst | SegmentFlags::Ack;
    reset.acknowledgement = 101;
    EXPECT_EQ(pair.inject(pair.client, reset), Answer::None);
    EXPECT_EQ(pair.client.block.state(), State::Closed);
    EXPECT_EQ(pair.client.block.take_error(), Error::Econnrefused);
}

TEST(tcp_states, answers_a_wrong_acknowledgement_of_the_syn_with_a_reset) {
    TcpPair pair;
    pair.client.block.connect(100, 0, pair.now);
    Segment wrong{};
    wrong.flags = SegmentFlags::Syn | SegmentFlags::Ack;
    wrong.acknowledgement = 77;
    EXPECT_EQ(pair.inject(pair.client, wrong), Answer::Reset);
    EXPECT_EQ(pair.client.block.state(), State::SynSent);
}

TEST(tcp_states, gives_up_on_a_silent_peer_after_six_retries) {
    TcpPair pair;
    pair.is_cut = true;
    pair.client.block.connect(100, 0, pair.now);
    const Nanoseconds start = pair.now;
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }));
    EXPECT_EQ(pair.client.block.take_error(), Error::Etimedout);
    EXPECT_EQ(pair.client.sent.size(), 7u);
    EXPECT_EQ((pair.now - start) / SECOND, 127u);
}

TEST(tcp_states, resets_on_close_with_unread_data) {
    Opened pair;
    pair.write(pair.client, "unread");
    pair.run_for(SECOND / 10);
    pair.server.block.close(ControlBlock::Closing::Orderly, pair.now);
    EXPECT_TRUE(pair.server.last().is(SegmentFlags::Rst));
    pair.run_for(SECOND / 10);
    EXPECT_EQ(pair.client.block.error(), Error::Econnreset);
}

TEST(tcp_states, ends_an_orphan_in_fin_wait_2) {
    Opened pair;
    pair.client.block.close(ControlBlock::Closing::Orderly, pair.now);
    const Nanoseconds start = pair.now;
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }));
    EXPECT_EQ((pair.now - start) / SECOND, 60u);
}

TEST(tcp_states, answers_data_for_an_orphan_with_a_reset) {
    Opened pair;
    pair.client.block.close(ControlBlock::Closing::Orderly, pair.now);
    pair.run_for(SECOND / 10);
    EXPECT_EQ(pair.client.block.state(), State::FinWait2);
    EXPECT_EQ(pair.inject(pair.client, pair.next_for(pair.client, SegmentFlags::Ack), "data"), Answer::Reset);
    EXPECT_EQ(pair.client.block.state(), State::Closed);
}

// ---- RFC 5961.

TEST(tcp_blind_attacks, a_reset_must_have_the_next_number) {
    Opened pair;
    Segment reset = pair.next_for(pair.client, SegmentFlags::Rst);
    reset.sequence += 10;
    const usize sent = pair.client.sent.size();
    pair.inject(pair.client, reset);
    EXPECT_EQ(pair.client.block.state(), State::Established);
    EXPECT_EQ(pair.client.sent.size(), sent + 1);  // a challenge
    pair.inject(pair.client, reset);
    EXPECT_EQ(pair.client.sent.size(), sent + 1);  // limited in rate
    reset.sequence -= 10;
    pair.inject(pair.client, reset);
    EXPECT_EQ(pair.client.block.error(), Error::Econnreset);
}

TEST(tcp_blind_attacks, a_syn_is_challenged) {
    Opened pair;
    const usize sent = pair.client.sent.size();
    pair.inject(pair.client, pair.next_for(pair.client, SegmentFlags::Syn));
    EXPECT_EQ(pair.client.block.state(), State::Established);
    EXPECT_EQ(pair.client.sent.size(), sent + 1);
    EXPECT_FALSE(pair.client.last().is(SegmentFlags::Rst));
}

TEST(tcp_blind_attacks, an_acknowledgement_of_long_ago_is_challenged) {
    Opened pair;
    Segment old = pair.next_for(pair.client, SegmentFlags::Ack);
    old.acknowledgement -= 1000000;
    const usize sent = pair.client.sent.size();
    pair.inject(pair.client, old, "evil");
    EXPECT_EQ(pair.client.sent.size(), sent + 1);
    EXPECT_EQ(pair.client.block.arrivals().readable(), 0u);
}

TEST(tcp_blind_attacks, an_acknowledgement_of_what_was_not_sent_is_dropped) {
    Opened pair;
    Segment wrong = pair.next_for(pair.client, SegmentFlags::Ack);
    wrong.acknowledgement += 1;
    pair.inject(pair.client, wrong, "evil");
    EXPECT_EQ(pair.client.block.arrivals().readable(), 0u);
}

// ---- RFC 7323.

TEST(tcp_timestamps, an_old_one_is_refused) {
    Opened pair;
    pair.run_for(5 * SECOND);
    pair.inject(pair.client, pair.next_for(pair.client, SegmentFlags::Ack), "x");
    EXPECT_EQ(pair.read(pair.client), "x");
    Segment old = pair.next_for(pair.client, SegmentFlags::Ack);
    old.timestamp -= 3000;
    const usize sent = pair.client.sent.size();
    pair.inject(pair.client, old, "y");
    EXPECT_EQ(pair.client.block.arrivals().readable(), 0u);
    EXPECT_EQ(pair.client.sent.size(), sent + 1);
}

TEST(tcp_windows, are_scaled_and_limited) {
    Opened pair;
    EXPECT_EQ(pair.client.sent[0].window, 64240u);
    EXPECT_EQ(pair.client.sent[0].window_scale, 7u);
    EXPECT_EQ(pair.client.sent[0].most_segment, 1460u);
    EXPECT_EQ(pair.server.sent[0].window, 65160u);
    EXPECT_EQ(pair.client.block.segment_size(), 1448u);
}

TEST(tcp_windows, data_beyond_is_cut_off) {
    Opened pair;
    const u32 window = pair.client.block.receive_window();
    Segment segment = pair.next_for(pair.client, SegmentFlags::Ack);
    segment.sequence += window - 2;
    pair.inject(pair.client, segment, "abcdef");
    segment.sequence = pair.client.block.receive_next();
    pair.inject(pair.client, segment, std::string(window - 2, 'z'));
    EXPECT_EQ(pair.client.block.arrivals().readable(), window);
}

// ---- RFC 9293, section 3.8.6.1: closed windows.

TEST(tcp_windows, a_closed_one_is_probed_and_opens_again) {
    TcpPair pair;
    pair.server_settings.receive_buffer = 16384;
    pair.server_settings.has_fixed_receive_buffer = true;
    pair.open();
    const std::string text(100000, 'q');
    usize written = pair.write(pair.client, text);
    pair.run_for(10 * SECOND);
    EXPECT_EQ(pair.client.block.send_window(), 0u);
    EXPECT_EQ(pair.client.last().sequence, pair.client.block.send_unacknowledged() - 1);
    EXPECT_EQ(pair.client.last().data_size, 0u);
    EXPECT_LE(pair.server.block.arrivals().readable(), 8192u);
    // The peer answers each probe, so the connection lives on.
    pair.run_for(1000 * SECOND);
    EXPECT_EQ(pair.client.block.state(), State::Established);
    std::string got;
    EXPECT_TRUE(pair.run_until(
        [&] {
            if (written < text.size())
                written += pair.write(pair.client, std::string_view(text).substr(written));
            got += pair.read(pair.server);
            return got.size() == text.size();
        },
        300 * SECOND));
}

TEST(tcp_windows, probing_ends_with_the_user_timeout) {
    TcpPair pair;
    pair.server_settings.receive_buffer = 8192;
    pair.server_settings.has_fixed_receive_buffer = true;
    pair.client.block.settings.user_timeout = 20 * SECOND;
    pair.open();
    pair.write(pair.client, std::string(20000, 'q'));
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }, 100 * SECOND));
    EXPECT_EQ(pair.client.block.error(), Error::Etimedout);
}

// ---- RFC 6298 and RFC 1122, section 4.2.3.5.

TEST(tcp_retransmission, backs_off_and_gives_up) {
    Opened pair;
    pair.run_for(SECOND);
    pair.is_cut = true;
    const usize before = pair.client.sent.size();
    const Nanoseconds start = pair.now;
    pair.write(pair.client, "lost");
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }));
    EXPECT_EQ(pair.client.block.error(), Error::Etimedout);
    EXPECT_GE(pair.client.sent.size() - before, 15u);
    EXPECT_GT(pair.now - start, 900 * SECOND);
    EXPECT_LT(pair.now - start, 1100 * SECOND);
}

TEST(tcp_retransmission, ends_with_the_user_timeout) {
    Opened pair;
    pair.client.block.settings.user_timeout = 5 * SECOND;
    pair.is_cut = true;
    const Nanoseconds start = pair.now;
    pair.write(pair.client, "lost");
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }));
    EXPECT_GE(pair.now - start, 5 * SECOND);
    EXPECT_LT(pair.now - start, 15 * SECOND);
}

TEST(tcp_retransmission, a_single_loss_is_repaired_without_a_timeout) {
    Opened pair;
    int count = 0;
    pair.filter = [&](const TcpPair::End& from, const Segment& segment) {
        return !(from.index == 0 && segment.data_size != 0 && ++count == 3);
    };
    const std::string text(14000, 'r');
    pair.write(pair.client, text);
    const Nanoseconds start = pair.now;
    std::string got;
    EXPECT_TRUE(
        pair.run_until([&] { return (got += pair.read(pair.server)).size() == text.size(); }, 10 * SECOND));
    EXPECT_LT(pair.now - start, 100 * MILLISECOND);
    EXPECT_EQ(pair.client.block.retransmissions(), 1u);
    pair.run_for(SECOND);
    EXPECT_GE(pair.client.block.congestion().window(), 7u);
    EXPECT_LE(pair.client.block.congestion().window(), 9u);
}

TEST(tcp_retransmission, a_lost_tail_is_probed) {
    Opened pair;
    pair.write(pair.client, "a");
    pair.run_for(SECOND);
    pair.read(pair.server);
    int count = 0;
    pair.filter = [&](const TcpPair::End& from, const Segment& segment) {
        return !(from.index == 0 && segment.data_size != 0 && ++count >= 3 && count <= 4);
    };
    pair.write(pair.client, std::string(1448 * 4, 't'));
    const Nanoseconds start = pair.now;
    std::string got;
    EXPECT_TRUE(
        pair.run_until([&] { return (got += pair.read(pair.server)).size() == 1448u * 4; }, 10 * SECOND));
    EXPECT_LT(pair.now - start, 150 * MILLISECOND);
}

// ---- RFC 2018, RFC 2883.

TEST(tcp_sack, reports_islands_the_newest_first) {
    Opened pair;
    const Segment base = pair.next_for(pair.client, SegmentFlags::Ack);
    const auto arrive = [&](u32 offset, u32 size) {
        Segment segment = base;
        segment.sequence += offset;
        pair.inject(pair.client, segment, std::string(size, 's'));
    };
    arrive(100, 10);
    arrive(300, 10);
    arrive(200, 10);
    const Segment& answer = pair.client.last();
    ASSERT_EQ(answer.sack_count, 3);
    EXPECT_EQ(answer.sack[0], (SequenceRange{base.sequence + 200, base.sequence + 210}));
    EXPECT_EQ(answer.sack[1], (SequenceRange{base.sequence + 300, base.sequence + 310}));
    EXPECT_EQ(answer.sack[2], (SequenceRange{base.sequence + 100, base.sequence + 110}));
    EXPECT_EQ(answer.acknowledgement, base.sequence);
    arrive(0, 100);
    EXPECT_EQ(pair.client.last().acknowledgement, base.sequence + 110);
    // What came twice is reported (D-SACK).
    arrive(0, 50);
    EXPECT_EQ(pair.client.last().sack[0], (SequenceRange{base.sequence, base.sequence + 50}));
}

// ---- Nagle, TCP_CORK, delayed acknowledgements (RFC 1122).

TEST(tcp_small_segments, wait_for_an_acknowledgement) {
    Opened pair;
    pair.run_for(SECOND);
    pair.write(pair.client, "a");
    const usize sent = pair.client.sent.size();
    pair.write(pair.client, "b");
    pair.write(pair.client, "c");
    EXPECT_EQ(pair.client.sent.size(), sent);
    pair.run_for(SECOND);
    EXPECT_EQ(pair.read(pair.server), "abc");
}

TEST(tcp_small_segments, leave_at_once_with_no_delay) {
    Opened pair;
    pair.client.block.settings.no_delay = true;
    pair.write(pair.client, "a");
    const usize sent = pair.client.sent.size();
    pair.write(pair.client, "b");
    EXPECT_EQ(pair.client.sent.size(), sent + 1);
}

TEST(tcp_small_segments, are_held_by_cork_for_200_ms) {
    Opened pair;
    pair.run_for(SECOND);
    pair.client.block.settings.cork = true;
    const usize sent = pair.client.sent.size();
    pair.write(pair.client, "a");
    pair.run_for(150 * MILLISECOND);
    EXPECT_EQ(pair.client.sent.size(), sent);
    pair.run_for(150 * MILLISECOND);
    EXPECT_EQ(pair.read(pair.server), "a");
    pair.write(pair.client, "b");
    pair.client.block.settings.cork = false;
    pair.client.block.settings_changed(pair.now);
    pair.run_for(20 * MILLISECOND);
    EXPECT_EQ(pair.read(pair.server), "b");
}

TEST(tcp_acknowledgements, are_delayed_in_a_conversation) {
    Opened pair;
    for (int i = 0; i < 5; ++i) {
        pair.write(pair.client, "question");
        pair.run_for(10 * MILLISECOND);
        pair.read(pair.server);
        pair.write(pair.server, "answer");
        pair.run_for(10 * MILLISECOND);
        pair.read(pair.client);
    }
    pair.run_for(SECOND);
    pair.write(pair.client, "x");
    pair.run_for(10 * MILLISECOND);
    pair.read(pair.server);
    pair.write(pair.server, "y");
    pair.run_for(10 * MILLISECOND);
    pair.read(pair.client);
    pair.write(pair.client, "question");
    const usize sent = pair.server.sent.size();
    pair.run_for(20 * MILLISECOND);
    EXPECT_EQ(pair.server.sent.size(), sent);
    pair.run_for(200 * MILLISECOND);
    EXPECT_EQ(pair.server.sent.size(), sent + 1);
}

// ---- Keep-alive.

TEST(tcp_keep_alive, ends_a_connection_whose_peer_is_gone) {
    Opened pair;
    pair.client.block.settings.keep_alive = true;
    pair.client.block.settings_changed(pair.now);
    const Nanoseconds start = pair.now;
    pair.run_for(7300 * SECOND);
    EXPECT_EQ(pair.client.block.state(), State::Established);
    pair.is_cut = true;
    EXPECT_TRUE(pair.run_until([&] { return pair.client.block.state() == State::Closed; }, 20000 * SECOND));
    EXPECT_EQ(pair.client.block.error(), Error::Etimedout);
    EXPECT_EQ((pair.now - start) / SECOND, 7200u * 2 + 75 * 9);
}

// ---- Urgent data.

TEST(tcp_urgent, byte_is_out_of_line) {
    Opened pair;
    pair.write(pair.client, "ab!");
    pair.client.block.mark_urgent();
    pair.run_for(SECOND);
    // The mark was set too late for that segment.
    pair.read(pair.server);
    const auto room = MUST(pair.client.filler.room(2));
    room[0] = 'c';
    room[1] = '!';
    MUST(pair.client.block.append(pair.client.filler.take(2)));
    pair.client.block.mark_urgent();
    pair.client.block.push(ControlBlock::More::No, pair.now);
    pair.run_for(SECOND);
    EXPECT_TRUE(has(pair.server.events, Events::Urgent));
    ASSERT_TRUE(pair.server.block.has_urgent_byte());
    EXPECT_EQ(pair.server.block.urgent_byte(), '!');
    EXPECT_EQ(pair.server.block.urgent_distance(), 1u);
}

// ---- Hostile headers.

TEST(tcp_segments, malformed_headers_are_refused) {
    for (usize size = 1; size < 80; ++size) {
        for (u32 words = 0; words < 16; ++words) {
            std::vector<u8> bytes(size, 0xff);
            if (size > 12) bytes[12] = static_cast<u8>(words << 4);
            PacketPtr packet = MUST(Packet::copy_of(bytes));
            const auto segment = net::tcp::take_header(*packet);
            EXPECT_EQ(segment.has_value(), size >= 20 && words >= 5 && size >= words * 4);
        }
    }
}

TEST(tcp_segments, header_survives_writing_and_reading) {
    Segment segment{};
    segment.source_port = 1;
    segment.destination_port = 2;
    segment.sequence = 3;
    segment.acknowledgement = 4;
    segment.flags = SegmentFlags::Syn | SegmentFlags::Ack;
    segment.window = 5;
    segment.most_segment = 1460;
    segment.has_window_scale = segment.permits_sack = segment.has_timestamps = true;
    segment.window_scale = 9;
    segment.timestamp = 10;
    segment.timestamp_echo = 11;
    PacketPtr packet = MUST(Packet::create());
    put_header(*packet, segment);
    EXPECT_EQ(packet->size(), 40u);
    const auto read = net::tcp::take_header(*packet);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->most_segment, 1460);
    EXPECT_EQ(read->window_scale, 9);
    EXPECT_TRUE(read->permits_sack);
    EXPECT_EQ(read->timestamp_echo, 11u);
}

TEST(tcp_cookies, complete_a_handshake_without_memory) {
    const net::tcp::SipKey key{1, 2};
    const net::Flow flow{{net::Ipv4Address{10, 0, 0, 1}, 80}, {net::Ipv4Address{10, 0, 0, 2}, 5000}};
    net::tcp::Settings settings;
    Segment syn{};
    syn.flags = SegmentFlags::Syn;
    syn.sequence = 777;
    syn.most_segment = 1460;
    syn.has_timestamps = syn.permits_sack = syn.has_window_scale = true;
    syn.window_scale = 5;
    Handshake handshake = begin_handshake(syn, {settings, 1500, 0, 0}, SECOND);
    handshake.own_initial = make_cookie(key, flow, handshake, 100);
    Segment answer{};
    answer.flags = SegmentFlags::Ack;
    answer.sequence = 778;
    answer.acknowledgement = handshake.own_initial + 1;
    answer.has_timestamps = true;
    answer.timestamp_echo = net::tcp::make_cookie_timestamp(123456, handshake);
    const net::tcp::HandshakeTerms terms{settings, 1500, 0, 0};
    const auto found = check_cookie(key, flow, answer, terms, 101, SECOND);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->peer_most_segment, 1460);
    EXPECT_EQ(found->send_scale, 5);
    EXPECT_TRUE(found->has_sack);
    EXPECT_FALSE(check_cookie(key, flow, answer, terms, 103, SECOND));
    answer.acknowledgement += 5;
    EXPECT_FALSE(check_cookie(key, flow, answer, terms, 101, SECOND));
}

/// Random segments of a peer that knows nothing, and of one that knows nearly everything.
TEST(tcp_hostile, random_segments_break_nothing) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 200; ++round) {
        Opened pair;
        pair.write(pair.client, std::string(5000, 'h'));
        for (int i = 0; i < 200; ++i) {
            Segment segment = pair.next_for(pair.client, static_cast<SegmentFlags>(random() & 0x3f));
            if (random() % 4 != 0) segment.flags = SegmentFlags::Ack;
            segment.sequence += static_cast<u32>(static_cast<i64>(random() % 4000) - 1000);
            segment.acknowledgement -= static_cast<u32>(random() % 8000);
            segment.window = static_cast<u16>(random());
            segment.urgent = static_cast<u16>(random());
            segment.sack_count = static_cast<u8>(random() % 4);
            for (auto& block : segment.sack)
                block = {pair.client.block.send_unacknowledged() + static_cast<u32>(random() % 6000),
                         pair.client.block.send_unacknowledged() + static_cast<u32>(random() % 6000)};
            pair.inject(pair.client, segment, std::string(random() % 1500, 'x'));
            if (random() % 8 == 0) pair.run_for(random() % SECOND);
            if (random() % 8 == 0) pair.read(pair.client);
        }
        EXPECT_LE(pair.client.block.arrivals().charge(), 2'000'000u);
    }
}

}  // namespace
}  // namespace exo::test
