// Pipes and eventfds with readers and writers on several CPUs: meant for the thread sanitizer.
#include <array>

#include "ipc/concurrent_machine.hpp"
#include "ipc/eventfd.hpp"
#include "ipc/pipe.hpp"
#include "support/random.hpp"

namespace exo::ipc {
namespace {

using abi::OpenFlags;
using test::CPUS;
using test::FsMachine;
using test::Random;
using test::Threads;

PipePair make_pipe() {
    concurrent_machine();
    return MUST(create_pipe({}, fs::KERNEL_CREDENTIALS));
}
u64 free_frames() { return test::HostedFrames::free_count(); }

/// What a writer sends at once: 16 to PIPE_BUF bytes, all of which name the writer.
struct Header {
    u32 writer;
    u32 sequence;
    u32 size;
    u32 check;
};
constexpr u32 RECORDS = 300;

void write_records(fs::File& file, u32 writer) {
    Random random(writer);
    for (u32 sequence = 0; sequence < RECORDS; ++sequence) {
        const u32 size = static_cast<u32>(sizeof(Header) + random.below(PAGE_SIZE - sizeof(Header) + 1));
        std::string record(size, static_cast<char>('a' + writer));
        const Header header{writer, sequence, size, writer ^ sequence ^ size};
        std::memcpy(record.data(), &header, sizeof(header));
        ASSERT_EQ(MUST(FsMachine::write(file, record)), size);
    }
}

/// Reads until the end of file, in pieces of any size.
std::string read_all(fs::File& file) {
    Random random(7);
    std::string all;
    while (true) {
        const std::string piece = MUST(FsMachine::read(file, 1 + random.below(9000)));
        if (piece.empty()) return all;
        all += piece;
    }
}

TEST(concurrency, writes_up_to_pipe_buf_are_not_mixed) {
    concurrent_machine();
    const u64 before = free_frames();
    {
        auto pipe = make_pipe();
        std::string all;
        std::atomic<u32> writers{3};
        Threads threads;
        for (u32 writer = 0; writer < 3; ++writer) {
            threads.start(writer, [&, writer] {
                write_records(*pipe.writer, writer);
                if (--writers == 0) pipe.writer = nullptr;  // the end of file
            });
        }
        threads.start(3, [&] { all = read_all(*pipe.reader); });
        threads.join();

        std::array<u32, 3> next{};
        usize at = 0;
        while (at < all.size()) {
            Header header;
            ASSERT_LE(at + sizeof(header), all.size());
            std::memcpy(&header, all.data() + at, sizeof(header));
            ASSERT_EQ(header.check, header.writer ^ header.sequence ^ header.size) << "at " << at;
            ASSERT_LT(header.writer, 3U);
            ASSERT_EQ(header.sequence, next[header.writer]++);
            for (usize i = sizeof(header); i < header.size; ++i)
                ASSERT_EQ(all[at + i], static_cast<char>('a' + header.writer));
            at += header.size;
        }
        EXPECT_EQ(next, (std::array<u32, 3>{RECORDS, RECORDS, RECORDS}));
        ASSERT_TRUE(threads.are_gone());
    }
    EXPECT_EQ(free_frames(), before);
}

TEST(concurrency, several_readers_get_each_word_once) {
    constexpr u64 WORDS = 6000;
    auto pipe = make_pipe();
    std::vector<std::atomic<u32>> seen(2 * WORDS);
    std::atomic<u32> writers{2};
    Threads threads;
    for (u64 writer = 0; writer < 2; ++writer) {
        threads.start(static_cast<u32>(writer), [&, writer] {
            Random random(writer);
            for (u64 word = 0; word < WORDS;) {
                std::array<u64, 64> words{};
                const usize count = std::min<usize>(1 + random.below(64), WORDS - word);
                for (usize i = 0; i < count; ++i) words[i] = writer * WORDS + word + i;
                const std::string_view bytes(reinterpret_cast<const char*>(words.data()), count * 8);
                ASSERT_EQ(MUST(FsMachine::write(*pipe.writer, bytes)), bytes.size());
                word += count;
            }
            if (--writers == 0) pipe.writer = nullptr;
        });
    }
    for (u32 reader = 0; reader < 3; ++reader) {
        threads.start(1 + reader, [&] {
            while (true) {
                const std::string bytes = MUST(FsMachine::read(*pipe.reader, 8 * 37));
                if (bytes.empty()) return;
                ASSERT_EQ(bytes.size() % 8, 0U);
                for (usize at = 0; at < bytes.size(); at += 8) {
                    u64 word;
                    std::memcpy(&word, bytes.data() + at, 8);
                    ASSERT_LT(word, seen.size());
                    ++seen[word];
                }
            }
        });
    }
    threads.join();
    for (const auto& count : seen) EXPECT_EQ(count, 1U);
}

TEST(concurrency, writers_end_when_the_last_reader_goes) {
    for (u32 round = 0; round < 60; ++round) {
        auto pipe = make_pipe();
        Threads threads;
        std::atomic<u32> broken{0};
        for (u32 writer = 0; writer < 3; ++writer) {
            threads.start(writer, [&] {
                const std::string page(PAGE_SIZE, 'x');
                while (true) {
                    const auto written = FsMachine::write(*pipe.writer, page);
                    if (written) continue;
                    EXPECT_ERROR(Error::Epipe, written);
                    ++broken;
                    return;
                }
            });
        }
        threads.start(3, [&, round] {
            for (u32 i = 0; i < round; ++i) MUST(FsMachine::read(*pipe.reader, 5000));
            pipe.reader = nullptr;
        });
        threads.join();
        EXPECT_EQ(broken.load(), 3U);
    }
}

TEST(concurrency, an_eventfd_adds_up) {
    concurrent_machine();
    constexpr u64 EVENTS = 3000;
    for (const EventMode mode : {EventMode::Counter, EventMode::Semaphore}) {
        const auto file = MUST(create_event_file(0, mode, OpenFlags::Rdwr));
        std::atomic<u64> read{0};
        Threads threads;
        const auto add = [&](u64 value) {
            const std::string_view bytes(reinterpret_cast<const char*>(&value), 8);
            MUST(FsMachine::write(*file, bytes));
        };
        for (u32 writer = 0; writer < 2; ++writer) {
            threads.start(writer, [&] {
                for (u64 i = 0; i < EVENTS; ++i) add(1);
            });
        }
        for (u32 reader = 0; reader < 2; ++reader) {
            threads.start(2 + reader, [&] {
                while (read < 2 * EVENTS) {
                    u64 value = 0;
                    std::memcpy(&value, MUST(FsMachine::read(*file, 8)).data(), 8);
                    EXPECT_TRUE(mode == EventMode::Counter || value == 1);
                    // The last one lets the other go, whose share is not counted.
                    if (read.fetch_add(value) + value == 2 * EVENTS) add(1);
                }
            });
        }
        threads.join();
        EXPECT_GE(read.load(), 2 * EVENTS);
        EXPECT_LE(read.load(), 2 * EVENTS + 1);
    }
}

/// Two additions never fit: each writer waits until a reader has emptied the counter.
TEST(concurrency, writers_of_a_full_eventfd_wait_their_turn) {
    concurrent_machine();
    static constexpr u64 HALF = 1ULL << 63;
    constexpr u32 ROUNDS = 500;
    const auto file = MUST(create_event_file(0, EventMode::Counter, OpenFlags::Rdwr));
    u32 received = 0;
    Threads threads;
    for (u32 writer = 0; writer < 3; ++writer) {
        threads.start(writer, [&] {
            const std::string_view bytes(reinterpret_cast<const char*>(&HALF), sizeof(HALF));
            for (u32 round = 0; round < ROUNDS; ++round) MUST(FsMachine::write(*file, bytes));
        });
    }
    threads.start(3, [&] {
        for (; received < 3 * ROUNDS; ++received) {
            u64 value = 0;
            std::memcpy(&value, MUST(FsMachine::read(*file, 8)).data(), 8);
            EXPECT_EQ(value, HALF);
        }
    });
    threads.join();
    EXPECT_EQ(received, 3 * ROUNDS);
}

}  // namespace
}  // namespace exo::ipc
