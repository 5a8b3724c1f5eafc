// The host's side of a virtio network card.
#pragma once

#include <deque>
#include <vector>

#include "drivers/fake_virtio.hpp"
#include "drivers/virtio/network_header.hpp"

namespace exo::test {

class FakeNetworkHost {
  public:
    static constexpr u16 RECEIVE = 0;
    static constexpr u16 TRANSMIT = 1;
    using Bytes = std::vector<u8>;

    struct Frame {
        drivers::NetworkHeader header;
        Bytes bytes;
    };

    FakeNetworkHost() {
        device.type = 1;
        device.queue_limit = 256;
        device.features |= drivers::NETWORK_FEATURE_ADDRESS;
        device.configuration = {0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, 1, 0, 0xdc, 0x05};
        device.on_notify = [this](u16 queue) {
            if (queue == TRANSMIT && sends) send_all();
        };
    }
    /// Takes what the driver gave, as long as it gives more.
    void send_all() {
        while (const auto chain = device.pop(TRANSMIT)) {
            sent.push_back(parse(*chain));
            device.use(TRANSMIT, chain->id, 0);
        }
    }
    static Frame parse(const FakeVirtio::Chain& chain) {
        Frame frame;
        EXPECT_GE(chain.readable.size(), sizeof(frame.header));
        std::memcpy(&frame.header, chain.readable.data(), sizeof(frame.header));
        frame.bytes.assign(chain.readable.begin() + sizeof(frame.header), chain.readable.end());
        return frame;
    }
    /// Delivers header and bytes in as many buffers as they need; false if there are not enough.
    bool deliver(const drivers::NetworkHeader& header, const Bytes& bytes) {
        Bytes all(sizeof(header));
        std::memcpy(all.data(), &header, sizeof(header));
        all.insert(all.end(), bytes.begin(), bytes.end());
        for (usize done = 0; done < all.size();) {
            const auto chain = device.pop(RECEIVE);
            if (!chain) return false;
            const usize count = std::min(all.size() - done, chain->room());
            std::memcpy(chain->writable.at(0).data(), all.data() + done, count);
            device.use(RECEIVE, chain->id, static_cast<u32>(count));
            done += count;
        }
        return true;
    }
    /// The same, with a header that is right for the bytes and says nothing else.
    bool deliver(const Bytes& bytes) {
        drivers::NetworkHeader header;
        header.buffers = static_cast<u16>((bytes.size() + sizeof(header) + 2047) / 2048);
        return deliver(header, bytes);
    }

    FakeVirtio device;
    std::deque<Frame> sent;
    bool sends = true;
};

}  // namespace exo::test
