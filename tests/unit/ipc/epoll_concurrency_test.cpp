// epolls with waiters, wakers, control operations and closing files on several CPUs: meant for the thread sanitizer.
#include <array>
#include <cstring>

#include "ipc/concurrent_machine.hpp"
#include "ipc/epoll/epoll.hpp"
#include "ipc/eventfd.hpp"
#include "ipc/pipe.hpp"
#include "support/random.hpp"

namespace exo::ipc {
namespace {

using test::FsMachine;
using test::Random;
using test::Threads;

Ref<fs::File> make_epoll() {
    concurrent_machine();
    return MUST(Epoll::create(fs::KERNEL_CREDENTIALS));
}
Ref<fs::File> make_counter() { return MUST(create_event_file(0, EventMode::Counter, abi::OpenFlags::Nonblock)); }
void add_to(fs::File& counter, u64 value) {
    MUST(FsMachine::write(counter, {reinterpret_cast<const char*>(&value), 8}));
}
u64 take_from(fs::File& counter) {
    const auto bytes = FsMachine::read(counter, 8);
    if (!bytes) return 0;
    u64 value;
    std::memcpy(&value, bytes->data(), 8);
    return value;
}
using Events = std::array<abi::epoll_event, 8>;
usize wait(fs::File& epoll, Events& events, time::Deadline deadline = time::Deadline::never()) {
    return MUST(Epoll::of(epoll)->wait(EpollOutput::to_kernel(events), deadline));
}

/// Each event is taken by some waiter, by edges and by levels; none is lost.
TEST(concurrency, every_event_reaches_a_waiter) {
    constexpr u32 COUNTERS = 8;
    constexpr u64 EVENTS = 400;
    for (const EpollEvents mode : {EpollEvents::None, EpollEvents::Et, EpollEvents::Oneshot}) {
        const auto epoll = make_epoll();
        std::array<Ref<fs::File>, COUNTERS> counters;
        for (u32 i = 0; i < COUNTERS; ++i) {
            counters[i] = make_counter();
            MUST(Epoll::of(*epoll)->add(*counters[i], static_cast<i32>(i), {EpollEvents::In | mode, i}));
        }
        const auto end = make_counter();
        MUST(Epoll::of(*epoll)->add(*end, 100, {EpollEvents::In, 100}));
        std::atomic<u64> taken{0};
        Threads threads;
        for (u32 writer = 0; writer < 2; ++writer) {
            threads.start(writer, [&, writer] {
                Random random(writer);
                for (u64 i = 0; i < EVENTS; ++i) add_to(*counters[random.below(COUNTERS)], 1);
            });
        }
        for (u32 waiter = 0; waiter < 3; ++waiter) {
            threads.start(1 + waiter, [&] {
                Events events;
                while (taken < 2 * EVENTS) {
                    const usize count = wait(*epoll, events);
                    for (usize i = 0; i < count; ++i) {
                        const u32 which = events[i].data[0];
                        if (which == 100) continue;
                        taken += take_from(*counters[which]);
                        if (mode == EpollEvents::Oneshot)
                            MUST(Epoll::of(*epoll)->modify(*counters[which], static_cast<i32>(which),
                                                           {EpollEvents::In | mode, which}));
                    }
                    if (taken >= 2 * EVENTS) add_to(*end, 1);  // lets the others go
                }
            });
        }
        threads.join();
        EXPECT_EQ(taken.load(), 2 * EVENTS);
        ASSERT_TRUE(threads.are_gone());
    }
}

/// Files that are closed while others wake, wait for and remove their entries.
TEST(concurrency, files_and_epolls_go_at_any_time) {
    concurrent_machine();
    const u64 before = test::HostedFrames::free_count();
    for (u32 round = 0; round < 120; ++round) {
        auto outer = make_epoll();
        auto inner = make_epoll();
        std::array<PipePair, 3> pipes;
        for (auto& pipe : pipes) {
            pipe = MUST(create_pipe(abi::OpenFlags::Nonblock, fs::KERNEL_CREDENTIALS));
            MUST(Epoll::of(*inner)->add(*pipe.reader, 1, {EpollEvents::In, 1}));
            MUST(Epoll::of(*outer)->add(*pipe.writer, 2, {EpollEvents::Out | EpollEvents::Et, 2}));
        }
        MUST(Epoll::of(*outer)->add(*inner, 3, {EpollEvents::In, 3}));
        const Ref<fs::File> waited = outer;
        Threads threads;
        threads.start(0, [&] {
            for (u32 i = 0; i < 20; ++i) (void)FsMachine::write(*pipes[i % 3].writer, "x");
            for (auto& pipe : pipes) pipe.writer = nullptr;
        });
        threads.start(1, [&, round] {
            Random random(round);
            Events events;
            for (u32 i = 0; i < random.below(20); ++i) (void)wait(*waited, events, time::Deadline{0});
            inner = nullptr;
        });
        threads.start(2, [&, round] {
            Random random(1000 + round);
            Events events;
            Ref<fs::File> own = make_epoll();
            for (u32 i = 0; i < 10; ++i) {
                const Ref<fs::File> reader = pipes[0].reader;
                MUST(Epoll::of(*own)->add(*reader, 4, {EpollEvents::In, 4}));
                (void)wait(*own, events, time::Deadline{0});
                if (random.below(2) == 0) MUST(Epoll::of(*own)->remove(*reader, 4));
                else
                    own = make_epoll();
            }
        });
        threads.start(3, [&] {
            outer = nullptr;
            pipes[1].reader = nullptr;
            pipes[2].reader = nullptr;
        });
        threads.join();
        ASSERT_TRUE(threads.are_gone());
    }
    EXPECT_EQ(test::HostedFrames::free_count(), before);
}

/// Of circles that two threads try to close at once, one of the links is refused.
TEST(concurrency, no_two_adders_make_a_circle) {
    for (u32 round = 0; round < 200; ++round) {
        const auto first = make_epoll();
        const auto second = make_epoll();
        std::array<Result<>, 2> results;
        Threads threads;
        threads.start(1, [&] { results[0] = Epoll::of(*first)->add(*second, 1, {EpollEvents::In, 0}); });
        threads.start(2, [&] { results[1] = Epoll::of(*second)->add(*first, 1, {EpollEvents::In, 0}); });
        threads.join();
        ASSERT_NE(results[0].has_value(), results[1].has_value());
        EXPECT_ERROR(Error::Eloop, results[0] ? results[1] : results[0]);
        ASSERT_TRUE(threads.are_gone());
    }
}

}  // namespace
}  // namespace exo::ipc
