// Unix sockets with senders, receivers, closes and the collector of circles on several CPUs: meant for the thread sanitizer.
#include "ipc/unix/unix_socket.hpp"

#include <array>

#include "ipc/concurrent_machine.hpp"
#include "ipc/unix/in_flight.hpp"
#include "support/random.hpp"

namespace exo::ipc {
namespace {

using abi::SocketType;
using test::FsMachine;
using test::Random;
using test::Threads;

SocketPair make_pair_of(SocketType type, abi::OpenFlags flags = {}) {
    concurrent_machine();
    return MUST(create_unix_pair(type, flags, fs::KERNEL_CREDENTIALS, {}));
}
UnixEnd& end_of(const Ref<Socket>& socket) { return static_cast<UnixSocket&>(*socket).end(); }
u64 free_frames() { return test::HostedFrames::free_count(); }

/// Passes `passed` on with one byte.
Result<> pass(const Ref<Socket>& through, const Ref<Socket>& passed) {
    const u8 byte = 'x';
    vm::InBuffer data = vm::InBuffer::from_kernel({&byte, 1});
    Message message;
    TRY(message.capabilities.push({passed, security::ALL_RIGHTS}));
    const SendContext context{.wait = {.may_block = false},
                              .send_buffer = DEFAULT_BUFFER,
                              .payer = MUST(security::UserRecord::of(7)),
                              .most_in_flight = ~0ULL};
    if (through->type() == SocketType::Stream) {
        TRY(end_of(through).send_stream(data, message, context));
    } else {
        TRY(end_of(through).send_packet(data, message, context, nullptr));
    }
    return {};
}
/// What has been passed to it; null: nothing.
Ref<Socket> receive(const Ref<Socket>& socket) {
    u8 byte = 0;
    vm::OutBuffer data = vm::OutBuffer::from_kernel({&byte, 1});
    Message message;
    message.flags = abi::MessageFlags::DontWait;
    if (!socket->receive(data, message) || message.capabilities.is_empty()) return nullptr;
    return static_ref_cast<Socket>(message.capabilities[0].object);
}

TEST(concurrency, packets_of_several_senders_arrive_whole_and_in_order) {
    constexpr u32 PACKETS = 400;
    for (const SocketType type : {SocketType::Stream, SocketType::Dgram, SocketType::Seqpacket}) {
        SocketPair pair = make_pair_of(type);
        std::array<u32, 3> next{};
        Threads threads;
        for (u32 writer = 0; writer < 3; ++writer) {
            threads.start(writer, [&, writer] {
                for (u32 i = 0; i < PACKETS; ++i) {
                    const std::array<u32, 2> words{writer, i};
                    const std::string_view bytes(reinterpret_cast<const char*>(words.data()), sizeof(words));
                    ASSERT_EQ(MUST(FsMachine::write(*pair.first, bytes)), sizeof(words));
                }
            });
        }
        threads.start(3, [&] {
            for (u32 i = 0; i < 3 * PACKETS; ++i) {
                const std::string bytes = MUST(FsMachine::read(*pair.second, 8));
                ASSERT_EQ(bytes.size(), 8U);
                std::array<u32, 2> words;
                std::memcpy(words.data(), bytes.data(), sizeof(words));
                ASSERT_EQ(words[1], next.at(words[0])++);
            }
        });
        threads.join();
        EXPECT_EQ(next, (std::array<u32, 3>{PACKETS, PACKETS, PACKETS}));
    }
}

TEST(concurrency, a_close_ends_what_waits) {
    for (u32 round = 0; round < 100; ++round) {
        SocketPair pair = make_pair_of(round % 2 == 0 ? SocketType::Stream : SocketType::Seqpacket);
        std::string many(300000, 'm');
        Threads threads;
        threads.start(0, [&] {
            const auto end = FsMachine::read(*pair.first, 8);
            EXPECT_TRUE(end ? end->empty() : end.error() == Error::Econnreset);
        });
        threads.start(1, [&] {
            if (pair.first->type() == SocketType::Stream) (void)FsMachine::write(*pair.first, many);
        });
        threads.start(2, [&] {
            if (pair.second->type() == SocketType::Stream) (void)FsMachine::read(*pair.second, 100);
            pair.second = nullptr;
        });
        threads.join();
    }
}

/// Sockets that carry themselves and each other are gone in the end, and one that can be received is not lost.
TEST(concurrency, circles_of_sockets_are_collected) {
    concurrent_machine();
    const u64 before = free_frames();
    {
        SocketPair hub = make_pair_of(SocketType::Dgram, abi::OpenFlags::Nonblock);
        std::atomic<u32> passed{0};
        std::atomic<u32> received{0};
        Threads threads;
        for (u32 cpu = 0; cpu < test::CPUS; ++cpu) {
            threads.start(cpu, [&, cpu] {
                Random random(cpu);
                for (u32 round = 0; round < 150; ++round) {
                    SocketPair one =
                        make_pair_of(random.below(2) == 0 ? SocketType::Stream : SocketType::Dgram);
                    const SocketPair other = make_pair_of(SocketType::Stream);
                    EXPECT_TRUE(pass(one.first, one.second));
                    EXPECT_TRUE(pass(one.first, other.second));
                    EXPECT_TRUE(pass(other.first, one.second));
                    // Through the hub it stays reachable, with what waits in it.
                    if (random.below(2) == 0 && pass(hub.first, one.second)) ++passed;
                    one = {};
                    if (const Ref<Socket> found = receive(hub.second)) {
                        ++received;
                        EXPECT_TRUE(receive(found));
                    }
                }
            });
        }
        threads.join();
        while (receive(hub.second)) ++received;
        EXPECT_EQ(passed, received);
        EXPECT_TRUE(threads.are_gone());
    }
    collect_circles();
    EXPECT_EQ(free_frames(), before);
}

}  // namespace
}  // namespace exo::ipc
