#include "net/dhcp/lease.hpp"

#include <gtest/gtest.h>

#include "net/dhcp/dhcp_server.hpp"
#include "support/random.hpp"

namespace exo::net::dhcp {
namespace {

using test::Bytes;
using test::DhcpReply;
using test::DhcpRequest;
using test::number;
using test::reply_to;
using time::SECOND;

constexpr u8 DISCOVER = 1;
constexpr u8 OFFER = 2;
constexpr u8 REQUEST = 3;
constexpr u8 DECLINE = 4;
constexpr u8 ACK = 5;
constexpr u8 NAK = 6;
constexpr Address ADDRESS = 0x0a00020f;
constexpr Address SERVER = 0x0a000202;

u64 some_number() {
    static test::Random random;
    return random.next();
}

/// A client and its clock.
class DhcpTest : public testing::Test {
  protected:
    struct Sent {
        DhcpRequest request;
        Address source;
        Address destination;
    };
    std::optional<Sent> next() {
        const auto message = client.next(now);
        if (!message) return std::nullopt;
        return Sent{DhcpRequest::read(message->payload), message->source, message->destination};
    }
    /// Goes to the time when the client does something, and returns what it sends then.
    Sent wait() {
        for (int i = 0; i < 10; ++i) {
            if (client.due() == ~0ULL) break;
            now = std::max(now, client.due());
            if (const auto sent = next()) return *sent;
        }
        ADD_FAILURE() << "nothing was sent";
        return {};
    }
    void answer(const DhcpReply& reply) { client.received(reply.bytes(), now); }
    /// To a lease of `seconds`.
    void bind(u32 seconds = 86400) {
        const Sent discover = wait();
        ASSERT_EQ(discover.request.type(), DISCOVER);
        answer(reply_to(discover.request, OFFER));
        const Sent request = wait();
        ASSERT_EQ(request.request.type(), REQUEST);
        answer(reply_to(request.request, ACK).set(51, number(seconds, 4)));
        ASSERT_EQ(client.state(), State::Bound);
        ASSERT_EQ(client.take_change(), Change::Gained);
    }

    Nanoseconds now = 5 * SECOND;
    Client client{{0x52, 0x54, 0, 0x12, 0x34, 0x56}, some_number};
};

TEST_F(DhcpTest, gets_a_lease) {
    EXPECT_EQ(client.state(), State::Init);
    const auto discover = next();
    ASSERT_TRUE(discover.has_value());
    EXPECT_EQ(discover->request.type(), DISCOVER);
    EXPECT_EQ(discover->source, NO_ADDRESS);
    EXPECT_EQ(discover->destination, BROADCAST);
    EXPECT_EQ(discover->request.seconds, 0U);
    EXPECT_FALSE(discover->request.options.contains(50));
    EXPECT_FALSE(next().has_value());
    now += 2 * SECOND;
    answer(reply_to(discover->request, OFFER));
    EXPECT_EQ(client.state(), State::Requesting);
    EXPECT_EQ(client.lease(), nullptr);
    const auto request = next();
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->request.type(), REQUEST);
    EXPECT_EQ(request->request.transaction, discover->request.transaction);
    EXPECT_EQ(request->request.number_of(50), ADDRESS);
    EXPECT_EQ(request->request.number_of(54), SERVER);
    EXPECT_EQ(request->request.client, 0U);
    EXPECT_EQ(request->request.seconds, 2U);
    EXPECT_EQ(request->destination, BROADCAST);
    const Nanoseconds asked = now;
    now += SECOND;
    answer(reply_to(request->request, ACK).set(26, number(1400, 2)).set(15, {'x'}));
    EXPECT_EQ(client.take_change(), Change::Gained);
    EXPECT_EQ(client.take_change(), Change::None);
    const Lease* lease = client.lease();
    ASSERT_NE(lease, nullptr);
    EXPECT_EQ(lease->address, ADDRESS);
    EXPECT_EQ(lease->mask, 0xffffff00U);
    EXPECT_EQ(lease->router, SERVER);
    EXPECT_EQ(lease->server, SERVER);
    EXPECT_EQ(lease->name_servers.size(), 1U);
    EXPECT_EQ(lease->mtu, 1400);
    EXPECT_EQ(lease->domain.size(), 1U);
    EXPECT_EQ(lease->renewal, asked + 43200 * SECOND);
    EXPECT_EQ(lease->rebinding, asked + 75600 * SECOND);
    EXPECT_EQ(lease->end, asked + 86400 * SECOND);
    EXPECT_EQ(client.due(), lease->renewal);
    EXPECT_FALSE(next().has_value());
}

TEST_F(DhcpTest, asks_again_and_again_at_growing_intervals) {
    Nanoseconds last = now;
    const u32 transaction = wait().request.transaction;
    for (const u64 expected : {4U, 8U, 16U, 32U, 64U, 64U, 64U}) {
        const Sent again = wait();
        EXPECT_EQ(again.request.type(), DISCOVER);
        EXPECT_EQ(again.request.transaction, transaction);
        EXPECT_GE(now - last, (expected - 1) * SECOND);
        EXPECT_LE(now - last, (expected + 1) * SECOND);
        last = now;
    }
}

TEST_F(DhcpTest, begins_again_when_the_server_forgets_its_offer) {
    const Sent discover = wait();
    answer(reply_to(discover.request, OFFER));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(wait().request.type(), REQUEST);
    const Sent anew = wait();
    EXPECT_EQ(anew.request.type(), DISCOVER);
    EXPECT_NE(anew.request.transaction, discover.request.transaction);
    EXPECT_GE(now, (5 + 3 + 7 + 15 + 31) * SECOND);
}

TEST_F(DhcpTest, ignores_answers_to_others_and_offers_of_nothing) {
    const Sent discover = wait();
    DhcpReply reply = reply_to(discover.request, OFFER);
    ++reply.transaction;
    answer(reply);
    reply = reply_to(discover.request, OFFER);
    reply.hardware[5] ^= 1;
    answer(reply);
    answer(reply_to(discover.request, OFFER).without(54));
    for (const u32 address : {0U, 0x7f000001U, 0xe0000001U, 0xffffffffU}) {
        reply = reply_to(discover.request, OFFER);
        reply.address = address;
        answer(reply);
    }
    answer(reply_to(discover.request, ACK));
    answer(reply_to(discover.request, NAK));
    EXPECT_EQ(client.state(), State::Selecting);
    answer(reply_to(discover.request, OFFER));
    EXPECT_EQ(client.state(), State::Requesting);

    // Nothing was asked yet.
    answer(reply_to(discover.request, ACK));
    EXPECT_EQ(client.state(), State::Requesting);
    const Sent request = wait();
    reply = reply_to(request.request, ACK);
    reply.address = ADDRESS + 1;
    answer(reply);
    answer(reply_to(request.request, ACK).without(51));
    answer(reply_to(request.request, ACK).set(51, number(0, 4)));
    answer(reply_to(request.request, ACK).set(54, number(SERVER + 7, 4)));
    answer(reply_to(request.request, NAK).set(54, number(SERVER + 7, 4)));
    EXPECT_EQ(client.state(), State::Requesting);
    answer(reply_to(request.request, ACK));
    EXPECT_EQ(client.state(), State::Bound);
    answer(reply_to(request.request, NAK));
    EXPECT_EQ(client.state(), State::Bound);
}

TEST_F(DhcpTest, ignores_a_grant_that_is_over_when_it_arrives) {
    const Sent discover = wait();
    answer(reply_to(discover.request, OFFER));
    const Sent request = wait();
    (void)wait();
    answer(reply_to(request.request, ACK).set(51, number(2, 4)));
    EXPECT_EQ(client.state(), State::Requesting);
    answer(reply_to(request.request, ACK).set(51, number(6, 4)));
    EXPECT_EQ(client.state(), State::Bound);
}

TEST_F(DhcpTest, counts_an_extended_lease_from_the_request_that_was_answered) {
    bind(1000);
    const Sent first = wait();
    const Sent second = wait();
    EXPECT_EQ(client.state(), State::Renewing);
    EXPECT_NE(first.request.transaction, second.request.transaction);
    answer(reply_to(first.request, ACK));
    EXPECT_EQ(client.state(), State::Renewing);
    answer(reply_to(second.request, ACK).set(51, number(100, 4)));
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(client.lease()->end, now + 100 * SECOND);
}

TEST_F(DhcpTest, begins_again_after_a_refusal) {
    const Sent discover = wait();
    answer(reply_to(discover.request, OFFER));
    const Sent request = wait();
    const Nanoseconds before = now;
    answer(reply_to(request.request, NAK));
    EXPECT_EQ(client.state(), State::Init);
    EXPECT_EQ(client.take_change(), Change::None);
    EXPECT_EQ(wait().request.type(), DISCOVER);
    EXPECT_EQ(now - before, SECOND);
}

TEST_F(DhcpTest, renews_its_lease) {
    bind(1000);
    const Nanoseconds end = client.lease()->end;
    const Nanoseconds renewal = client.lease()->renewal;
    const Sent renew = wait();
    EXPECT_EQ(now, renewal);
    EXPECT_EQ(client.state(), State::Renewing);
    EXPECT_EQ(renew.request.type(), REQUEST);
    EXPECT_EQ(renew.source, ADDRESS);
    EXPECT_EQ(renew.destination, SERVER);
    EXPECT_EQ(renew.request.client, ADDRESS);
    EXPECT_FALSE(renew.request.wants_broadcast);
    EXPECT_FALSE(renew.request.options.contains(50));
    EXPECT_FALSE(renew.request.options.contains(54));
    now += 3 * SECOND;
    answer(reply_to(renew.request, ACK).set(51, number(2000, 4)).set(3, number(0x0a000209, 4)));
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(client.take_change(), Change::Renewed);
    EXPECT_EQ(client.lease()->router, 0x0a000209U);
    EXPECT_EQ(client.lease()->end, renewal + 2000 * SECOND);
    EXPECT_GT(client.lease()->end, end);
}

TEST_F(DhcpTest, asks_every_server_before_the_lease_ends_and_then_gives_it_up) {
    bind(1000);
    const Lease lease = *client.lease();
    std::vector<u64> renewing;
    std::vector<u64> rebinding;
    Sent sent = wait();
    for (; client.state() == State::Renewing; sent = wait()) {
        EXPECT_EQ(sent.destination, SERVER);
        renewing.push_back((now - lease.renewal) / SECOND);
    }
    for (; client.state() == State::Rebinding; sent = wait()) {
        EXPECT_EQ(sent.destination, BROADCAST);
        EXPECT_EQ(sent.source, ADDRESS);
        EXPECT_EQ(sent.request.client, ADDRESS);
        EXPECT_FALSE(sent.request.options.contains(54));
        rebinding.push_back((now - lease.rebinding) / SECOND);
    }
    // 375 s from T1 to T2, and 125 s to the end: each time half of the rest, and a minute at least.
    EXPECT_EQ(renewing, (std::vector<u64>{0, 187, 281, 341}));
    EXPECT_EQ(rebinding, (std::vector<u64>{0, 62, 122}));
    EXPECT_EQ(now, lease.end);
    EXPECT_EQ(client.take_change(), Change::Lost);
    EXPECT_EQ(client.lease(), nullptr);
    EXPECT_EQ(sent.request.type(), DISCOVER);
    EXPECT_EQ(sent.source, NO_ADDRESS);
}

TEST_F(DhcpTest, is_served_by_another_server_when_its_own_is_gone) {
    bind(1000);
    Sent sent = wait();
    const Sent first = sent;
    answer(reply_to(sent.request, ACK).set(54, number(SERVER + 7, 4)));
    EXPECT_EQ(client.state(), State::Renewing) << "not asked";
    while (client.state() != State::Rebinding) sent = wait();
    answer(reply_to(first.request, ACK));
    EXPECT_EQ(client.state(), State::Rebinding) << "an answer to an older question";
    answer(reply_to(sent.request, ACK).set(54, number(SERVER + 7, 4)));
    EXPECT_EQ(client.state(), State::Bound);
    EXPECT_EQ(client.lease()->server, SERVER + 7);
}

TEST_F(DhcpTest, loses_its_lease_when_the_server_refuses_to_extend_it) {
    bind(1000);
    const Sent renew = wait();
    answer(reply_to(renew.request, NAK));
    EXPECT_EQ(client.take_change(), Change::Lost);
    EXPECT_EQ(client.lease(), nullptr);
    EXPECT_EQ(wait().request.type(), DISCOVER);
}

TEST_F(DhcpTest, keeps_a_lease_without_an_end) {
    bind(0xffffffff);
    EXPECT_EQ(client.due(), ~0ULL);
    now += 1000ULL * 365 * 86400 * SECOND / 100;
    EXPECT_FALSE(next().has_value());
    EXPECT_EQ(client.state(), State::Bound);
}

TEST_F(DhcpTest, takes_times_of_the_server_if_they_make_sense) {
    struct Case {
        u32 renewal;
        u32 rebinding;
        u32 expected_renewal;
        u32 expected_rebinding;
    };
    for (const Case& each :
         {Case{100, 200, 100, 200}, Case{0, 200, 200, 200}, Case{600, 200, 200, 200}, Case{300, 0, 300, 875},
          Case{100, 1000, 100, 875}, Case{900, 5000, 500, 875}, Case{0xffffffff, 0xffffffff, 500, 875}}) {
        client.restart(now);
        (void)client.take_change();
        const Sent discover = wait();
        answer(reply_to(discover.request, OFFER));
        const Sent request = wait();
        answer(reply_to(request.request, ACK)
                   .set(51, number(1000, 4))
                   .set(58, number(each.renewal, 4))
                   .set(59, number(each.rebinding, 4)));
        ASSERT_NE(client.lease(), nullptr);
        EXPECT_EQ((client.lease()->renewal - now) / SECOND, each.expected_renewal);
        EXPECT_EQ((client.lease()->rebinding - now) / SECOND, each.expected_rebinding);
    }
}

TEST_F(DhcpTest, gives_an_address_back_that_another_host_has) {
    bind();
    client.decline(now);
    EXPECT_EQ(client.take_change(), Change::Lost);
    EXPECT_LE(client.due(), now);
    const auto sent = next();
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->request.type(), DECLINE);
    EXPECT_EQ(sent->request.number_of(50), ADDRESS);
    EXPECT_EQ(sent->request.number_of(54), SERVER);
    EXPECT_EQ(sent->request.client, 0U);
    EXPECT_EQ(sent->source, NO_ADDRESS);
    EXPECT_EQ(sent->destination, BROADCAST);
    EXPECT_FALSE(sent->request.options.contains(55));
    const Nanoseconds before = now;
    EXPECT_EQ(wait().request.type(), DISCOVER);
    EXPECT_EQ(now - before, 10 * SECOND);
}

TEST_F(DhcpTest, begins_again_when_the_link_was_down) {
    bind();
    now += 7 * SECOND;
    client.restart(now);
    EXPECT_EQ(client.take_change(), Change::Lost);
    const auto sent = next();
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->request.type(), DISCOVER);
}

TEST_F(DhcpTest, tells_only_changes_that_are_left) {
    const Sent discover = wait();
    answer(reply_to(discover.request, OFFER));
    const Sent request = wait();
    answer(reply_to(request.request, ACK));
    client.restart(now);
    EXPECT_EQ(client.take_change(), Change::None) << "gained and lost";
}

TEST_F(DhcpTest, survives_sleeping_through_everything) {
    bind(1000);
    now += 5000 * SECOND;
    const auto sent = next();
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->request.type(), DISCOVER);
    EXPECT_EQ(client.take_change(), Change::Lost);
}

/// A network that loses, delays and doubles messages, with a server that forgets and refuses. The test keeps books of
/// what the server has promised.
TEST_F(DhcpTest, never_has_an_address_that_no_server_has_promised) {
    test::Random random(7);
    struct OnTheWay {
        Nanoseconds at;
        Bytes bytes;
    };
    std::vector<OnTheWay> on_the_way;
    Nanoseconds promised_until = 0;
    u32 leases = 0;
    u32 losses = 0;
    u32 renewals = 0;
    u32 messages = 0;
    for (int step = 0; step < 60'000; ++step) {
        // To whatever comes next.
        Nanoseconds at = client.due();
        for (const OnTheWay& each : on_the_way) at = std::min(at, each.at);
        if (at == ~0ULL) at = now + SECOND;
        now = std::max(now, at);
        for (usize i = 0; i < on_the_way.size();) {
            if (on_the_way[i].at > now) {
                ++i;
                continue;
            }
            client.received(on_the_way[i].bytes, now);
            on_the_way.erase(on_the_way.begin() + static_cast<isize>(i));
        }
        int at_once = 0;
        while (const auto sent = next()) {
            ++messages;
            ASSERT_LT(++at_once, 4);
            const DhcpRequest& request = sent->request;
            ASSERT_EQ(request.client, client.lease() != nullptr ? client.lease()->address : NO_ADDRESS);
            if (random.one_in(3)) continue;  // lost
            std::optional<DhcpReply> reply;
            if (request.type() == DISCOVER) reply = reply_to(request, OFFER);
            if (request.type() == REQUEST) {
                reply = reply_to(request, random.one_in(10) ? NAK : ACK);
                const u32 seconds = 1 + static_cast<u32>(random.below(2000));
                reply->set(51, number(seconds, 4));
                if (reply->type == ACK) promised_until = std::max(promised_until, now + seconds * SECOND);
            }
            for (usize copies = reply ? random.below(3) : 0; copies > 0; --copies)
                on_the_way.push_back({now + random.below(20) * SECOND / 2, reply->bytes()});
        }
        switch (client.take_change()) {
            case Change::Gained: ++leases; break;
            case Change::Renewed: ++renewals; break;
            case Change::Lost: ++losses; break;
            case Change::None: break;
        }
        ASSERT_EQ(leases - losses, client.lease() != nullptr ? 1U : 0U);
        if (client.lease() != nullptr) {
            ASSERT_LT(now, client.lease()->end);
            ASSERT_LE(client.lease()->end, promised_until);
            ASSERT_LE(client.lease()->renewal, client.lease()->rebinding);
            ASSERT_LE(client.lease()->rebinding, client.lease()->end);
        }
        if (random.one_in(500)) client.decline(now);
        if (random.one_in(500)) client.restart(now);
        const Change change = client.take_change();
        ASSERT_TRUE(change == Change::None || change == Change::Lost);
        if (change == Change::Lost) ++losses;
    }
    EXPECT_GT(leases, 500U);
    EXPECT_GT(renewals, 500U);
    EXPECT_GT(losses, 500U);
    EXPECT_LT(messages, 120'000U);
}

}  // namespace
}  // namespace exo::net::dhcp
