// Pipes, fifos and eventfds with real threads. One machine for all tests, because a scheduler starts once.
#include "ipc/pipe.hpp"

#include <deque>
#include <functional>
#include <string>

#include "fs/machine.hpp"
#include "ipc/eventfd.hpp"
#include "scheduler/scheduler.hpp"
#include "support/failing_allocations.hpp"
#include "support/random.hpp"

namespace exo::ipc {
namespace {

using abi::OpenFlags;
using abi::PollEvents;
using scheduler::SCHEDULER;
using test::FsMachine;

struct Machine {
    Machine() {
        MUST(SCHEDULER.init());
        MUST(init());
    }
    FsMachine fs{{.mode = 0777}, 8192};
};

Machine& machine() {
    // Never destroyed: its threads would have to be, too.
    static Machine& the_machine = *new Machine;
    return the_machine;
}

/// Lets the other threads run until they wait.
void run() {
    for (int i = 0; i < 50; ++i) SCHEDULER.yield_now();
}

/// A function that runs in a thread of its own.
class Background {
  public:
    explicit Background(std::function<void()> body) : state_(std::make_shared<State>()) {
        state_->body = std::move(body);
        auto* argument = new std::shared_ptr<State>(state_);
        auto thread =
            MUST(scheduler::Thread::create("test", enter, argument, scheduler::ThreadPriority::Normal));
        thread_ = thread;
        SCHEDULER.start_thread(std::move(thread));
        run();
    }
    bool has_ended() const {
        run();
        return state_->has_ended;
    }
    void interrupt() {
        scheduler::interrupt(*thread_, scheduler::Work::Signal);
        run();
    }

  private:
    struct State {
        std::function<void()> body;
        bool has_ended = false;
    };
    static void enter(void* argument) {
        auto* owned = static_cast<std::shared_ptr<State>*>(argument);
        const std::shared_ptr<State> state = *owned;
        delete owned;
        state->body();
        state->body = nullptr;
        state->has_ended = true;
    }
    std::shared_ptr<State> state_;
    Ref<scheduler::Thread> thread_;
};

PipePair make_pipe(OpenFlags flags = {}) {
    machine();
    return MUST(create_pipe(flags, fs::KERNEL_CREDENTIALS));
}
Result<usize> write(fs::File& file, std::string_view text) { return FsMachine::write(file, text); }
Result<std::string> read(fs::File& file, usize limit = 1 << 20) { return FsMachine::read(file, limit); }

TEST(pipe, bytes_come_out_in_order) {
    auto pipe = make_pipe();
    EXPECT_EQ(MUST(write(*pipe.writer, "hello ")), 6U);
    EXPECT_EQ(MUST(write(*pipe.writer, "world")), 5U);
    EXPECT_EQ(MUST(pipe.reader->readable_bytes()), 11U);
    EXPECT_EQ(MUST(read(*pipe.reader, 3)), "hel");
    EXPECT_EQ(MUST(read(*pipe.reader)), "lo world");
    EXPECT_EQ(MUST(write(*pipe.writer, "")), 0U);
    EXPECT_EQ(MUST(read(*pipe.reader, 0)), "");
}

TEST(pipe, is_a_fifo_without_a_position) {
    auto pipe = make_pipe();
    abi::stat stat;
    fs::fill_stat(pipe.reader->inode(), stat);
    EXPECT_EQ(stat.st_mode, abi::mode::FIFO | 0600);
    EXPECT_EQ(&pipe.reader->inode(), &pipe.writer->inode());
    EXPECT_ERROR(Error::Espipe, pipe.reader->seek(0, abi::SeekWhence::Cur));
    u8 byte[1];
    auto out = vm::OutBuffer::from_kernel(byte);
    EXPECT_ERROR(Error::Espipe, pipe.reader->read_at(out, 0));
    EXPECT_ERROR(Error::Ebadf, write(*pipe.reader, "x"));
    EXPECT_ERROR(Error::Ebadf, read(*pipe.writer));
    EXPECT_ERROR(Error::Einval, pipe.writer->truncate(0));
    EXPECT_ERROR(Error::Espipe, pipe.writer->allocate({}, 0, 1));
    EXPECT_ERROR(Error::Einval, pipe.writer->sync());
    EXPECT_ERROR(Error::Enodev, pipe.reader->page_source());
    String text;
    MUST(pipe.reader->append_description(text));
    EXPECT_EQ(text.view(), "pipe:[" + std::to_string(stat.st_ino) + "]");
}

TEST(pipe, packets_keep_their_borders) {
    auto pipe = make_pipe(OpenFlags::Direct | OpenFlags::Nonblock);
    MUST(write(*pipe.writer, "abc"));
    MUST(write(*pipe.writer, "defgh"));
    EXPECT_EQ(MUST(pipe.reader->readable_bytes()), 8U);
    EXPECT_EQ(MUST(read(*pipe.reader)), "abc");
    EXPECT_EQ(MUST(read(*pipe.reader, 2)), "de") << "the rest is lost";
    EXPECT_EQ(MUST(pipe.reader->readable_bytes()), 0U);
    EXPECT_ERROR(Error::Eagain, read(*pipe.reader));
    EXPECT_EQ(MUST(write(*pipe.writer, std::string(5000, 'x'))), 5000U);
    EXPECT_EQ(MUST(read(*pipe.reader)).size(), 4096U);
    EXPECT_EQ(MUST(read(*pipe.reader)).size(), 904U);
}

TEST(pipe, ends) {
    auto pipe = make_pipe(OpenFlags::Nonblock);
    EXPECT_ERROR(Error::Eagain, read(*pipe.reader));
    MUST(write(*pipe.writer, "rest"));
    EXPECT_EQ(pipe.reader->poll(nullptr), PollEvents::In | PollEvents::Rdnorm);
    pipe.writer = nullptr;
    EXPECT_EQ(pipe.reader->poll(nullptr), PollEvents::In | PollEvents::Rdnorm | PollEvents::Hup);
    EXPECT_EQ(MUST(read(*pipe.reader)), "rest");
    EXPECT_EQ(MUST(read(*pipe.reader)), "");
    EXPECT_EQ(pipe.reader->poll(nullptr), PollEvents::Hup);

    auto other = make_pipe();
    EXPECT_EQ(other.writer->poll(nullptr), PollEvents::Out | PollEvents::Wrnorm);
    other.reader = nullptr;
    EXPECT_ERROR(Error::Epipe, write(*other.writer, "x"));
    EXPECT_EQ(other.writer->poll(nullptr), PollEvents::Out | PollEvents::Wrnorm | PollEvents::Err);
}

TEST(pipe, small_writes_share_pages_and_never_straddle_them) {
    auto pipe = make_pipe(OpenFlags::Nonblock);
    usize written = 0;
    while (write(*pipe.writer, "x")) ++written;
    EXPECT_EQ(written, 65536U);
    EXPECT_EQ(MUST(read(*pipe.reader)).size(), 65536U);
    // As in Linux: four times 1000 bytes to a page.
    written = 0;
    while (write(*pipe.writer, std::string(1000, 'y'))) written += 1000;
    EXPECT_EQ(written, 64000U);
    EXPECT_ERROR(Error::Eagain, write(*pipe.writer, std::string(97, 'z')));
    EXPECT_EQ(MUST(write(*pipe.writer, std::string(96, 'z'))), 96U) << "fits behind the last";
    // More than a page may be stored in part.
    MUST(read(*pipe.reader, 4000));
    EXPECT_EQ(MUST(write(*pipe.writer, std::string(10000, 'w'))), 4096U);
}

Result<u64> capacity(fs::File& end) {
    return end.fcntl({static_cast<u32>(abi::FcntlCommand::Getpipesz), 0}, {});
}
Result<u64> set_capacity(fs::File& end, u64 bytes, const fs::Credentials& credentials) {
    return end.fcntl({static_cast<u32>(abi::FcntlCommand::Setpipesz), bytes}, credentials);
}

TEST(pipe, capacity) {
    auto pipe = make_pipe(OpenFlags::Nonblock);
    EXPECT_EQ(MUST(capacity(*pipe.reader)), 65536U);
    EXPECT_EQ(MUST(set_capacity(*pipe.reader, 5000, {})), 8192U);
    MUST(write(*pipe.writer, std::string(8192, 'a')));
    EXPECT_ERROR(Error::Ebusy, set_capacity(*pipe.writer, 4096, {}));
    EXPECT_EQ(MUST(set_capacity(*pipe.writer, 1 << 20, test::user(1))), 1U << 20);
    EXPECT_ERROR(Error::Eperm, set_capacity(*pipe.writer, (1 << 20) + 1, test::user(1)));
    EXPECT_ERROR(Error::Einval, set_capacity(*pipe.writer, ~0U, {}));
    EXPECT_ERROR(Error::Einval, set_capacity(*pipe.writer, (1ULL << 32) + 4096, {}));
    MUST(write(*pipe.writer, std::string(100000, 'b')));
    const std::string all = MUST(read(*pipe.reader));
    EXPECT_EQ(all, std::string(8192, 'a') + std::string(100000, 'b'));
    EXPECT_EQ(MUST(set_capacity(*pipe.reader, 0, {})), 4096U);
    EXPECT_ERROR(Error::Ebadf, pipe.reader->fcntl({static_cast<u32>(abi::FcntlCommand::Getfl), 0}, {}));
}

TEST(pipe, a_reader_sleeps_until_bytes_or_the_end_come) {
    auto pipe = make_pipe();
    std::string got;
    const Background reader([&] {
        got = MUST(read(*pipe.reader));
        got += "|" + MUST(read(*pipe.reader));
    });
    EXPECT_FALSE(reader.has_ended());
    MUST(write(*pipe.writer, "first"));
    EXPECT_FALSE(reader.has_ended());
    pipe.writer = nullptr;
    EXPECT_TRUE(reader.has_ended());
    EXPECT_EQ(got, "first|");
}

TEST(pipe, a_writer_sleeps_until_there_is_room) {
    auto pipe = make_pipe();
    const std::string much(200'000, 'm');
    Result<usize> result = 0UZ;
    const Background writer([&] { result = write(*pipe.writer, much); });
    std::string got;
    while (!writer.has_ended()) got += MUST(read(*pipe.reader, 7000));
    while (got.size() < much.size()) got += MUST(read(*pipe.reader));
    EXPECT_EQ(MUST(result), much.size());
    EXPECT_EQ(got, much);
}

TEST(pipe, a_writer_whose_reader_goes_gets_what_it_wrote_or_epipe) {
    auto pipe = make_pipe();
    Result<usize> first = 0UZ;
    Result<usize> second = 0UZ;
    const Background writer([&] {
        first = write(*pipe.writer, std::string(100'000, 'm'));
        second = write(*pipe.writer, "more");
    });
    EXPECT_FALSE(writer.has_ended());
    pipe.reader = nullptr;
    EXPECT_TRUE(writer.has_ended());
    EXPECT_EQ(MUST(first), 65536U);
    EXPECT_ERROR(Error::Epipe, second);
}

TEST(pipe, signals_end_waits) {
    auto pipe = make_pipe();
    Result<std::string> got;
    Background reader([&] { got = read(*pipe.reader); });
    EXPECT_FALSE(reader.has_ended());
    reader.interrupt();
    EXPECT_TRUE(reader.has_ended());
    EXPECT_ERROR(Error::RestartSys, got);
}

TEST(pipe, one_byte_wakes_one_of_many_readers) {
    auto pipe = make_pipe();
    std::deque<Background> readers;
    std::vector<std::string> got(5);
    for (std::string& text : got) readers.emplace_back([&] { text = MUST(read(*pipe.reader, 2)); });
    MUST(write(*pipe.writer, "a"));
    const auto ended = [&] {
        return std::count_if(readers.begin(), readers.end(),
                             [](const Background& one) { return one.has_ended(); });
    };
    EXPECT_EQ(ended(), 1);
    // What one reader leaves wakes the next.
    MUST(write(*pipe.writer, "bcdef"));
    EXPECT_EQ(ended(), 4);
    pipe.writer = nullptr;
    EXPECT_EQ(ended(), 5);
}

TEST(pipe, ping_pong) {
    auto there = make_pipe();
    auto back = make_pipe();
    constexpr int ROUNDS = 500;
    const Background echo([&] {
        for (int i = 0; i < ROUNDS; ++i) MUST(write(*back.writer, MUST(read(*there.reader)) + "!"));
    });
    for (int i = 0; i < ROUNDS; ++i) {
        MUST(write(*there.writer, std::to_string(i)));
        ASSERT_EQ(MUST(read(*back.reader)), std::to_string(i) + "!");
    }
    EXPECT_TRUE(echo.has_ended());
}

TEST(pipe, random_traffic_agrees_with_a_queue) {
    test::Random random(7);
    auto pipe = make_pipe(OpenFlags::Nonblock);
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        if (random.one_in(2)) {
            const usize size = random.one_in(4) ? random.below(20'000) : random.below(300);
            const std::string text(size, static_cast<char>('a' + i % 26));
            const auto count = write(*pipe.writer, text);
            if (count) {
                expected += text.substr(0, *count);
                if (size <= PAGE_SIZE) ASSERT_EQ(*count, size) << "at most a page is all or nothing";
            } else {
                EXPECT_ERROR(Error::Eagain, count);
            }
        } else {
            const auto got = read(*pipe.reader, 1 + random.below(random.one_in(3) ? 30'000 : 500));
            if (!got) {
                ASSERT_TRUE(expected.empty());
                continue;
            }
            ASSERT_EQ(*got, expected.substr(0, got->size()));
            expected.erase(0, got->size());
        }
        ASSERT_EQ(MUST(pipe.reader->readable_bytes()), expected.size());
        if (random.one_in(200)) (void)set_capacity(*pipe.writer, 1U << (12 + random.below(7)), {});
    }
}

TEST(pipe, poll_wakes_on_change) {
    auto pipe = make_pipe();
    PollEvents seen{};
    const Background poller([&] {
        fs::ThreadPollTable table;
        while (seen == PollEvents::None) {
            seen = pipe.reader->poll(&table);
            if (seen == PollEvents::None) MUST(scheduler::park(scheduler::WaitMode::Interruptible));
            table.clear();
        }
    });
    EXPECT_FALSE(poller.has_ended());
    MUST(write(*pipe.writer, "x"));
    EXPECT_TRUE(poller.has_ended());
    EXPECT_EQ(seen, PollEvents::In | PollEvents::Rdnorm);
}

TEST(fifo, open_waits_for_the_other_end) {
    FsMachine& fs = machine().fs;
    MUST(fs::make_node(fs.caller(), {}, "/fifo", abi::mode::FIFO | 0666, {}));
    EXPECT_ERROR(Error::Enxio, fs.open("/fifo", OpenFlags::Wronly | OpenFlags::Nonblock));
    std::string got;
    const Background reader([&] { got = MUST(read(*MUST(fs.open("/fifo")))); });
    EXPECT_FALSE(reader.has_ended());
    // A writer that comes and goes while the reader sleeps counts.
    MUST(write(*MUST(fs.open("/fifo", OpenFlags::Wronly)), "through the fifo"));
    EXPECT_TRUE(reader.has_ended());
    EXPECT_EQ(got, "through the fifo");

    Result<Ref<fs::File>> writer;
    Background blocked([&] { writer = fs.open("/fifo", OpenFlags::Wronly); });
    EXPECT_FALSE(blocked.has_ended());
    blocked.interrupt();
    EXPECT_ERROR(Error::RestartSys, writer);
    EXPECT_ERROR(Error::Enxio, fs.open("/fifo", OpenFlags::Wronly | OpenFlags::Nonblock))
        << "nobody is left behind";

    auto both = MUST(fs.open("/fifo", OpenFlags::Rdwr | OpenFlags::Nonblock));
    EXPECT_EQ(both->poll(nullptr), PollEvents::Out | PollEvents::Wrnorm);
    MUST(write(*both, "self"));
    both = nullptr;
    auto early = MUST(fs.open("/fifo", OpenFlags::Nonblock));
    EXPECT_EQ(early->poll(nullptr), PollEvents::None)
        << "no hang-up before there was a writer; old bytes are gone";
    EXPECT_EQ(MUST(read(*early)), "");
    auto late = MUST(fs.open("/fifo", OpenFlags::Wronly | OpenFlags::Nonblock));
    late = nullptr;
    EXPECT_EQ(early->poll(nullptr), PollEvents::Hup);
    MUST(fs.unlink("/fifo"));
}

u64 read_event(fs::File& file) {
    const std::string bytes = MUST(read(file, 8));
    u64 value = 0;
    std::memcpy(&value, bytes.data(), 8);
    return value;
}
Result<usize> write_event(fs::File& file, u64 value) {
    return write(file, {reinterpret_cast<const char*>(&value), 8});
}

TEST(eventfd, counts) {
    machine();
    auto event = MUST(create_event_file(3, EventMode::Counter, OpenFlags::Nonblock));
    MUST(write_event(*event, 4));
    EXPECT_EQ(event->poll(nullptr), PollEvents::In | PollEvents::Out);
    EXPECT_EQ(read_event(*event), 7U);
    EXPECT_EQ(event->poll(nullptr), PollEvents::Out);
    EXPECT_ERROR(Error::Eagain, read(*event, 8));
    EXPECT_ERROR(Error::Einval, read(*event, 7));
    EXPECT_ERROR(Error::Einval, write(*event, "1234567"));
    EXPECT_ERROR(Error::Einval, write_event(*event, ~0ULL));
    MUST(write_event(*event, ~0ULL - 1));
    EXPECT_EQ(event->poll(nullptr), PollEvents::In);
    EXPECT_ERROR(Error::Eagain, write_event(*event, 1));
    EXPECT_EQ(MUST(write_event(*event, 0)), 8U);
    EXPECT_EQ(read_event(*event), ~0ULL - 1);
}

TEST(eventfd, semaphore) {
    machine();
    auto event = MUST(create_event_file(2, EventMode::Semaphore, OpenFlags::Nonblock));
    EXPECT_EQ(read_event(*event), 1U);
    EXPECT_EQ(read_event(*event), 1U);
    EXPECT_ERROR(Error::Eagain, read(*event, 8));
}

TEST(eventfd, blocks_and_wakes) {
    machine();
    auto event = MUST(create_event_file(0, EventMode::Semaphore, {}));
    u64 sum = 0;
    std::deque<Background> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back([&] { sum += read_event(*event); });
    EXPECT_EQ(sum, 0U);
    MUST(write_event(*event, 3));
    run();
    EXPECT_EQ(sum, 3U);
    MUST(write_event(*event, ~0ULL - 1));
    const Background writer([&] { MUST(write_event(*event, 1)); });
    EXPECT_FALSE(writer.has_ended());
    EXPECT_EQ(read_event(*event), 1U);
    EXPECT_TRUE(writer.has_ended());
}

TEST(pipe, every_failing_allocation_leaves_nothing_behind) {
    machine();
    const u64 frames = test::HostedFrames::free_count();
    const usize needed = test::for_each_failing_allocation([] {
        auto pipe = create_pipe(OpenFlags::Nonblock, fs::KERNEL_CREDENTIALS);
        if (!pipe) {
            EXPECT_EQ(pipe.error(), Error::Enomem);
            return;
        }
        (void)set_capacity(*pipe->writer, 1 << 17, {});
        EXPECT_TRUE(write(*pipe->writer, "text").has_value());
        EXPECT_EQ(MUST(read(*pipe->reader)), "text");
    });
    EXPECT_GT(needed, 4U);
    EXPECT_EQ(test::HostedFrames::free_count(), frames);
}

}  // namespace
}  // namespace exo::ipc
