// PtyPair: the connection of both sides of a pseudo-terminal (pty(7)). For the slave's Terminal it is the
// hardware: bytes that the master writes are input, and output of the terminal is read by the master.
//
// Key types: PtyPair, ByteQueue (bytes in transit), PtyMaster (pty_master.hpp: the open file of the master),
// Devpts (devpts.hpp: the file system with the slaves' names). Neighbours: terminal/ below; init_ptys
// (pty_master.hpp) registers /dev/ptmx and the type devpts.
// Locking: `state_` (rank SleepingLeaf), taken under the terminal's lock. After putting bytes in or taking
// them out, a caller calls Terminal::serve without `state_`.
// Source: pty(7), ioctl_tty(2); Linux, drivers/tty/pty.c.
#pragma once

#include "posix_x/pty/byte_queue.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

/// The first byte of a read of the master in packet mode (ioctl_tty(2), TIOCPKT).
enum class PacketEvents : u8 {
    Data = 0,
    FlushRead = 1,
    FlushWrite = 2,
    Stop = 4,
    Start = 8,
    NoStop = 16,
    DoStop = 32,
    Ioctl = 64,
};
EXO_FLAGS(PacketEvents);

class PtyPair final : public Object, public TerminalDriver {
  public:
    /// `index` is a number of the devpts `instance`.
    PtyPair(u32 index, Ref<fs::FileSystem> instance);
    ~PtyPair() override;

    u32 index() const { return index_; }
    /// The slave's name, such as "pts/3". Valid as long as the pair exists.
    std::string_view name() const { return {name_, name_size_}; }

    // ---- Functions for the master.

    enum class Piece : u8 { First, Next };
    /// What a read finds: bytes, or in packet mode a byte of events, or one that says that bytes follow. Piece by piece, until nothing is
    /// left of what the master's own line discipline had when the read began. Only the first piece begins with a byte of packet mode.
    /// Errors: Eagain (nothing, or nothing more), Eio (nothing, and the slave was closed by all).
    Result<usize> take(std::span<u8> to, Piece piece);
    /// Adds bytes that the master writes; returns how many. The caller then calls Terminal::serve, so that
    /// the terminal takes them.
    usize type(std::span<const u8> bytes);
    enum class PacketMode : u8 { Off, On };
    void set_packet_mode(PacketMode mode);
    PacketMode packet_mode();
    fs::PollEvents master_events();
    usize bytes_for_master();
    usize held_bytes();
    /// TCFLSH on the master.
    void flush_from_master(abi::FlushQueue which);
    /// TCXONC on the master.
    void set_master_flow(OutputFlow flow);
    /// Called when the master is closed: discards the bytes for it and drops later ones.
    void close_master();
    bool is_master_open() const { return is_master_open_.load(std::memory_order_seq_cst); }
    /// Records that an open of the slave failed. Until one succeeds, other open files of the slave get EIO,
    /// and closing the last of them does not notify the master. LINUX: pty_open sets TTY_IO_ERROR.
    void refuse_slave() { is_slave_refused_.store(true, std::memory_order_relaxed); }

    /// TIOCSPTLCK: opening a locked slave gives EIO.
    std::atomic<bool> is_locked{true};
    scheduler::WaitQueue master_readers;
    scheduler::WaitQueue master_writers;

    // ---- Functions for the slave's terminal.

    usize read(std::span<u8> to) override;
    usize write(std::span<const u8> bytes) override;
    void configure(abi::termios2& wanted, const abi::termios2& old) override;
    scheduler::WaitQueue& readable() override { return unused_; }
    scheduler::WaitQueue& writable() override { return unused_; }
    void opened() override;
    void closed() override;
    void dropped_input() override { note(PacketEvents::FlushRead); }
    void drop_output() override;
    void note_flow(OutputFlow flow) override;
    bool takes_nothing_while_stopped() const override { return true; }
    bool has_gone() const override { return !is_master_open(); }
    bool has_failed() const override { return is_slave_refused_.load(std::memory_order_relaxed); }
    bool stays_without_its_session() const override { return true; }

  private:
    struct State {
        ByteQueue to_slave;
        ByteQueue to_master;
        usize left_to_read = 0;  ///< How many bytes of to_master the read in progress may still take.
        PacketMode packet_mode = PacketMode::Off;
        PacketEvents events = PacketEvents::Data;  ///< Only in packet mode.
        u32 slave_files = 0;
        bool slave_is_gone = false;                    ///< The slave was opened, and all have closed it.
        OutputFlow master_flow = OutputFlow::Running;  ///< Stopped: bytes that the master writes are kept
                                                       ///< back.
        bool has_number = true;                        ///< Until both sides are closed.
    };
    void give_number_back();
    static usize readable(const State& state);
    static usize pop_for_read(State& state, std::span<u8> to);
    void note(PacketEvents add, PacketEvents remove = PacketEvents::Data);

    const u32 index_;
    const Ref<fs::FileSystem> instance_;
    char name_[16];
    usize name_size_ = 0;
    std::atomic<bool> is_master_open_{true};
    std::atomic<bool> is_slave_refused_{false};
    scheduler::Mutex<State, sync::LockRank::SleepingLeaf> state_;
    scheduler::WaitQueue unused_;  ///< Never woken: the terminal has no thread that would wait.
};

}  // namespace exo::posix_x
