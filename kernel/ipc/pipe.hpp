// ipc: what processes talk through. Pipes and eventfds are fs::Files; rings and channels join them.
//
// Key types: Pipe (the buffer that both ends share, pipe(7), fifo(7)), PipeEnd (an open end, pipe_end.hpp), PipeBuffer
// (its pages), eventfd.hpp, epoll/ (epoll.hpp). Neighbours: fs and scheduler below; posix_x above, which makes EPIPE a SIGPIPE.
// Locking: one sleeping lock a pipe (LockRank::Pipe) guards buffer and end counts. It is held across copies from and to
// a program: the fault path takes only locks of a higher rank. Who waits, waits without it, on a condition that is
// kept in atomics.
#pragma once

#include <bit>
#include <optional>

#include "fs/file/file.hpp"
#include "ipc/pipe_buffer.hpp"

namespace exo::ipc {

/// /proc/sys/fs/pipe-max-size, in bytes: how far a user without CAP_SYS_RESOURCE may let a pipe grow.
inline constinit std::atomic<u64> max_unprivileged_pipe_size{1 << 20};
/// /proc/sys/fs/pipe-user-pages-soft and -hard: how many pages all pipes of a user without CAP_SYS_RESOURCE or CAP_SYS_ADMIN
/// may have room for before new pipes have room for two and none grows, and before there are no new ones. 0: without a limit.
inline constinit std::atomic<u64> user_pages_soft{16384};
inline constinit std::atomic<u64> user_pages_hard{0};
/// The room of the largest pipe. LINUX: its array of pages has to fit into 4 MiB in one piece.
inline constexpr u32 MAX_PIPE_PAGES = 65536;
/// The room that F_SETPIPE_SZ makes of a wish, in bytes; 0: too much. LINUX: round_pipe_size.
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

/// pipe2. `flags`: Nonblock and Direct (each write is a packet) count. Errors: Enomem, Enfile (too many files, or too many pages
/// of this user's).
Result<PipePair> create_pipe(abi::OpenFlags flags, const fs::Credentials& credentials);

/// Registers the opener of named pipes, lets epolls be, and makes the file systems that the inodes of pipes and sockets belong to.
/// Errors: Enomem.
Result<> init();

/// Which ends a file is.
struct PipeEnds {
    bool reads = false;
    bool writes = false;
};

class Pipe final : public Object {
  public:
    /// Makes a pipe and charges its room to `credentials.payer`. Errors: Enomem, Enfile (the user is above pipe-user-pages-hard).
    static Result<Ref<Pipe>> create(const fs::Credentials& credentials);
    ~Pipe() override;

    /// Errors: Eagain, Efault, RestartSys. 0: no writer is left.
    using Blocking = scheduler::Blocking;
    Result<usize> read(vm::OutBuffer& to, Blocking blocking);
    /// Errors: Epipe, Eagain, Efault, Enomem, RestartSys: nothing was written.
    enum class Style : u8 { Bytes, Packets };
    Result<usize> write(vm::InBuffer& from, Blocking blocking, Style style);

    /// Until a page would fit in. Errors: Epipe, Eagain, RestartSys.
    Result<> wait_for_room(Blocking blocking);
    /// Until there are bytes or no writer is left. Errors: Eagain, RestartSys.
    Result<> wait_for_bytes(Blocking blocking);
    /// Refers to a page from now on. Errors: Epipe, Eagain (full; nothing is waited for).
    Result<> take_page(fs::PagePiece piece);
    /// splice(2) and tee(2) between two pipes, which differ: moves or copies references to pages with up to `count` bytes.
    /// 0: no writer is left. Errors: Epipe, Eagain, RestartSys.
    enum class Give : u8 { Move, Copy };
    static Result<usize> give(Pipe& from, Pipe& to, usize count, Blocking blocking, Give how);

    /// The bytes in the first page, lent to who writes them elsewhere without a lock of the pipe. Nobody else takes bytes out
    /// meanwhile.
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
        /// So many of them leave the pipe when the loan ends.
        void use(usize count) { used_ = count; }

      private:
        Pipe* pipe_;
        fs::PagePiece piece_;
        usize used_ = 0;
    };
    /// Nothing: no writer is left. Errors: Eagain, RestartSys.
    Result<std::optional<Loan>> lend(Blocking blocking);

    /// An end more, which may be the partner that others wait for. Returns what wait_for_partner wants to know.
    u32 add(PipeEnds ends);
    /// An end less.
    void drop(PipeEnds ends);
    /// fifo(7): waits until the other end has been open. Errors: RestartSys.
    Result<> wait_for_partner(PipeEnds ends, u32 partners_before);
    bool has_writers() const { return writers_.load(std::memory_order_seq_cst) != 0; }
    bool has_readers() const { return readers_.load(std::memory_order_seq_cst) != 0; }

    /// `writers_at_open`: see writer_generation.
    fs::PollEvents poll(fs::PollTable* table, PipeEnds ends, u32 writers_at_open);
    /// How many writers have been opened so far: a reader that opened before the first one is not hung up.
    u32 writer_generation() const { return writer_generation_.load(std::memory_order_seq_cst); }

    usize size() const { return size_.load(std::memory_order_relaxed); }
    /// Of the pages that hold what nobody has read yet. Without a lock.
    u64 held_bytes() const {
        const u32 all = pages_.load(std::memory_order_relaxed);
        const u32 room = room_.load(std::memory_order_relaxed);
        return all > room ? u64{all - room} * PAGE_SIZE : 0;
    }
    u32 capacity();
    /// Errors: Einval, Eperm, Ebusy, Enomem.
    Result<u32> set_capacity(u64 bytes, const fs::Credentials& credentials);

  private:
    explicit Pipe(Ref<security::UserRecord> payer) : payer_(std::move(payer)) {}
    struct State {
        PipeBuffer buffer;
        u32 charged_pages = 0;  ///< To `payer_`.
        bool is_lent = false;   ///< There is a Loan.
    };
    using Lock = scheduler::Mutex<State, sync::LockRank::Pipe>;

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
    // What waiters look at; changed under the lock. seq_cst: pairs with the waiter's entry into its queue.
    std::atomic<usize> size_{0};
    std::atomic<u32> room_{0};   ///< Free pages.
    std::atomic<u32> pages_{0};  ///< All of them. Changed under the lock; nobody waits for it.
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
