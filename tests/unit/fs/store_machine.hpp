// A file behind which there is a slow device that fails when it is told to.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "fs/cache/backing_store.hpp"
#include "fs/cache/page_cache.hpp"
#include "fs/node/inode.hpp"
#include "support/scheduled_cpus.hpp"
#include "vm/machine.hpp"

namespace exo::fs::test {

/// Lets other threads run until `is_done`: in a thread of a test.
inline void run_others_until(const std::function<bool()>& is_done) {
    while (!is_done()) {
        scheduler::SCHEDULER.yield_now();
        std::this_thread::yield();
    }
}
/// Long enough for a thread that need not wait to go on.
inline void run_others() {
    for (int turn = 0; turn < 200; ++turn) {
        scheduler::SCHEDULER.yield_now();
        std::this_thread::yield();
    }
}

/// Where the device's operations wait while it is closed.
class Gate {
  public:
    void close() { is_open_ = false; }
    void open() {
        is_open_ = true;
        queue_.wake_all();
    }
    Result<> pass(scheduler::WaitMode mode) {
        ++arrived;
        return queue_.wait(mode, [this] { return is_open_.load(); });
    }
    std::atomic<u32> arrived{0};

  private:
    std::atomic<bool> is_open_{true};
    scheduler::WaitQueue queue_;
};

/// A program may change a page while the device reads it, which is no race for a device.
[[clang::no_sanitize("thread")]] inline void copy_as_device(char* to, const u8* from, usize size) {
    const volatile u8* byte = from;
    for (usize i = 0; i < size; ++i) to[i] = static_cast<char>(byte[i]);
}

class SlowStore final : public BackingStore {
  public:
    explicit SlowStore(std::string content)
        : BackingStore(Kind::Device),
          content_(std::move(content)),
          end_(content_.size()) {}

    u64 content_end() const override { return end_; }
    Result<> read_page(u64 index, const memory::FrameRef& frame) override {
        ++reads;
        // What the device has at the beginning: it may be something else at the end.
        {
            const sync_guard guard(lock_);
            std::fill_n(frame.data(), PAGE_SIZE, u8{0});
            const u64 start = index << PAGE_SHIFT;
            if (start < content_.size())
                content_.copy(reinterpret_cast<char*>(frame.data()), PAGE_SIZE, start);
        }
        TRY(read_gate.pass(read_mode));
        if (take(failing_reads)) return Error::Eio;
        return {};
    }
    Result<> write_page(u64 index, const memory::FrameRef& frame, usize size) override {
        ++writes;
        TRY(write_gate.pass(scheduler::WaitMode::Uninterruptible));
        if (take(failing_writes)) return Error::Eio;
        const sync_guard guard(lock_);
        const u64 start = index << PAGE_SHIFT;
        if (content_.size() < start + size) content_.resize(start + size);
        end_ = content_.size();
        copy_as_device(content_.data() + start, frame.data(), size);
        return {};
    }
    Result<> resize(u64 size) override {
        if (take(failing_resizes)) return Error::Eio;
        const sync_guard guard(lock_);
        content_.resize(size);
        end_ = size;
        return {};
    }
    Result<> flush() override {
        ++flushes;
        return {};
    }
    std::string content() {
        const sync_guard guard(lock_);
        return content_;
    }

    Gate read_gate;
    Gate write_gate;
    scheduler::WaitMode read_mode = scheduler::WaitMode::Uninterruptible;
    std::atomic<u32> reads{0};
    std::atomic<u32> writes{0};
    std::atomic<u32> flushes{0};
    std::atomic<u32> failing_reads{0};
    std::atomic<u32> failing_writes{0};
    std::atomic<u32> failing_resizes{0};

  private:
    using sync_guard = std::lock_guard<std::mutex>;
    static bool take(std::atomic<u32>& count) {
        u32 left = count;
        while (left != 0)
            if (count.compare_exchange_weak(left, left - 1)) return true;
        return false;
    }
    std::mutex lock_;
    std::string content_;
    std::atomic<u64> end_;
};

/// A machine with one such file, whose pages hold 'a', 'b' and so on.
struct StoreMachine {
    explicit StoreMachine(u64 pages = 4, usize frames = 6000) : ram(frames) {
        exo::test::start_cpus();
        std::string content;
        for (u64 page = 0; page < pages; ++page)
            content.append(PAGE_SIZE, static_cast<char>('a' + page % 26));
        store = MUST(make_ref<SlowStore>(std::move(content)));
        budget = MUST(make_ref<PageBudget>(u64{0}));
        cache = MUST(make_ref<PageCache>(budget));
        MUST(cache->back_with(Ref<BackingStore>(store)));
        space = vm::test::new_space();
    }

    Result<char> read(u64 offset) const {
        u8 byte = 0;
        auto to = vm::OutBuffer::from_kernel({&byte, 1});
        if (TRY(cache->read(to, offset)) == 0) return Error::Enodata;
        return static_cast<char>(byte);
    }
    Result<> write(u64 offset, std::string_view text) const {
        auto from = vm::InBuffer::from_kernel({reinterpret_cast<const u8*>(text.data()), text.size()});
        EXPECT_EQ(TRY(cache->write(content(), from, offset, text.size())), text.size());
        return {};
    }
    /// Maps pages of the file, shared and writable.
    u64 map(u64 pages = 4, u64 first = 0) const {
        vm::MapRequest request =
            vm::test::anonymous(pages * PAGE_SIZE, vm::test::READ_WRITE, vm::MapFlags::Shared);
        request.source = cache;
        request.offset = first * PAGE_SIZE;
        request.file = cache;
        return MUST(space->map(std::move(request)));
    }
    Result<char> peek(u64 address) const {
        u8 byte = 0;
        TRY(space->read_remote(address, {&byte, 1}));
        return static_cast<char>(byte);
    }
    Result<> poke(u64 address, char value) const {
        const u8 byte = static_cast<u8>(value);
        return space->write_remote(address, {&byte, 1});
    }
    /// The tests see to it themselves that one thread at a time changes the file.
    InodeContent& content() const { return content_lock.unsafe_value(); }
    bool is_present(u64 page) const { return static_cast<bool>(cache->peek_page(page)); }

    vm::test::Machine ram;
    mutable Inode::ContentLock content_lock;  ///< There is no inode.
    Ref<SlowStore> store;
    Ref<PageBudget> budget;
    Ref<PageCache> cache;
    Ref<vm::AddressSpace> space;
};

}  // namespace exo::fs::test
