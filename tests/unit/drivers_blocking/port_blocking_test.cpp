// Ports with real threads: who waits is woken. A program of its own, because a scheduler starts once.
#include <gtest/gtest.h>

#include <string>

#include "drivers/fake_console_host.hpp"
#include "drivers/virtio/console.hpp"
#include "scheduler/scheduler.hpp"
#include "support/hosted_frames.hpp"
#include "utils/bytes.hpp"

namespace exo::drivers {
namespace {

using scheduler::SCHEDULER;

struct Machine {
    Machine() {
        MUST(SCHEDULER.init());
        host.device.interrupt_line = [this] { console.on_interrupt(); };
        MUST(console.init());
        MUST(console.start_control_thread());
        run();
        host.send(1, ConsoleEvent::PortAdd, 1);
        host.send(1, ConsoleEvent::PortOpen, 1);
        host.device.interrupt();
        run();
    }
    Port& port() { return *console.port(1); }
    /// Lets the other threads run until they wait.
    static void run() {
        for (int i = 0; i < 20; ++i) SCHEDULER.yield_now();
    }

    test::HostedFrames frames{1024};
    test::FakeConsoleHost host;
    VirtioConsole console{host.device.transport()};
};

Machine& machine() {
    // Never destroyed: its threads would have to be, too.
    static Machine& the_machine = *new Machine;
    return the_machine;
}

/// What a thread of its own reports of one call.
struct Call {
    bool has_returned = false;
    Result<usize> result = 0uz;
    std::string bytes;
};

Call& start(void (*body)(void*), std::string_view name) {
    Call& call = *new Call;
    auto thread = MUST(scheduler::Thread::create(name, body, &call, scheduler::ThreadPriority::Normal));
    SCHEDULER.start_thread(std::move(thread));
    Machine::run();
    return call;
}

void read_some(void* argument) {
    Call& call = *static_cast<Call*>(argument);
    u8 bytes[64];
    auto out = vm::OutBuffer::from_kernel(bytes);
    call.result = machine().port().read(out, Blocking::Yes);
    if (call.result) call.bytes = as_text(std::span(bytes).first(*call.result));
    call.has_returned = true;
}

void write_much(void* argument) {
    Call& call = *static_cast<Call*>(argument);
    const std::string much(100'000, 'x');
    auto in = vm::InBuffer::from_kernel(as_bytes(much));
    call.result = machine().port().write(in, Blocking::Yes);
    call.has_returned = true;
}

void drain(void* argument) {
    Call& call = *static_cast<Call*>(argument);
    if (const auto drained = machine().port().drain(scheduler::WaitMode::Interruptible); !drained)
        call.result = drained.error();
    call.has_returned = true;
}

TEST(port_blocking, the_control_thread_introduces_ports) {
    ASSERT_NE(machine().console.port(1), nullptr);
    EXPECT_FALSE(machine().console.is_broken());
}

TEST(port_blocking, a_reader_sleeps_until_bytes_come) {
    Call& call = start(read_some, "reader");
    EXPECT_FALSE(call.has_returned);
    EXPECT_TRUE(machine().host.device.deliver(port_receive_queue(1), "hello"));
    machine().host.device.interrupt();
    Machine::run();
    ASSERT_TRUE(call.has_returned);
    EXPECT_EQ(call.bytes, "hello");
}

TEST(port_blocking, a_writer_sleeps_until_the_host_reads) {
    auto& host = machine().host;
    host.takes_output = false;
    Call& call = start(write_much, "writer");
    Call& drained = start(drain, "drainer");
    for (int i = 0; i < 100 && !call.has_returned; ++i) {
        EXPECT_FALSE(drained.has_returned);
        host.take_output(port_transmit_queue(1));
        host.device.interrupt();
        Machine::run();
    }
    ASSERT_TRUE(call.has_returned);
    EXPECT_EQ(MUST(Result<usize>(call.result)), 100'000U);
    host.take_output(port_transmit_queue(1));
    host.device.interrupt();
    Machine::run();
    EXPECT_TRUE(drained.has_returned);
    EXPECT_EQ(host.output[port_transmit_queue(1)], std::string(100'000, 'x'));
}

TEST(port_blocking, the_hosts_close_ends_all_waits) {
    auto& host = machine().host;
    Call& reader = start(read_some, "reader");
    Call& writer = start(write_much, "writer");
    EXPECT_FALSE(reader.has_returned || writer.has_returned);
    host.send(1, ConsoleEvent::PortOpen, 0);
    host.device.interrupt();
    Machine::run();
    ASSERT_TRUE(reader.has_returned && writer.has_returned);
    EXPECT_EQ(MUST(Result<usize>(reader.result)), 0U);
    EXPECT_LT(MUST(Result<usize>(writer.result)), 100'000U) << "what was taken before";
    EXPECT_ERROR(Error::Epipe, start(write_much, "late").result);
}

}  // namespace
}  // namespace exo::drivers
