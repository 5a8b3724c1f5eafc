#include "ipc/eventfd.hpp"

#include <cstring>
#include <span>

#include "fs/file/anonymous.hpp"
#include "utils/format.hpp"

namespace exo::ipc {

using abi::PollEvents;

namespace {

/// The counter never reaches this (eventfd(2)).
constexpr u64 MAXIMUM = ~0ULL;

constinit std::atomic<u32> next_id{0};

class EventFile final : public fs::File {
  public:
    EventFile(Ref<fs::Inode> inode, u32 initial, EventMode mode, abi::OpenFlags flags)
        : File({}, std::move(inode), flags,
               {.seek = fs::SeekPolicy::AlwaysZero,
                .splice = fs::SplicePolicy::Refused,
                .vectors = fs::VectorPolicy::WriteEach}),
          mode_(mode),
          id_(next_id.fetch_add(1, std::memory_order_relaxed)),
          count_(initial) {}

    /// 8 bytes. Errors: Einval (a smaller buffer), Eagain, Efault, RestartSys.
    Result<usize> do_read(vm::OutBuffer& to, u64) override {
        if (to.remaining() < sizeof(u64)) return Error::Einval;
        const u64 taken = TRY(scheduler::block_until(
            readers_, blocking(), [this] { return current() != 0; }, [this] { return take(); }));
        if (writers_.has_waiters()) writers_.wake_all(fs::wake_events(PollEvents::Out));
        u8 bytes[sizeof(u64)];
        std::memcpy(bytes, &taken, sizeof(bytes));
        TRY(to.write(bytes));
        return sizeof(u64);
    }

    /// Adds 8 bytes' worth. Errors: Einval (a smaller buffer, or all bits set), Eagain, Efault, RestartSys.
    Result<usize> do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) override {
        if (from.remaining() < sizeof(u64)) return Error::Einval;
        u8 bytes[sizeof(u64)];
        if (TRY(from.read(bytes)) != sizeof(bytes)) return Error::Efault;
        u64 value = 0;
        std::memcpy(&value, bytes, sizeof(value));
        if (value == MAXIMUM) return Error::Einval;
        TRY(scheduler::block_until(
            writers_, blocking(), [&] { return current() < MAXIMUM - value; }, [&] { return add(value); }));
        if (readers_.has_waiters()) readers_.wake_all(fs::wake_events(PollEvents::In));
        return sizeof(u64);
    }

    PollEvents poll(fs::PollTable* table) override {
        if (table != nullptr) {
            table->add(readers_);
            table->add(writers_);
        }
        const u64 count = current();
        PollEvents events = PollEvents::None;
        if (count > 0) events |= PollEvents::In;
        if (count < MAXIMUM - 1) events |= PollEvents::Out;
        return events;
    }

    Result<> append_description(String& out) override { return out.append("anon_inode:[eventfd]"); }
    Result<> append_details(String& out) override {
        return format_append(out, "eventfd-count: {:16x}\neventfd-id: {}\n", current(), id_);
    }

  private:
    // seq_cst: pairs with a waiter's entry into its queue
    u64 current() const { return count_.load(std::memory_order_seq_cst); }

    /// Takes the value that a read returns. Errors: Eagain (the counter is 0).
    Result<u64> take() {
        u64 count = count_.load(std::memory_order_relaxed);
        while (count != 0) {
            const u64 rest = mode_ == EventMode::Semaphore ? count - 1 : 0;
            if (count_.compare_exchange_weak(count, rest, std::memory_order_seq_cst)) return count - rest;
        }
        return Error::Eagain;
    }

    /// Errors: Eagain (the counter has no room for it).
    Result<> add(u64 value) {
        u64 count = count_.load(std::memory_order_relaxed);
        do {
            if (count >= MAXIMUM - value) return Error::Eagain;
        } while (!count_.compare_exchange_weak(count, count + value, std::memory_order_seq_cst));
        return {};
    }

    EventMode mode_;
    u32 id_;  ///< For /proc/PID/fdinfo: which descriptors are the same counter.
    std::atomic<u64> count_;
    scheduler::WaitQueue readers_;
    scheduler::WaitQueue writers_;
};

}  // namespace

Result<Ref<fs::File>> create_event_file(u32 initial, EventMode mode, abi::OpenFlags flags) {
    Ref<fs::Inode> inode = TRY(fs::shared_anonymous_inode());
    const abi::OpenFlags status = abi::OpenFlags::Rdwr | (flags & abi::OpenFlags::Nonblock);
    return make_ref<EventFile>(std::move(inode), initial, mode, status);
}

}  // namespace exo::ipc
