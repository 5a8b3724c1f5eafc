#include "drivers/virtio/console.hpp"

#include <gtest/gtest.h>

#include "drivers/fake_console_host.hpp"
#include "support/failing_allocations.hpp"
#include "support/hosted_frames.hpp"
#include "support/random.hpp"
#include "utils/bytes.hpp"

namespace exo::drivers {
namespace {

using test::FakeVirtio;
using Host = test::FakeConsoleHost;

class Listener final : public PortListener {
  public:
    void port_changed(Port& port) override {
        seen.push_back(std::to_string(port.id()) + ":" + std::string(port.name()));
    }
    std::vector<std::string> seen;
};

class ConsoleTest : public testing::Test {
  protected:
    ConsoleTest() {
        host.device.interrupt_line = [this] { console.on_interrupt(); };
        console.set_listener(listener);
        MUST(console.init());
    }
    void work() {
        host.device.interrupt();
        console.process_control();
    }
    /// Port `id` as the host introduces it.
    Port& add_port(u32 id, std::string_view name) {
        host.send(id, ConsoleEvent::PortAdd, 1);
        work();
        if (!name.empty()) host.send(id, ConsoleEvent::PortName, 1, name);
        host.send(id, ConsoleEvent::PortOpen, 1);
        work();
        EXPECT_NE(console.port(id), nullptr);
        return *console.port(id);
    }
    void deliver(u32 id, std::string_view text) {
        ASSERT_TRUE(host.device.deliver(port_receive_queue(id), text));
        host.device.interrupt();
    }

    test::HostedFrames frames{256};
    Host host;
    Listener listener;
    VirtioConsole console{host.device.transport()};
};

Result<std::string> read(Port& port, usize limit = 65536) {
    std::vector<u8> bytes(limit);
    auto out = vm::OutBuffer::from_kernel(bytes);
    const usize count = TRY(port.read(out, Blocking::No));
    return std::string(bytes.begin(), bytes.begin() + static_cast<isize>(count));
}

Result<usize> write(Port& port, std::string_view text) {
    auto in = vm::InBuffer::from_kernel(as_bytes(text));
    return port.write(in, Blocking::No);
}

using Event = std::tuple<u32, ConsoleEvent, u16>;

TEST_F(ConsoleTest, introduces_ports) {
    EXPECT_EQ(host.messages, (std::vector<Event>{{0, ConsoleEvent::DeviceReady, 1}}));
    EXPECT_TRUE(host.device.is_enabled(port_transmit_queue(7)));
    Port& port = add_port(1, "exo.control");
    EXPECT_EQ(host.messages.back(), (Event{1, ConsoleEvent::PortReady, 1}));
    EXPECT_EQ(port.name(), "exo.control");
    EXPECT_FALSE(port.is_console());
    EXPECT_EQ(console.find_port("exo.control"), &port);
    EXPECT_EQ(console.find_port("other"), nullptr);
    EXPECT_EQ(listener.seen, (std::vector<std::string>{"1:", "1:exo.control"}));
    Port& terminal = add_port(0, "");
    host.send(0, ConsoleEvent::ConsolePort, 1);
    work();
    EXPECT_TRUE(terminal.is_console());
    MUST(port.open());
    EXPECT_EQ(host.messages.back(), (Event{1, ConsoleEvent::PortOpen, 1}));
    EXPECT_ERROR(Error::Ebusy, port.open());
    port.close();
    EXPECT_EQ(host.messages.back(), (Event{1, ConsoleEvent::PortOpen, 0}));
    MUST(port.open());
}

TEST_F(ConsoleTest, carries_bytes_both_ways) {
    Port& port = add_port(2, "exo.stdin");
    EXPECT_FALSE(port.is_readable());
    EXPECT_TRUE(port.is_writable());
    EXPECT_ERROR(Error::Eagain, read(port));
    deliver(2, "hello ");
    deliver(2, "world");
    EXPECT_TRUE(port.is_readable());
    EXPECT_EQ(port.readable_bytes(), 11U);
    EXPECT_EQ(MUST(read(port, 3)), "hel");
    EXPECT_EQ(MUST(read(port)), "lo world");
    EXPECT_EQ(MUST(write(port, "answer")), 6U);
    EXPECT_EQ(host.output[port_transmit_queue(2)], "answer");
    EXPECT_EQ(MUST(write(port, "")), 0U);
}

TEST_F(ConsoleTest, loses_nothing_of_much) {
    Port& port = add_port(1, "p");
    test::Random random;
    std::string sent;
    std::string received;
    std::string written;
    for (int step = 0; step < 5000; ++step) {
        const std::string piece(1 + random.below(4096), static_cast<char>('a' + random.below(26)));
        if (host.device.deliver(port_receive_queue(1), piece)) sent += piece;
        if (random.one_in(2)) host.device.interrupt();
        if (random.one_in(2)) {
            if (const auto got = read(port, 1 + random.below(10000))) received += *got;
        }
        host.takes_output = random.one_in(3);
        if (host.takes_output) host.take_output(port_transmit_queue(1));
        if (const auto count = write(port, piece)) written += piece.substr(0, *count);
    }
    host.device.interrupt();
    while (const auto rest = read(port)) received += *rest;
    host.take_output(port_transmit_queue(1));
    EXPECT_EQ(received, sent);
    EXPECT_EQ(host.output[port_transmit_queue(1)], written);
    EXPECT_GT(sent.size(), 1'000'000U);
}

TEST_F(ConsoleTest, is_full_until_the_host_reads) {
    Port& port = add_port(1, "p");
    host.takes_output = false;
    const std::string much(100'000, 'x');
    const usize room = Port::QUEUE_SIZE * Port::BUFFER_SIZE;
    EXPECT_EQ(MUST(write(port, much)), room);
    EXPECT_FALSE(port.is_writable());
    EXPECT_TRUE(host.device.wants_interrupt(port_transmit_queue(1)))
        << "asked for, because somebody may wait";
    EXPECT_ERROR(Error::Eagain, write(port, much));
    host.take_output(port_transmit_queue(1));
    host.device.interrupt();
    EXPECT_TRUE(port.is_writable());
    EXPECT_EQ(MUST(write(port, "more")), 4U);
    EXPECT_FALSE(host.device.wants_interrupt(port_transmit_queue(1)));
}

TEST_F(ConsoleTest, ends_after_the_last_byte_when_the_host_closes) {
    Port& port = add_port(1, "p");
    ASSERT_TRUE(host.device.deliver(port_receive_queue(1), "last"));
    host.send(1, ConsoleEvent::PortOpen, 0);
    console.process_control();  // before any interrupt told of the bytes
    EXPECT_TRUE(port.has_hung_up());
    EXPECT_EQ(MUST(read(port, 2)), "la");
    EXPECT_EQ(MUST(read(port)), "st");
    EXPECT_EQ(MUST(read(port)), "");
    EXPECT_TRUE(port.is_readable());
    EXPECT_TRUE(port.is_writable());
    EXPECT_ERROR(Error::Epipe, write(port, "x"));
    MUST(port.drain(scheduler::WaitMode::Uninterruptible));
    host.send(1, ConsoleEvent::PortOpen, 1);
    work();
    EXPECT_ERROR(Error::Eagain, read(port)) << "open again";
    EXPECT_EQ(MUST(write(port, "x")), 1U);
}

TEST_F(ConsoleTest, waits_for_a_host_that_has_not_opened_yet) {
    host.send(3, ConsoleEvent::PortAdd, 1);
    work();
    Port& port = *console.port(3);
    EXPECT_FALSE(port.is_writable());
    EXPECT_ERROR(Error::Eagain, write(port, "x"));
    EXPECT_ERROR(Error::Eagain, read(port));
    EXPECT_FALSE(port.has_hung_up());
}

TEST_F(ConsoleTest, forgets_unread_input_on_close) {
    Port& port = add_port(1, "p");
    MUST(port.open());
    for (u16 i = 0; i < Port::QUEUE_SIZE; ++i) deliver(1, "old");
    EXPECT_FALSE(host.device.deliver(port_receive_queue(1), "no room"));
    port.close();
    EXPECT_ERROR(Error::Eagain, read(port));
    deliver(1, "new");
    EXPECT_EQ(MUST(read(port)), "new");
}

TEST_F(ConsoleTest, survives_the_removal_of_a_port) {
    Port& port = add_port(1, "p");
    MUST(port.open());
    host.send(1, ConsoleEvent::PortRemove, 1);
    work();
    EXPECT_EQ(MUST(read(port)), "");
    EXPECT_ERROR(Error::Epipe, write(port, "x"));
    port.close();
    EXPECT_ERROR(Error::Enodev, port.open());
    host.send(1, ConsoleEvent::PortAdd, 1);
    host.send(1, ConsoleEvent::PortOpen, 1);
    work();
    MUST(port.open());
    EXPECT_EQ(MUST(write(port, "x")), 1U);
}

TEST_F(ConsoleTest, ignores_messages_that_make_no_sense) {
    host.send(8, ConsoleEvent::PortAdd, 1);
    host.send(UINT32_MAX, ConsoleEvent::PortAdd, 1);
    host.send(5, ConsoleEvent::PortOpen, 1);
    host.send(5, ConsoleEvent::PortName, 1, "nobody");
    host.send(1, static_cast<ConsoleEvent>(999), 1);
    ASSERT_TRUE(host.device.deliver(CONTROL_RECEIVE_QUEUE, "short"));
    ASSERT_TRUE(host.device.deliver(CONTROL_RECEIVE_QUEUE, ""));
    work();
    for (u32 id = 0; id < 40; ++id) EXPECT_EQ(console.port(id), nullptr);
    add_port(1, "first");
    host.send(1, ConsoleEvent::PortName, 1, "second");
    host.send(1, ConsoleEvent::PortAdd, 1);
    work();
    EXPECT_EQ(console.port(1)->name(), "first");
    EXPECT_FALSE(console.is_broken());
}

TEST_F(ConsoleTest, a_hostile_data_queue_ends_its_port_only) {
    Port& port = add_port(1, "p");
    Port& other = add_port(2, "q");
    host.device.use(port_receive_queue(1), 3, 100'000);
    host.device.interrupt();
    EXPECT_TRUE(port.has_hung_up());
    EXPECT_EQ(MUST(read(port)), "");
    EXPECT_ERROR(Error::Epipe, write(port, "x"));
    EXPECT_EQ(MUST(write(other, "x")), 1U);
    host.device.set_used_index(port_transmit_queue(2), 77);
    host.device.interrupt();
    EXPECT_ERROR(Error::Epipe, write(other, "x"));
}

TEST_F(ConsoleTest, a_hostile_control_queue_ends_the_messages) {
    Port& port = add_port(1, "p");
    host.device.use(CONTROL_RECEIVE_QUEUE, 99, 8);
    work();
    EXPECT_TRUE(console.is_broken());
    EXPECT_EQ(MUST(write(port, "still works")), 11U);
    host.device.set_used_index(CONTROL_TRANSMIT_QUEUE, 1234);
    EXPECT_ERROR(Error::Eio, port.open());
}

TEST_F(ConsoleTest, an_interrupt_that_never_ends_does_not_hang) {
    class Stuck final : public test::FakeRegisters {
      public:
        using FakeRegisters::FakeRegisters;
        u32 read32(u32 offset) override { return offset == 0x60 ? 1 : FakeRegisters::read32(offset); }
    };
    VirtioConsole stuck{
        MUST(MmioTransport::open(Box<RegisterBlock>(new Stuck(host.device)), 0x200, test::fresh_line()))};
    MUST(stuck.init());
    stuck.on_interrupt();
}

TEST(console, of_a_device_without_ports_is_one_terminal) {
    const test::HostedFrames frames{256};
    Host host;
    host.device.features = VIRTIO_FEATURE_VERSION_1;
    VirtioConsole console{host.device.transport()};
    MUST(console.init());
    ASSERT_NE(console.port(0), nullptr);
    EXPECT_TRUE(console.port(0)->is_console());
    MUST(console.port(0)->open());
    EXPECT_EQ(MUST(write(*console.port(0), "text")), 4U);
    EXPECT_EQ(host.output[1], "text");
}

/// From the empty slot to a named port, as far as it gets.
void start_with_one_port(Host& host) {
    auto transport = MmioTransport::open(Box<RegisterBlock>(new test::FakeRegisters(host.device)), 0x200,
                                         test::fresh_line());
    if (!transport) {
        EXPECT_EQ(transport.error(), Error::Enomem);
        return;
    }
    const auto console = std::make_unique<VirtioConsole>(std::move(*transport));
    if (!console->init()) return;
    host.send(1, ConsoleEvent::PortAdd, 1);
    host.send(1, ConsoleEvent::PortName, 1, "a name that is rather long");
    console->process_control();
    const u16 ready = console->port(1) != nullptr ? 1 : 0;
    EXPECT_EQ(host.messages.back(), (Event{1, ConsoleEvent::PortReady, ready}));
}

TEST(console, gives_everything_back_when_memory_is_short) {
    const test::HostedFrames frames{256};
    start_with_one_port(*std::make_unique<Host>());  // what is kept for ever is there now
    const u64 free = test::HostedFrames::free_count();
    const usize allocations =
        test::for_each_failing_allocation([] { start_with_one_port(*std::make_unique<Host>()); });
    EXPECT_GE(allocations, 3U);
    EXPECT_EQ(test::HostedFrames::free_count(), free);
}

TEST(console, gives_everything_back_when_frames_are_short) {
    for (usize pages = 8; pages < 64; ++pages) {
        const test::HostedFrames frames{pages};
        const u64 free = test::HostedFrames::free_count();
        start_with_one_port(*std::make_unique<Host>());
        EXPECT_EQ(test::HostedFrames::free_count(), free) << pages;
    }
}

}  // namespace
}  // namespace exo::drivers
