// Unix sockets with senders, receivers, closes and the collector of circles on several CPUs: meant for the thread sanitizer.
#include "ipc/unix/unix_socket.hpp"

#include <algorithm>
#include <array>

#include "ipc/concurrent_machine.hpp"
#include "ipc/unix/in_flight.hpp"
#include "support/random.hpp"

namespace exo::ipc {
namespace {

using abi::SocketType;
using test::CPUS;
using test::FsMachine;
using test::Random;
using test::Threads;

constexpr u32 THREADS = 8;

/// One word that a thread sends: the thread's number, and how many words the thread has sent before.
struct Word {
    u32 writer = 0;
    u32 number = 0;
    std::string_view bytes() const { return {reinterpret_cast<const char*>(this), sizeof(*this)}; }
    static Word from(std::string_view bytes) {
        Word word;
        EXPECT_EQ(bytes.size(), sizeof(word));
        std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof(word)));
        return word;
    }
};

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
        for (u32 number = 0; number < THREADS; ++number) {
            threads.start(number % CPUS, [&, number] {
                Random random(number);
                for (u32 round = 0; round < 80; ++round) {
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

/// Four threads send and four receive. Each word arrives once, and those of a writer reach a reader in their order.
TEST(concurrency, every_word_reaches_one_of_several_readers) {
    constexpr u32 WRITERS = THREADS / 2;
    constexpr u32 WORDS = 400;
    for (const SocketType type : {SocketType::Stream, SocketType::Dgram, SocketType::Seqpacket}) {
        SocketPair pair = make_pair_of(type);
        std::vector<std::atomic<u32>> seen(WRITERS * WORDS);
        std::atomic<u32> taken{0};
        Threads threads;
        for (u32 writer = 0; writer < WRITERS; ++writer) {
            threads.start(writer % CPUS, [&, writer] {
                for (u32 number = 0; number < WORDS; ++number)
                    ASSERT_EQ(MUST(FsMachine::write(*pair.first, Word{writer, number}.bytes())), sizeof(Word));
            });
        }
        for (u32 reader = 0; reader < THREADS - WRITERS; ++reader) {
            threads.start(reader % CPUS, [&] {
                std::array<u32, WRITERS> next{};
                while (taken.fetch_add(1) < WRITERS * WORDS) {
                    const Word word = Word::from(MUST(FsMachine::read(*pair.second, sizeof(Word))));
                    ASSERT_LT(word.writer, WRITERS);
                    ASSERT_GE(word.number, next.at(word.writer));
                    next.at(word.writer) = word.number + 1;
                    ++seen.at(word.writer * WORDS + word.number);
                }
            });
        }
        threads.join();
        for (const auto& count : seen) EXPECT_EQ(count, 1U);
        EXPECT_TRUE(threads.are_gone());
    }
}

Address abstract(u32 number) {
    Address address;
    const std::array<u8, 6> bytes{
        1, 0, 0, 'd', static_cast<u8>('0' + number / 10), static_cast<u8>('0' + number % 10)};
    std::ranges::copy(bytes, address.bytes.begin());
    address.size = bytes.size();
    return address;
}
Ref<Socket> make_bound(SocketType type, u32 number) {
    const Ref<Socket> socket = MUST(create_unix_socket(type, {}, fs::KERNEL_CREDENTIALS));
    MUST(socket->bind(abstract(number), concurrent_machine().caller()));
    return socket;
}
Result<usize> send_word(Socket& socket, Word word, const Address& to, abi::MessageFlags flags) {
    vm::InBuffer data = vm::InBuffer::from_kernel({reinterpret_cast<const u8*>(&word), sizeof(word)});
    Message message;
    message.address = to;
    message.flags = flags;
    const Ref<security::UserRecord> payer = MUST(security::UserRecord::of(7));
    return socket.send(data, message, concurrent_machine().caller(),
                       {.self = {}, .payer = payer.get(), .most_in_flight = ~0ULL});
}
Result<Word> receive_word(Socket& socket, abi::MessageFlags flags) {
    Word word;
    vm::OutBuffer data = vm::OutBuffer::from_kernel({reinterpret_cast<u8*>(&word), sizeof(word)});
    Message message;
    message.flags = flags;
    const usize size = TRY(socket.receive(data, message));
    if (size == 0) return Error::Econnreset;  // no word is empty: the connection has ended
    EXPECT_EQ(size, sizeof(word));
    return word;
}

/// Eight sockets with names send to each other, to themselves and to a name that comes and goes.
TEST(concurrency, datagrams_to_names_arrive_once_and_in_order) {
    concurrent_machine();
    constexpr u32 WORDS = 300;
    constexpr u32 COMING_AND_GOING = THREADS;
    const u64 before = free_frames();
    {
        std::array<std::array<std::atomic<u32>, THREADS>, THREADS> sent{};
        std::array<std::array<u32, THREADS>, THREADS> received{};
        std::array<Ref<Socket>, THREADS> sockets;
        for (u32 number = 0; number < THREADS; ++number)
            sockets.at(number) = make_bound(SocketType::Dgram, number);
        Threads threads;
        const auto take = [&](u32 self) {
            while (const Result<Word> word = receive_word(*sockets.at(self), abi::MessageFlags::DontWait)) {
                u32& last = received.at(self).at(word->writer);
                ASSERT_EQ(word->number, last++);
            }
        };
        for (u32 self = 0; self < THREADS; ++self) {
            threads.start(self % CPUS, [&, self] {
                Random random(self);
                Ref<Socket> other;
                for (u32 i = 0; i < WORDS; ++i) {
                    const auto to = static_cast<u32>(random.below(THREADS));
                    const Word word{self, sent.at(to).at(self)};
                    const auto result =
                        send_word(*sockets.at(self), word, abstract(to), abi::MessageFlags::DontWait);
                    if (result)
                        ++sent.at(to).at(self);
                    else
                        EXPECT_ERROR(Error::Eagain, result);
                    if (random.one_in(3)) take(self);
                    // The socket that has the name at this time gets the word. Another socket may have the name later.
                    const auto lost = send_word(*sockets.at(self), word, abstract(COMING_AND_GOING),
                                                abi::MessageFlags::DontWait);
                    EXPECT_TRUE(lost || lost.error() == Error::Econnrefused || lost.error() == Error::Eagain);
                    if (random.one_in(4)) {
                        other = MUST(create_unix_socket(SocketType::Dgram, {}, fs::KERNEL_CREDENTIALS));
                        const auto bound =
                            other->bind(abstract(COMING_AND_GOING), concurrent_machine().caller());
                        EXPECT_TRUE(bound || bound.error() == Error::Eaddrinuse);
                    }
                    if (random.one_in(4)) other = nullptr;
                }
            });
        }
        threads.join();
        for (u32 self = 0; self < THREADS; ++self) {
            take(self);
            for (u32 writer = 0; writer < THREADS; ++writer)
                EXPECT_EQ(received.at(self).at(writer), sent.at(self).at(writer).load());
        }
        EXPECT_TRUE(threads.are_gone());
    }
    EXPECT_EQ(free_frames(), before);
}

/// A socket that is passed from thread to thread has one holder at a time. Its holder needs no lock to count.
TEST(concurrency, a_passed_socket_carries_what_its_holder_wrote) {
    concurrent_machine();
    constexpr u32 ROUNDS = 120;
    const u64 before = free_frames();
    for (const SocketType type : {SocketType::Stream, SocketType::Dgram}) {
        const SocketPair hub = make_pair_of(type);
        u64 passes = 0;
        Threads threads;
        {
            const SocketPair token = make_pair_of(SocketType::Stream);
            EXPECT_TRUE(pass(hub.first, token.first));
        }
        for (u32 number = 0; number < THREADS; ++number) {
            threads.start(number % CPUS, [&] {
                for (u32 round = 0; round < ROUNDS; ++round) {
                    u8 byte = 0;
                    vm::OutBuffer data = vm::OutBuffer::from_kernel({&byte, 1});
                    Message message;
                    ASSERT_EQ(MUST(hub.second->receive(data, message)), 1U);
                    ASSERT_EQ(message.capabilities.size(), 1U);
                    const auto token = static_ref_cast<Socket>(message.capabilities[0].object);
                    message.capabilities.clear();
                    ++passes;
                    ASSERT_TRUE(pass(hub.first, token));
                }
            });
        }
        threads.join();
        EXPECT_EQ(passes, THREADS * ROUNDS);
        EXPECT_TRUE(receive(hub.second));
        EXPECT_TRUE(threads.are_gone());
    }
    collect_circles();
    EXPECT_EQ(free_frames(), before);
}

/// One of eight threads closes an end, or shuts it, while three send to it, three receive from it and one asks for names and events.
TEST(concurrency, an_end_goes_while_others_send_and_receive) {
    concurrent_machine();
    const u64 before = free_frames();
    for (u32 round = 0; round < 90; ++round) {
        const SocketType type = round % 3 == 0   ? SocketType::Stream
                                : round % 3 == 1 ? SocketType::Seqpacket
                                                 : SocketType::Dgram;
        SocketPair pair = make_pair_of(type);
        std::atomic<bool> is_over{false};
        Threads threads;
        for (u32 sender = 0; sender < 3; ++sender) {
            threads.start(sender, [&, sender] {
                for (u32 number = 0; true; ++number) {
                    const auto result = FsMachine::write(*pair.first, Word{sender, number}.bytes());
                    if (result) continue;
                    EXPECT_TRUE(result.error() == Error::Epipe || result.error() == Error::Econnreset ||
                                result.error() == Error::Econnrefused || result.error() == Error::Enotconn)
                        << static_cast<int>(result.error());
                    if (result.error() != Error::Econnreset) return;  // that is told once
                }
            });
        }
        for (u32 receiver = 0; receiver < 3; ++receiver) {
            threads.start(receiver + 1, [&] {
                while (!is_over) {
                    Word word;
                    vm::OutBuffer data =
                        vm::OutBuffer::from_kernel({reinterpret_cast<u8*>(&word), sizeof(word)});
                    Message message;
                    message.flags = abi::MessageFlags::DontWait;
                    const auto result = pair.first->receive(data, message);
                    if (result && *result == 0) break;  // the end of the stream
                    scheduler::SCHEDULER.yield_now();
                }
            });
        }
        threads.start(0, [&] {
            while (!is_over) {
                Address address;
                (void)pair.first->peer_name(address);
                (void)pair.first->name(address);
                (void)pair.first->peer_credentials();
                (void)pair.first->poll(nullptr);
                (void)pair.first->take_error();
                scheduler::SCHEDULER.yield_now();
            }
        });
        threads.start(3, [&, round] {
            Random random(round);
            for (u64 left = random.below(30); left > 0; --left) {
                (void)pass(pair.second, pair.first);  // it is its own circle then
                (void)FsMachine::read(*pair.second, 8 * (1 + random.below(5)));
            }
            if (random.one_in(3)) MUST(pair.second->shut_down(Shut::Both));
            pair.second = nullptr;
            is_over = true;
        });
        threads.join();
        EXPECT_TRUE(threads.are_gone());
    }
    collect_circles();
    EXPECT_EQ(free_frames(), before);
}

/// Six threads connect to a name and two accept. The listener goes, and another one takes the name.
TEST(concurrency, connections_to_a_listener_that_goes) {
    concurrent_machine();
    constexpr u32 NAME = 42;
    const u64 before = free_frames();
    for (u32 round = 0; round < 20; ++round) {
        const SocketType type = round % 2 == 0 ? SocketType::Stream : SocketType::Seqpacket;
        std::array<Ref<Socket>, 2> listeners;
        const auto listen = [&](Ref<Socket>& place) {
            place = nullptr;
            place = MUST(create_unix_socket(type, abi::OpenFlags::Nonblock, fs::KERNEL_CREDENTIALS));
            if (!place->bind(abstract(NAME), concurrent_machine().caller())) return;
            MUST(place->listen(2, {.pid = 5, .uid = 6, .gid = 7}));
        };
        std::atomic<u32> connecting{THREADS - 2};
        std::atomic<u32> greeted{0};
        std::atomic<u32> accepted{0};
        Threads threads;
        for (u32 acceptor = 0; acceptor < 2; ++acceptor) {
            threads.start(acceptor, [&, acceptor] {
                Random random(2 * round + acceptor);
                listen(listeners.at(acceptor));
                while (connecting != 0) {
                    if (const auto one = listeners.at(acceptor)->accept({}, fs::KERNEL_CREDENTIALS)) {
                        ++accepted;
                        if (send_word(**one, {acceptor, 1}, {}, abi::MessageFlags::NoSignal)) ++greeted;
                        EXPECT_EQ((*one)->peer_credentials().pid, 9U);
                    } else if (random.one_in(4)) {
                        listen(listeners.at(acceptor));
                    }
                    scheduler::SCHEDULER.yield_now();
                }
                listeners.at(acceptor) = nullptr;
            });
        }
        for (u32 client = 0; client < THREADS - 2; ++client) {
            threads.start(client % CPUS, [&] {
                for (u32 i = 0; i < 30; ++i) {
                    const auto socket = MUST(create_unix_socket(type, {}, fs::KERNEL_CREDENTIALS));
                    const auto connected = socket->connect(abstract(NAME), concurrent_machine().caller(),
                                                           {.pid = 9, .uid = 8, .gid = 7});
                    if (!connected) {
                        EXPECT_ERROR(Error::Econnrefused, connected);
                        scheduler::SCHEDULER.yield_now();
                        continue;
                    }
                    EXPECT_EQ(socket->peer_credentials().uid, 6U);
                    const auto word = receive_word(*socket, {});
                    if (!word) EXPECT_ERROR(Error::Econnreset, word);
                }
                --connecting;
            });
        }
        threads.join();
        EXPECT_LE(greeted.load(), accepted.load());
        EXPECT_TRUE(threads.are_gone());
    }
    EXPECT_EQ(free_frames(), before);
}

}  // namespace
}  // namespace exo::ipc
