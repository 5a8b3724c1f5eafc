#include "net/dhcp/message.hpp"

#include <gtest/gtest.h>

#include "net/dhcp/dhcp_server.hpp"
#include "support/random.hpp"

namespace exo::net::dhcp {
namespace {

using test::Bytes;
using test::DhcpReply;
using test::DhcpRequest;
using test::number;

ServerMessage read(const DhcpReply& reply) {
    const auto message = read_server_message(reply.bytes());
    EXPECT_TRUE(message.has_value());
    return message.value_or(ServerMessage{});
}

std::vector<Address> servers_of(const ServerMessage& message) {
    return {message.name_servers.begin(), message.name_servers.end()};
}

std::string domain_of(const ServerMessage& message) { return {message.domain.begin(), message.domain.end()}; }

TEST(dhcp_message, reads_what_a_server_says) {
    DhcpReply reply;
    reply.type = 5;
    reply.transaction = 0x12345678;
    reply.set(6, number(0x0a00020308080808, 8))
        .set(15, {'l', 'a', 'n', '.', 'x', 0})
        .set(26, number(65520, 2));
    reply.set(58, number(100, 4)).set(59, number(200, 4));
    const ServerMessage message = read(reply);
    EXPECT_EQ(message.type, MessageType::Ack);
    EXPECT_EQ(message.transaction, 0x12345678U);
    EXPECT_EQ(message.hardware_address, (std::array<u8, 6>{0x52, 0x54, 0, 0x12, 0x34, 0x56}));
    EXPECT_EQ(message.address, 0x0a00020fU);
    EXPECT_EQ(message.server, 0x0a000202U);
    EXPECT_EQ(message.mask, 0xffffff00U);
    EXPECT_EQ(message.router, 0x0a000202U);
    EXPECT_EQ(servers_of(message), (std::vector<Address>{0x0a000203, 0x08080808}));
    EXPECT_EQ(domain_of(message), "lan.x");
    EXPECT_EQ(message.mtu, 65520);
    EXPECT_EQ(message.lease_seconds, 86400U);
    EXPECT_EQ(message.renewal_seconds, 100U);
    EXPECT_EQ(message.rebinding_seconds, 200U);
}

TEST(dhcp_message, reads_an_answer_of_passt) {
    // As passt 2023-03-09 of Debian 12 sends it.
    const DhcpReply reply{.type = 2,
                          .address = 0xc0000202,
                          .options = {{1, number(0xffffff00, 4)},
                                      {3, number(0xc0000201, 4)},
                                      {6, number(0x0affff35, 4)},
                                      {26, number(0xfff0, 2)},
                                      {51, number(0xffffffff, 4)},
                                      {54, number(0xc0000201, 4)}}};
    const ServerMessage message = read(reply);
    EXPECT_EQ(message.lease_seconds, FOREVER);
    EXPECT_EQ(message.mtu, 65520);
    EXPECT_EQ(message.router, 0xc0000201U);
}

TEST(dhcp_message, leaves_out_what_no_host_can_use) {
    DhcpReply reply;
    reply.set(3, number(0xe0000001, 4)).set(6, number(0x7f00000108080808, 8)).set(26, number(67, 2));
    reply.set(54, number(0, 4));
    const ServerMessage message = read(reply);
    EXPECT_EQ(message.router, NO_ADDRESS);
    EXPECT_EQ(servers_of(message), (std::vector<Address>{0x08080808}));
    EXPECT_EQ(message.mtu, 0);
    EXPECT_EQ(message.server, NO_ADDRESS);
}

TEST(dhcp_message, takes_a_domain_only_if_it_is_a_name) {
    for (const std::string_view text : {"a b", "x\nnameserver 1.2.3.4", "a/b", "\xff"}) {
        DhcpReply reply;
        reply.set(15, Bytes(text.begin(), text.end()));
        EXPECT_EQ(domain_of(read(reply)), "") << text;
    }
    DhcpReply reply;
    reply.set(15, {0, 0});
    EXPECT_EQ(domain_of(read(reply)), "");
}

TEST(dhcp_message, takes_the_mask_of_the_class_where_there_is_none) {
    struct Case {
        u32 address;
        u32 said;
        u32 expected;
    };
    for (const Case& each : {Case{0x0a000001, 0, 0xff000000}, Case{0x0a000001, 0xff00ff00, 0xff000000},
                             Case{0xac100001, 0, 0xffff0000}, Case{0xc0a80001, 0, 0xffffff00},
                             Case{0xc0a80001, 0xffffffff, 0xffffffff},
                             Case{0xc0a80001, 0x80000000, 0x80000000}, Case{0xc0a80001, 1, 0xffffff00}}) {
        DhcpReply reply;
        reply.address = each.address;
        reply.set(1, number(each.said, 4));
        EXPECT_EQ(read(reply).mask, each.expected);
        if (each.said == 0) EXPECT_EQ(read(reply.without(1)).mask, each.expected);
    }
}

TEST(dhcp_message, joins_an_option_that_comes_in_pieces) {
    DhcpReply reply;
    reply.without(6);
    reply.options.emplace_back(6, number(0x0808, 2));
    reply.options.emplace_back(6, number(0x0808, 2));
    reply.options.emplace_back(15, Bytes{'a'});
    reply.options.emplace_back(15, Bytes{'b'});
    const ServerMessage message = read(reply);
    EXPECT_EQ(servers_of(message), (std::vector<Address>{0x08080808}));
    EXPECT_EQ(domain_of(message), "ab");
}

TEST(dhcp_message, reads_options_out_of_the_fields_of_names) {
    DhcpReply reply;
    reply.without(3).without(26).set(52, {3});
    Bytes bytes = reply.bytes();
    const Bytes router = DhcpReply::encode({{3, number(0x0a000209, 4)}});
    const Bytes mtu = DhcpReply::encode({{26, number(9000, 2)}});
    std::ranges::copy(router, bytes.begin() + 108);
    std::ranges::copy(mtu, bytes.begin() + 44);
    const auto message = read_server_message(bytes);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->router, 0x0a000209U);
    EXPECT_EQ(message->mtu, 9000);
    bytes[108 + 1] = 200;
    EXPECT_FALSE(read_server_message(bytes).has_value()) << "an option beyond the field";
}

TEST(dhcp_message, keeps_the_first_of_many_name_servers) {
    Bytes many;
    for (u32 i = 1; i <= 70; ++i) {
        const Bytes each = number(0x0a000000 + i, 4);
        many.insert(many.end(), each.begin(), each.end());
    }
    DhcpReply reply;
    reply.without(6);
    reply.options.emplace_back(6, Bytes(many.begin(), many.begin() + 252));
    reply.options.emplace_back(6, Bytes(many.begin() + 252, many.end()));
    EXPECT_EQ(servers_of(read(reply)),
              (std::vector<Address>{0x0a000001, 0x0a000002, 0x0a000003, 0x0a000004}));
}

TEST(dhcp_message, refuses_what_is_no_answer) {
    const Bytes good = DhcpReply{}.bytes();
    EXPECT_TRUE(read_server_message(good).has_value());
    for (const auto [place, value] :
         {std::pair(0, 1), {1, 6}, {2, 5}, {236, 0}, {239, 0}, {242, 1}, {242, 3}, {242, 0}}) {
        Bytes bad = good;
        bad[static_cast<usize>(place)] = static_cast<u8>(value);
        EXPECT_FALSE(read_server_message(bad).has_value()) << place;
    }
    EXPECT_FALSE(read_server_message(Bytes(good.begin(), good.begin() + 240)).has_value()) << "no type";
    EXPECT_FALSE(read_server_message({}).has_value());
}

TEST(dhcp_message, refuses_what_ends_inside_an_option) {
    const Bytes good = DhcpReply{}.bytes();
    usize whole = 0;
    for (usize size = 0; size < good.size(); ++size) {
        const Bytes cut(good.begin(),
                        good.begin() + static_cast<isize>(size));  // of its own, for the sanitizer
        if (read_server_message(cut)) ++whole;
    }
    EXPECT_EQ(whole, 6U) << "the ends of the six options";
}

TEST(dhcp_message, survives_any_bytes) {
    test::Random random;
    const Bytes good = DhcpReply{}.set(15, {'a', 'b'}).set(52, {3}).bytes();
    for (int i = 0; i < 200'000; ++i) {
        Bytes bytes = good;
        for (usize n = random.below(6); n > 0; --n) bytes[random.below(bytes.size())] = random.byte();
        if (random.one_in(4)) bytes.resize(random.below(bytes.size()));
        const auto message = read_server_message(bytes);
        if (!message) continue;
        for (const Address server : message->name_servers.span()) ASSERT_TRUE(is_host_address(server));
        ASSERT_TRUE(message->mtu == 0 || message->mtu >= 68);
        ASSERT_NE(message->mask, 0U);
    }
}

TEST(dhcp_message, writes_what_servers_read) {
    ClientBuffer buffer;
    ClientMessage message{.type = MessageType::Request,
                          .transaction = 0xdeadbeef,
                          .seconds = 0x1234,
                          .hardware_address = {2, 3, 4, 5, 6, 7},
                          .requested_address = 0x0a00020f,
                          .server = 0x0a000202,
                          .host_name = "exo"};
    DhcpRequest read = DhcpRequest::read(write_client_message(message, buffer));
    EXPECT_EQ(read.type(), 3);
    EXPECT_EQ(read.transaction, 0xdeadbeefU);
    EXPECT_EQ(read.seconds, 0x1234U);
    EXPECT_TRUE(read.wants_broadcast);
    EXPECT_EQ(read.client, 0U);
    EXPECT_EQ(read.hardware, (Bytes{2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(read.number_of(50), 0x0a00020fU);
    EXPECT_EQ(read.number_of(54), 0x0a000202U);
    EXPECT_EQ(read.options.at(12), (Bytes{'e', 'x', 'o'}));
    EXPECT_EQ(read.options.at(61), (Bytes{1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(read.number_of(57), 1472U);
    EXPECT_EQ(read.options.at(55), (Bytes{1, 3, 6, 15, 26, 51, 54, 58, 59}));

    const std::string longest(300, 'x');
    message.own_address = 0x0a00020f;
    message.host_name = longest;
    read = DhcpRequest::read(write_client_message(message, buffer));
    EXPECT_FALSE(read.wants_broadcast);
    EXPECT_EQ(read.client, 0x0a00020fU);
    EXPECT_EQ(read.options.at(12).size(), 64U);
}

}  // namespace
}  // namespace exo::net::dhcp
