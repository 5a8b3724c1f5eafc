// ipc: communication between processes. Pipes, eventfds, epolls and sockets are fs::Files.
//
// Key types: Pipe (the buffer that both ends share, pipe(7), fifo(7)), PipeEnd (an open end, pipe_end.hpp),
// PipeBuffer (its pages), eventfd.hpp, epoll/ (epoll.hpp). Neighbours: fs and scheduler below; posix_x above,
// which sends SIGPIPE for EPIPE.
// Locking: a sleeping lock (LockRank::Pipe) guards a pipe's buffer and end counts. It is held across copies
// from and to a program, because the fault path takes only locks of a higher rank. Threads wait without the
// lock, on conditions in atomics.
#pragma once

#include <bit>
#include <optional>

#include "fs/file/file.hpp"
#include "ipc/pipe_buffer.hpp"

namespace exo::ipc {

/// /proc/sys/fs/pipe-max-size, in bytes: the largest pipe that a user without CAP_SYS_RESOURCE may make.
inline constinit std::atomic<u64> max_unprivileged_pipe_size{1 << 20};
/// /proc/sys/fs/pipe-user-pages-soft and -hard: limits of the capacity, in pages, of all pipes of a user
/// without CAP_SYS_RESOURCE and CAP_SYS_ADMIN. Above the soft limit new pipes get two pages and no pipe
/// grows; above the hard limit there are no new pipes. 0: no limit.
inline constinit std::atomic<u64> user_pages_soft{16384};
inline constinit std::atomic<u64> user_pages_hard{0};
/// The capacity of the largest pipe. LINUX: its array of slots must fit into a contiguous block of 4 MiB.
inline constexpr u32 MAX_PIPE_PAGES = 65536;
/// The capacity in bytes that F_SETPIPE_SZ sets for a request; 0: too large. LINUX: round_pipe_size.
constexpr u64 round_pipe_size(u64 bytes) {
    constexpr u64 LARGEST = 1ULL << 31;
    return bytes > LARGEST ? 0 : bytes < PAGE_SIZE ? PAGE_SIZE : std::bit_ceil(bytes);
}
inline constexpr u32 DEFAULT_PIPE_PAGES = 16;
inline constexpr u32 LEAST_NEW_PIPE_PAGES = 2;

struct PipePair {
    Ref<fs::File> reader;
    Ref<fs::File> writer;
};

/// pipe2. Of `flags`, only Nonblock and Direct (each write is a packet) are used. Errors: Enomem, Enfile (too
/// many files, or too many pipe pages of this user).
Result<PipePair> create_pipe(abi::OpenFlags flags, const fs::Credentials& credentials);

/// Registers the opener of named pipes, starts epoll, and makes the file systems for the inodes of pipes and
/// sockets.
/// Errors: Enomem.
Result<> init();

/// Which ends of a pipe a file is.
struct PipeEnds {
    bool reads = false;
    bool writes = false;
};

class Pipe final : public Object {
  public:
    /// Makes a pipe and charges its capacity to `credentials.payer`. Errors: Enomem, Enfile (the user is
    /// above pipe-user-pages-hard).
    static Result<Ref<Pipe>> create(const fs::Credentials& credentials);
    ~Pipe() override;

    /// Reads bytes. 0: no writer is left. Errors: Eagain, Efault, RestartSys.
    using Blocking = scheduler::Blocking;
    Result<usize> read(vm::OutBuffer& to, Blocking blocking);
    /// Writes bytes. Errors, when nothing was written: Epipe, Eagain, Efault, Enomem, RestartSys.
    enum class Style : u8 { Bytes, Packets };
    Result<usize> write(vm::InBuffer& from, Blocking blocking, Style style);

    /// Waits until a page fits in. Errors: Epipe, Eagain, RestartSys.
    Result<> wait_for_room(Blocking blocking);
    /// As they were at some moment of the call.
    u32 free_pages() const { return room_.load(std::memory_order_relaxed); }
    /// Until there are bytes or no writer is left. Errors: Eagain, RestartSys.
    Result<> wait_for_bytes(Blocking blocking);
    /// Appends a reference to a page. Errors: Epipe, Eagain (full; it does not wait).
    Result<> take_page(fs::PagePiece piece);
    /// After take_page has taken one or several pages. LINUX: wakeup_pipe_readers, whether or not the pipe was empty.
    void tell_readers() {
        if (readable_.has_waiters()) readable_.wake_one();
    }
    /// splice(2) and tee(2) between two pipes, which differ: moves or copies references to pages with up to `count` bytes.
    /// 0: no writer is left. Errors: Epipe, Eagain, RestartSys.
    enum class Give : u8 { Move, Copy };
    static Result<usize> give(Pipe& from, Pipe& to, usize count, Blocking blocking, Give how);

    /// The bytes of the first page, which the caller writes to another file without the pipe's lock. No other
    /// thread takes bytes out meanwhile.
    class [[nodiscard]] Loan {
      public:
        Loan(Pipe& pipe, fs::PagePiece piece) : pipe_(&pipe), piece_(std::move(piece)) {}
        Loan(Loan&& other) noexcept
            : pipe_(std::exchange(other.pipe_, nullptr)),
              piece_(std::move(other.piece_)),
              used_(other.used_) {}
        Loan& operator=(Loan&&) = delete;
        ~Loan() {
            if (pipe_ != nullptr) pipe_->end_loan(used_);
        }
        std::span<const u8> bytes() const { return piece_.bytes(); }
        /// Sets how many of the bytes leave the pipe when the loan ends.
        void use(usize count) { used_ = count; }

      private:
        Pipe* pipe_;
        fs::PagePiece piece_;
        usize used_ = 0;
    };
    /// Begins a loan. Nothing: no writer is left. Errors: Eagain, RestartSys.
    Result<std::optional<Loan>> lend(Blocking blocking);

    /// Counts an open end, and wakes openers that wait for one. Returns the argument for wait_for_partner.
    u32 add(PipeEnds ends);
    /// Uncounts an open end.
    void drop(PipeEnds ends);
    /// fifo(7): waits until the other end has been open. Errors: RestartSys.
    Result<> wait_for_partner(PipeEnds ends, u32 partners_before);
    bool has_writers() const { return writers_.load(std::memory_order_seq_cst) != 0; }
    bool has_readers() const { return readers_.load(std::memory_order_seq_cst) != 0; }

    /// `writers_at_open`: see writer_generation.
    fs::PollEvents poll(fs::PollTable* table, PipeEnds ends, u32 writers_at_open);
    /// How many writers have been opened so far. A reader that opened before the first writer is not hung up.
    u32 writer_generation() const { return writer_generation_.load(std::memory_order_seq_cst); }

    usize size() const { return size_.load(std::memory_order_relaxed); }
    /// The memory of the pages with unread bytes. Takes no lock.
    u64 held_bytes() const {
        const u32 all = pages_.load(std::memory_order_relaxed);
        const u32 room = room_.load(std::memory_order_relaxed);
        return all > room ? u64{all - room} * PAGE_SIZE : 0;
    }
    u32 capacity();
    /// F_SETPIPE_SZ. Errors: Einval, Eperm, Ebusy, Enomem.
    Result<u32> set_capacity(u64 bytes, const fs::Credentials& credentials);

  private:
    explicit Pipe(Ref<security::UserRecord> payer) : payer_(std::move(payer)) {}
    struct State {
        PipeBuffer buffer;
        u32 charged_pages = 0;  ///< Pages charged to `payer_`.
        bool is_lent = false;   ///< There is a Loan.
    };
    using Lock = scheduler::Mutex<State, sync::LockRank::Pipe>;

    /// Whether bytes may go behind those of the last page: only at the beginning of a write.
    enum class Merging : u8 { Allowed, Refused };
    Result<usize> try_read(vm::OutBuffer& to);
    Result<usize> wait_and_read(vm::OutBuffer& to);
    Result<usize> try_write(vm::InBuffer& from, Style style, Merging merging, usize& done);
    Result<usize> wait_and_write(vm::InBuffer& from, Style style, usize done);
    Result<u32> charge_new(State& state, const fs::Credentials& credentials);
    void publish(const State& state);
    bool may_read() const {
        return !is_lent_.load(std::memory_order_seq_cst) &&
               (size_.load(std::memory_order_seq_cst) != 0 || !has_writers());
    }
    void end_loan(usize used);
    bool may_write() const { return !has_readers() || room_.load(std::memory_order_seq_cst) != 0; }

    Ref<security::UserRecord> payer_;
    Lock state_;
    // The conditions of waiting threads; changed under the lock. seq_cst: pairs with the waiter's entry into
    // its queue.
    std::atomic<usize> size_{0};
    std::atomic<u32> room_{0};   ///< Free pages.
    std::atomic<u32> pages_{0};  ///< The capacity in pages. Changed under the lock; no thread waits for it.
    std::atomic<bool> is_lent_{false};
    std::atomic<u32> readers_{0};
    std::atomic<u32> writers_{0};
    std::atomic<u32> reader_generation_{0};
    std::atomic<u32> writer_generation_{0};
    scheduler::WaitQueue readable_;
    scheduler::WaitQueue writable_;
    scheduler::WaitQueue partners_;
};

}  // namespace exo::ipc
