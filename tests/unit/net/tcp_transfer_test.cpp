// TCP over a bad link: every byte arrives once, in order, whatever the link does.
#include "gtest/gtest.h"
#include "net/tcp_pair.hpp"

namespace exo::test {
namespace {

std::string pattern(usize size, u64 seed) {
    std::mt19937_64 random(seed);
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    return text;
}

/// Sends `size` bytes in both directions and closes.
void transfer(LinkOptions options, usize size, Nanoseconds limit = 3600 * SECOND) {
    TcpPair pair(options);
    pair.open();
    ASSERT_EQ(pair.client.block.state(), State::Established);
    ASSERT_EQ(pair.server.block.state(), State::Established);
    struct Flow {
        TcpPair::End* from;
        TcpPair::End* to;
        std::string text;
        usize written = 0;
        std::string got;
        bool is_shut = false;
    };
    Flow flows[2] = {{&pair.client, &pair.server, pattern(size, 1), 0, {}, false},
                     {&pair.server, &pair.client, pattern(size / 2, 2), 0, {}, false}};
    const auto pump = [&] {
        bool is_done = true;
        for (Flow& flow : flows) {
            if (flow.written < flow.text.size())
                flow.written +=
                    pair.write(*flow.from, std::string_view(flow.text).substr(flow.written, 60000));
            if (flow.written == flow.text.size() && !flow.is_shut) {
                flow.is_shut = true;
                flow.from->block.shut_sending(pair.now);
            }
            flow.got += pair.read(*flow.to);
            is_done &= flow.got.size() == flow.text.size() && flow.to->block.is_peer_done();
        }
        return is_done;
    };
    const Nanoseconds start = pair.now;
    const bool is_done = pair.run_until(pump, limit);
    for (Flow& flow : flows) {
        EXPECT_EQ(flow.got.size(), flow.text.size());
        EXPECT_TRUE(flow.got == flow.text);
    }
    EXPECT_TRUE(is_done);
    std::printf("  %zu bytes: %.3f s, %u + %u segments again\n", size, double(pair.now - start) / 1e9,
                pair.client.block.retransmissions(), pair.server.block.retransmissions());
    pair.run_for(400 * SECOND);
    EXPECT_EQ(pair.client.block.state(), State::Closed);
    EXPECT_EQ(pair.server.block.state(), State::Closed);
    EXPECT_EQ(pair.client.block.error(), Error{});
}

TEST(tcp_transfer, of_a_few_bytes) { transfer({}, 10); }
TEST(tcp_transfer, of_megabytes_on_a_good_link) { transfer({}, 4 << 20); }
TEST(tcp_transfer, with_loss) {
    for (u64 seed = 1; seed <= 10; ++seed) transfer({.loss = 0.05, .seed = seed}, 1 << 20);
}
TEST(tcp_transfer, with_much_loss) {
    for (u64 seed = 1; seed <= 5; ++seed) transfer({.loss = 0.25, .seed = seed}, 50000, 36000 * SECOND);
}
TEST(tcp_transfer, with_reordering_and_duplication) {
    for (u64 seed = 1; seed <= 10; ++seed)
        transfer({.loss = 0.01, .duplication = 0.05, .reordering = 0.2, .seed = seed}, 1 << 20);
}
TEST(tcp_transfer, on_loopback_sizes) { transfer({.delay = 1000, .mtu = 65535}, 4 << 20); }
TEST(tcp_transfer, on_a_small_mtu) { transfer({.loss = 0.02, .mtu = 256}, 200000); }

}  // namespace
}  // namespace exo::test
