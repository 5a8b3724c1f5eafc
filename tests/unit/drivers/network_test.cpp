#include "drivers/virtio/network.hpp"

#include <gtest/gtest.h>

#include "drivers/fake_network_host.hpp"
#include "support/failing_allocations.hpp"
#include "support/hosted_frames.hpp"
#include "support/random.hpp"

namespace exo::drivers {
namespace {

using Host = test::FakeNetworkHost;
using Bytes = Host::Bytes;

class Receiver final : public FrameReceiver {
  public:
    void frame_arrived(std::span<const u8> frame, const FrameOffload& offload) override {
        frames.emplace_back(frame.begin(), frame.end());
        offloads.push_back(offload);
    }
    void poll_ended() override { ++polls; }
    void link_changed(bool is_up) override { links.push_back(is_up); }
    void room_again() override { ++rooms; }

    std::vector<Bytes> frames;
    std::vector<FrameOffload> offloads;
    std::vector<bool> links;
    int polls = 0;
    int rooms = 0;
};

/// Bytes that differ from one frame to the next.
Bytes frame_of(usize size, u32 seed = 1) {
    Bytes bytes(size);
    for (usize i = 0; i < size; ++i) bytes[i] = static_cast<u8>(seed * 31 + i * 7 + i / 256);
    return bytes;
}

/// A TCP segment over IPv4 with `size` bytes of data.
Bytes segment_of(usize size) {
    Bytes bytes = frame_of(14 + 20 + 20 + size);
    bytes[12] = 8;
    bytes[13] = 0;
    bytes[14] = 0x45;
    bytes[14 + 9] = 6;
    bytes[14 + 20 + 12] = 0x50;
    return bytes;
}

class NetworkTest : public testing::Test {
  protected:
    void start(u64 features = 0) {
        host.device.features |= features;
        host.device.interrupt_line = [this] { network->on_interrupt(); };
        network = MUST(make_box<VirtioNetwork>(host.device.transport()));
        MUST(network->init());
        network->set_receiver(receiver);
    }
    Result<> send(const Bytes& bytes, const FrameOffload& offload = {}) {
        const std::span<const u8> piece(bytes);
        return network->send({&piece, 1}, offload);
    }
    void poll_all() {
        while (network->poll()) {
        }
    }

    test::HostedFrames frames{1024};
    Host host;
    Receiver receiver;
    Box<VirtioNetwork> network;
};

constexpr u64 OFFLOADS = NETWORK_FEATURE_CHECKSUM | NETWORK_FEATURE_GUEST_CHECKSUM |
                         NETWORK_FEATURE_GUEST_TSO4 | NETWORK_FEATURE_HOST_TSO4 |
                         NETWORK_FEATURE_MERGED_BUFFERS;

// ---- Features

TEST(network_features, need_each_other) {
    EXPECT_EQ(choose_network_features(0), 0U);
    EXPECT_EQ(choose_network_features(OFFLOADS), OFFLOADS);
    EXPECT_EQ(choose_network_features(NETWORK_FEATURE_HOST_TSO4), 0U);
    EXPECT_EQ(choose_network_features(NETWORK_FEATURE_GUEST_TSO4 | NETWORK_FEATURE_GUEST_CHECKSUM),
              NETWORK_FEATURE_GUEST_CHECKSUM);
    EXPECT_EQ(choose_network_features(NETWORK_FEATURE_GUEST_TSO4 | NETWORK_FEATURE_MERGED_BUFFERS),
              NETWORK_FEATURE_MERGED_BUFFERS);
    EXPECT_EQ(choose_network_features(1ULL << 22), 0U) << "several queues";
}

TEST_F(NetworkTest, tells_what_the_device_is) {
    start();
    EXPECT_EQ(network->address(), (EthernetAddress{0x52, 0x54, 0, 0x12, 0x34, 0x56}));
    EXPECT_EQ(network->mtu(), 1500U);
    EXPECT_EQ(network->largest_mtu(), 1500U);
    EXPECT_TRUE(network->is_link_up());
    EXPECT_FALSE(network->can_checksum());
    EXPECT_EQ(network->most_segmented(), 0U);
}

TEST_F(NetworkTest, tells_what_a_better_device_is) {
    host.device.configuration[6] = 0;
    host.device.configuration[10] = 0x28;
    host.device.configuration[11] = 0x23;
    start(OFFLOADS | NETWORK_FEATURE_STATUS | NETWORK_FEATURE_MTU);
    EXPECT_EQ(network->mtu(), 9000U);
    EXPECT_EQ(network->largest_mtu(), 9000U);
    EXPECT_FALSE(network->is_link_up());
    EXPECT_TRUE(network->can_checksum());
    EXPECT_EQ(network->most_segmented(), 65549U);
    EXPECT_ERROR(Error::Enetdown, send(frame_of(60)));
}

TEST_F(NetworkTest, makes_an_address_up_where_the_devices_is_none) {
    host.device.configuration[0] = 0xff;
    start();
    EXPECT_EQ(network->address()[0] & 3, 2);
}

TEST_F(NetworkTest, refuses_an_mtu_that_no_link_has) {
    host.device.features |= NETWORK_FEATURE_MTU;
    host.device.configuration[10] = 67;
    host.device.configuration[11] = 0;
    VirtioNetwork bad(host.device.transport());
    EXPECT_ERROR(Error::Eproto, bad.init());
}

TEST_F(NetworkTest, gives_back_what_it_took_when_it_does_not_start) {
    const u64 before = frames.free_count();
    // Memory for nothing but rings, for the buffers of one queue, and so on.
    for (const usize left : {0U, 1U, 100U, 200U, 260U}) {
        std::vector<memory::DmaBuffer> taken;
        while (frames.free_count() > left) taken.push_back(MUST(memory::DmaBuffer::create(PAGE_SIZE)));
        {
            VirtioNetwork poor(host.device.transport());
            EXPECT_ERROR(Error::Enomem, poor.init()) << left;
        }
        taken.clear();
        ASSERT_EQ(frames.free_count(), before);
    }
}

// ---- Sending

TEST_F(NetworkTest, sends_frames_out_of_pieces) {
    start();
    const Bytes head = frame_of(14, 1);
    const Bytes tail = frame_of(100, 2);
    const std::span<const u8> pieces[] = {head, {}, tail};
    MUST(network->send(pieces, {}));
    ASSERT_EQ(host.sent.size(), 1U);
    Bytes whole = head;
    whole.insert(whole.end(), tail.begin(), tail.end());
    EXPECT_EQ(host.sent[0].bytes, whole);
    EXPECT_EQ(host.sent[0].header.flags, 0);
    EXPECT_EQ(network->sent().packets, 1U);
    EXPECT_EQ(network->sent().bytes, 114U);
}

TEST_F(NetworkTest, refuses_frames_of_a_wrong_size) {
    start();
    EXPECT_ERROR(Error::Emsgsize, send(frame_of(13)));
    EXPECT_ERROR(Error::Emsgsize, send(frame_of(1500 + 18 + 1)));
    MUST(send(frame_of(1500 + 18)));
    const Bytes large = frame_of(1000);
    const std::span<const u8> pieces[] = {large, large};
    EXPECT_ERROR(Error::Emsgsize, network->send(pieces, {}));
}

TEST_F(NetworkTest, leaves_checksums_and_cutting_to_the_device) {
    start(OFFLOADS);
    const Bytes segment = segment_of(60'000);
    MUST(send(segment, {.needs_checksum = true,
                        .checksum_start = 34,
                        .checksum_offset = 16,
                        .segment_size = 1460,
                        .header_size = 54}));
    const NetworkHeader& header = host.sent.at(0).header;
    EXPECT_EQ(header.flags, NETWORK_HEADER_NEEDS_CHECKSUM);
    EXPECT_EQ(header.checksum_start, 34);
    EXPECT_EQ(header.checksum_offset, 16);
    EXPECT_EQ(header.segmentation, NetworkSegmentation::TcpIpv4);
    EXPECT_EQ(header.segment_size, 1460);
    EXPECT_EQ(header.header_size, 54);
    EXPECT_EQ(host.sent[0].bytes, segment);
}

TEST_F(NetworkTest, refuses_offloads_that_make_no_sense) {
    start(OFFLOADS);
    const Bytes frame = frame_of(100);
    EXPECT_ERROR(Error::Einval,
                 send(frame, {.needs_checksum = true, .checksum_start = 83, .checksum_offset = 16}));
    EXPECT_ERROR(Error::Einval,
                 send(frame, {.needs_checksum = true, .checksum_start = 65535, .checksum_offset = 65535}));
    EXPECT_ERROR(Error::Einval, send(frame, {.segment_size = 10, .header_size = 54}));
    EXPECT_ERROR(Error::Einval,
                 send(frame, {.needs_checksum = true, .segment_size = 10, .header_size = 101}));
    EXPECT_TRUE(host.sent.empty());
}

TEST_F(NetworkTest, refuses_offloads_that_the_device_lacks) {
    start();
    EXPECT_ERROR(Error::Eopnotsupp, send(frame_of(100), {.needs_checksum = true}));
    EXPECT_ERROR(Error::Eopnotsupp, send(frame_of(100), {.needs_checksum = true, .segment_size = 10}));
}

TEST_F(NetworkTest, tells_when_there_is_room_again) {
    start(VIRTIO_FEATURE_EVENT_INDEX);
    host.sends = false;
    u32 count = 0;
    while (send(frame_of(60, count))) ++count;
    EXPECT_EQ(count, 256U);
    EXPECT_ERROR(Error::Enobufs, send(frame_of(60)));
    EXPECT_EQ(network->sent().dropped, 2U);
    poll_all();
    EXPECT_EQ(receiver.rooms, 0);
    host.send_all();
    host.device.interrupt();
    poll_all();
    EXPECT_EQ(receiver.rooms, 1);
    MUST(send(frame_of(60)));
    poll_all();
    EXPECT_EQ(receiver.rooms, 1);
    for (u32 i = 0; i < count; ++i) EXPECT_EQ(host.sent[i].bytes, frame_of(60, i));
}

TEST_F(NetworkTest, keeps_frames_whole_whatever_their_sizes_and_the_order_of_their_return) {
    start(NETWORK_FEATURE_MERGED_BUFFERS);
    host.sends = false;
    test::Random random;
    std::deque<Bytes> expected;
    std::vector<u32> returnable;
    u32 refused = 0;
    for (u32 step = 0; step < 4000; ++step) {
        const Bytes bytes = frame_of(14 + random.below(random.below(8) == 0 ? 65'000 : 1500), step);
        if (send(bytes))
            expected.push_back(bytes);
        else
            ++refused;
        for (usize turns = random.below(3); turns > 0; --turns) {
            if (const auto chain = host.device.pop(Host::TRANSMIT)) {
                ASSERT_EQ(Host::parse(*chain).bytes, expected.front());
                expected.pop_front();
                returnable.push_back(chain->id);
            }
        }
        while (returnable.size() > 5) {
            const usize place = random.below(returnable.size());
            host.device.use(Host::TRANSMIT, returnable[place], 0);
            returnable.erase(returnable.begin() + static_cast<std::ptrdiff_t>(place));
        }
    }
    EXPECT_GT(refused, 10U);
    EXPECT_LT(refused, 3500U);
}

// ---- Receiving

TEST_F(NetworkTest, receives_frames) {
    start();
    for (u32 i = 0; i < 600; ++i) {
        ASSERT_TRUE(host.deliver(frame_of(60 + i, i)));
        host.device.interrupt();
        poll_all();
    }
    ASSERT_EQ(receiver.frames.size(), 600U);
    for (u32 i = 0; i < 600; ++i) EXPECT_EQ(receiver.frames[i], frame_of(60 + i, i));
    EXPECT_EQ(network->received().packets, 600U);
    EXPECT_EQ(network->received().errors, 0U);
}

TEST_F(NetworkTest, puts_merged_buffers_together) {
    start(NETWORK_FEATURE_MERGED_BUFFERS);
    EXPECT_EQ(network->largest_mtu(), 65535U);
    for (const usize size : {60U, 2036U, 2037U, 9014U, 65'549U}) {
        ASSERT_TRUE(host.deliver(frame_of(size)));
        poll_all();
        ASSERT_FALSE(receiver.frames.empty());
        EXPECT_EQ(receiver.frames.back(), frame_of(size));
    }
}

TEST_F(NetworkTest, lets_others_run_after_a_while) {
    start();
    for (u32 i = 0; i < 100; ++i) ASSERT_TRUE(host.deliver(frame_of(60, i)));
    EXPECT_TRUE(network->poll());
    EXPECT_EQ(receiver.frames.size(), 64U);
    EXPECT_EQ(receiver.polls, 1);
    EXPECT_FALSE(host.device.wants_interrupt(Host::RECEIVE));
    EXPECT_FALSE(network->poll());
    EXPECT_EQ(receiver.frames.size(), 100U);
    EXPECT_TRUE(host.device.wants_interrupt(Host::RECEIVE));
}

TEST_F(NetworkTest, passes_on_what_the_device_says_of_a_frame) {
    start(OFFLOADS);
    NetworkHeader header{.flags = NETWORK_HEADER_IS_CHECKED, .buffers = 1};
    ASSERT_TRUE(host.deliver(header, frame_of(60)));
    header = {.flags = NETWORK_HEADER_NEEDS_CHECKSUM,
              .segmentation = NetworkSegmentation::TcpIpv4,
              .header_size = 7,
              .segment_size = 1448,
              .checksum_start = 34,
              .checksum_offset = 16,
              .buffers = 3};
    ASSERT_TRUE(host.deliver(header, segment_of(5000)));
    poll_all();
    ASSERT_EQ(receiver.offloads.size(), 2U);
    EXPECT_TRUE(receiver.offloads[0].is_checked);
    EXPECT_FALSE(receiver.offloads[0].needs_checksum);
    EXPECT_TRUE(receiver.offloads[1].needs_checksum);
    EXPECT_EQ(receiver.offloads[1].segment_size, 1448);
    EXPECT_EQ(receiver.offloads[1].header_size, 54);
    EXPECT_EQ(receiver.offloads[1].checksum_start, 34);
}

TEST_F(NetworkTest, follows_the_link) {
    start(NETWORK_FEATURE_STATUS);
    host.device.configuration[6] = 0;
    host.device.interrupt(2);
    poll_all();
    EXPECT_FALSE(network->is_link_up());
    host.device.interrupt(2);
    poll_all();
    host.device.configuration[6] = 1;
    host.device.interrupt(2);
    poll_all();
    EXPECT_EQ(receiver.links, (std::vector<bool>{false, true}));
    MUST(send(frame_of(60)));
}

// ---- Devices that break the rules

TEST_F(NetworkTest, drops_frames_whose_header_lies) {
    start(OFFLOADS);
    const Bytes frame = segment_of(46);
    const auto drops = [&](NetworkHeader header, const Bytes& bytes) {
        header.buffers = 1;
        const u64 before = network->received().errors;
        EXPECT_TRUE(host.deliver(header, bytes));
        poll_all();
        return receiver.frames.empty() && network->received().errors == before + 1;
    };
    constexpr u8 NEEDS = NETWORK_HEADER_NEEDS_CHECKSUM;
    constexpr auto TCP = NetworkSegmentation::TcpIpv4;
    EXPECT_TRUE(drops({.flags = NEEDS, .checksum_start = 99}, frame));
    EXPECT_TRUE(drops({.flags = NEEDS, .checksum_start = 0xffff, .checksum_offset = 0xffff}, frame));
    EXPECT_TRUE(drops({.segmentation = TCP, .segment_size = 9}, frame)) << "without a checksum";
    EXPECT_TRUE(drops({.flags = NEEDS, .segmentation = TCP}, frame)) << "no size";
    EXPECT_TRUE(drops({.flags = NEEDS, .segmentation = NetworkSegmentation::Udp, .segment_size = 9}, frame));
    EXPECT_TRUE(drops(
        {.flags = NEEDS, .segmentation = static_cast<NetworkSegmentation>(0x81), .segment_size = 9}, frame));
    EXPECT_TRUE(drops({}, frame_of(13)));
    EXPECT_TRUE(drops({}, {}));
    for (const auto [place, value] :
         {std::pair(12, 9), {14, 0x65}, {14, 0x44}, {14 + 9, 17}, {14 + 20 + 12, 0x40}, {14, 0x4f}}) {
        Bytes bad = segment_of(0);
        bad[static_cast<usize>(place)] = static_cast<u8>(value);
        EXPECT_TRUE(drops({.flags = NEEDS, .segmentation = TCP, .segment_size = 9}, bad)) << place;
    }
}

TEST_F(NetworkTest, drops_frames_with_what_was_not_negotiated) {
    start();
    EXPECT_TRUE(host.deliver({.flags = NETWORK_HEADER_NEEDS_CHECKSUM}, frame_of(60)));
    poll_all();
    EXPECT_EQ(network->received().errors, 1U);
    EXPECT_TRUE(host.deliver({.flags = NETWORK_HEADER_IS_CHECKED, .buffers = 77}, frame_of(60)));
    poll_all();
    ASSERT_EQ(receiver.offloads.size(), 1U);
    EXPECT_FALSE(receiver.offloads[0].is_checked);
}

TEST_F(NetworkTest, drops_frames_of_missing_or_too_many_buffers) {
    start(NETWORK_FEATURE_MERGED_BUFFERS);
    for (const u16 buffers : {u16{0}, u16{2}, u16{0xffff}}) {
        EXPECT_TRUE(host.deliver({.buffers = buffers}, frame_of(60)));
        poll_all();
    }
    EXPECT_EQ(network->received().errors, 3U);
    EXPECT_TRUE(host.deliver({.buffers = 40}, frame_of(40 * 2048 - 12)));
    poll_all();
    EXPECT_EQ(network->received().errors, 4U);
    EXPECT_TRUE(receiver.frames.empty());
    EXPECT_TRUE(host.deliver(frame_of(60)));
    poll_all();
    EXPECT_EQ(receiver.frames.size(), 1U);
}

TEST_F(NetworkTest, drops_frames_without_a_whole_header) {
    start();
    host.device.use(Host::RECEIVE, host.device.pop(Host::RECEIVE)->id, 11);
    host.device.use(Host::RECEIVE, host.device.pop(Host::RECEIVE)->id, 0);
    poll_all();
    EXPECT_EQ(network->received().errors, 2U);
}

TEST_F(NetworkTest, stops_using_a_device_that_breaks_the_rings) {
    start();
    host.device.use(Host::RECEIVE, 3, 5000);
    poll_all();
    EXPECT_EQ(host.device.status() & 128, 128);
    EXPECT_ERROR(Error::Enetdown, send(frame_of(60)));
    EXPECT_FALSE(network->poll());
}

TEST_F(NetworkTest, stops_sending_to_a_device_that_breaks_the_rings) {
    start();
    host.sends = false;
    MUST(send(frame_of(60)));
    host.device.use(Host::TRANSMIT, 200, 0);
    EXPECT_ERROR(Error::Enetdown, send(frame_of(60)));
    EXPECT_EQ(host.device.status() & 128, 128);
}

/// Any header and any length: no byte outside the buffers is read (address sanitizer), and frames are whole.
TEST_F(NetworkTest, survives_a_device_that_writes_anything) {
    start(OFFLOADS | NETWORK_FEATURE_STATUS | VIRTIO_FEATURE_EVENT_INDEX);
    test::Random random;
    for (int step = 0; step < 20'000; ++step) {
        const auto chain = host.device.pop(Host::RECEIVE);
        ASSERT_TRUE(chain.has_value());
        const std::span<u8> room = chain->writable.at(0);
        for (usize i = 0; i < 64; ++i) room[i] = random.byte();
        // Often values that lead further.
        if (random.below(2) == 0) room[0] = static_cast<u8>(random.below(4));
        if (random.below(2) == 0) room[1] = static_cast<u8>(random.below(2));
        if (random.below(2) == 0) std::memset(&room[6], 0, 4);
        room[10] = static_cast<u8>(random.below(3));
        room[11] = random.below(20) == 0 ? 1 : 0;
        host.device.use(Host::RECEIVE, chain->id,
                        static_cast<u32>(random.below(random.below(2) == 0 ? 80 : 2049)));
        if (random.below(3) == 0) host.device.interrupt(static_cast<u32>(1 + random.below(3)));
        if (random.below(8) == 0) poll_all();
        for (const FrameOffload& offload : receiver.offloads) {
            const usize size =
                receiver.frames[static_cast<usize>(&offload - receiver.offloads.data())].size();
            if (offload.needs_checksum) {
                ASSERT_LE(usize{offload.checksum_start} + offload.checksum_offset + 2, size);
            }
            if (offload.segment_size != 0) {
                ASSERT_LE(offload.header_size, size);
            }
            ASSERT_GE(size, 14U);
        }
        receiver.frames.clear();
        receiver.offloads.clear();
    }
    EXPECT_GT(network->received().packets, 100U);
    EXPECT_GT(network->received().errors, 100U);
}

}  // namespace
}  // namespace exo::drivers
