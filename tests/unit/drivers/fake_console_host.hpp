// The host's side of a virtio console.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "drivers/fake_virtio.hpp"
#include "drivers/virtio/console_protocol.hpp"

namespace exo::test {

using drivers::ConsoleEvent;
using drivers::ConsoleMessage;

/// A host with a console of eight ports, which answers as QEMU does.
class FakeConsoleHost {
  public:
    FakeConsoleHost() {
        device.features |= drivers::CONSOLE_FEATURE_MULTIPORT;
        device.configuration = {80, 0, 25, 0, 8, 0, 0, 0};
        device.on_notify = [this](u16 queue) {
            if (queue == drivers::CONTROL_TRANSMIT_QUEUE) take_messages();
            if (takes_output && queue % 2 == 1 && queue != drivers::CONTROL_TRANSMIT_QUEUE)
                take_output(queue);
        };
    }
    void send(u32 port, ConsoleEvent event, u16 value, std::string_view text = "") {
        std::string bytes(sizeof(ConsoleMessage), '\0');
        const ConsoleMessage message{port, event, value};
        std::memcpy(bytes.data(), &message, sizeof(message));
        EXPECT_TRUE(device.deliver(drivers::CONTROL_RECEIVE_QUEUE, bytes.append(text)));
    }
    void take_output(u16 queue) {
        while (const auto chain = device.pop(queue)) {
            output[queue].append(chain->readable.begin(), chain->readable.end());
            device.use(queue, chain->id, 0);
        }
    }

    FakeVirtio device;
    std::map<u16, std::string> output;
    std::vector<std::tuple<u32, ConsoleEvent, u16>> messages;
    bool takes_output = true;

  private:
    void take_messages() {
        while (const auto chain = device.pop(drivers::CONTROL_TRANSMIT_QUEUE)) {
            ConsoleMessage message;
            ASSERT_EQ(chain->readable.size(), sizeof(message));
            std::memcpy(&message, chain->readable.data(), sizeof(message));
            messages.emplace_back(message.port, message.event, message.value);
            device.use(drivers::CONTROL_TRANSMIT_QUEUE, chain->id, 0);
        }
    }
};

}  // namespace exo::test
