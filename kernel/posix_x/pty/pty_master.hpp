// PtyMaster: the open file that open("/dev/ptmx") makes. Through it a program acts as a terminal's hardware.
//
// It also counts as a user of the slave's terminal, because most requests concern that terminal's settings,
// window and groups (Linux: tty_pair_get_tty).
#pragma once

#include "posix_x/pty/devpts.hpp"
#include "posix_x/terminal/terminal_file.hpp"

namespace exo::posix_x {

class PtyMaster final : public TerminalFile {
  public:
    PtyMaster(fs::OpenRequest&& request, Ref<Terminal> terminal, Ref<PtyPair> pair, fs::Path devpts_root);
    /// Removes the slave's name and hangs the slave up.
    ~PtyMaster() override;

    /// Errors: Eagain, Eio (no bytes are left, and all have closed the slave), RestartSys, Efault.
    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    /// Errors: Eagain, RestartSys, Efault.
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    Result<u64> ioctl(fs::FileCommand command) override;
    Result<u64> readable_bytes() override { return u64{pair_->bytes_for_master()}; }
    fs::PollEvents poll(fs::PollTable* table) override;
    u64 held_bytes() const override { return sizeof(Terminal) + sizeof(PtyPair) + pair_->held_bytes(); }
    bool has_signals_for_input() const override { return true; }

  private:
    // ---- Requests that only masters have.
    Result<> get_number(vm::UserOut<IntegerInMemory> out);
    Result<> set_lock(vm::UserIn<IntegerInMemory> in);
    Result<> get_lock(vm::UserOut<IntegerInMemory> out);
    Result<> set_packet_mode(vm::UserIn<IntegerInMemory> in);
    Result<> get_packet_mode(vm::UserOut<IntegerInMemory> out);
    Answer<NewDescriptor> open_slave(abi::OpenFlags flags);
    Result<> send_signal(Number<Kind::Signal, i32> signal);

    // ---- Requests about the master itself, and requests with weaker checks than those of the slave for
    // callers outside the terminal's session.
    Result<> get_group(vm::UserOut<PidOf<PidUse::Group>> out);
    Result<> get_session(vm::UserOut<PidOf<PidUse::Session>> out);
    Result<> give_up_controlling() { return Error::Enotty; }
    Result<> hang_up() { return Error::Enotty; }
    Result<> flush(abi::FlushQueue queue);
    Result<> control_flow(abi::FlowAction action);
    Result<> count_unsent(vm::UserOut<IntegerInMemory> out) { return out.write(0); }
    Result<> set_exclusive();
    Result<> clear_exclusive();
    Result<> get_exclusive(vm::UserOut<IntegerInMemory> out);

    const Ref<PtyPair> pair_;
    const fs::Path devpts_root_;
    Turn reading_;
    Turn writing_;
    std::atomic<bool> is_exclusive_{false};

  public:
    using OwnRequests =
        syscall::CommandSet<syscall::On<abi::PtyRequest::GetNumber, &PtyMaster::get_number>,
                            syscall::On<abi::PtyRequest::SetLock, &PtyMaster::set_lock>,
                            syscall::On<abi::PtyRequest::GetLock, &PtyMaster::get_lock>,
                            syscall::On<abi::PtyRequest::SetPacketMode, &PtyMaster::set_packet_mode>,
                            syscall::On<abi::PtyRequest::GetPacketMode, &PtyMaster::get_packet_mode>,
                            syscall::On<abi::PtyRequest::OpenSlave, &PtyMaster::open_slave>,
                            syscall::On<abi::PtyRequest::SendSignal, &PtyMaster::send_signal>>;

  private:
    using ChangedRequests = syscall::CommandSet<
        syscall::On<abi::TerminalRequest::GetGroup, &PtyMaster::get_group>,
        syscall::On<abi::TerminalRequest::GetSession, &PtyMaster::get_session>,
        syscall::On<abi::TerminalRequest::GiveUpControlling, &PtyMaster::give_up_controlling>,
        syscall::On<abi::TerminalRequest::HangUp, &PtyMaster::hang_up>,
        syscall::On<abi::TerminalRequest::Flush, &PtyMaster::flush>,
        syscall::On<abi::TerminalRequest::FlowControl, &PtyMaster::control_flow>,
        syscall::On<abi::TerminalRequest::OutputQueue, &PtyMaster::count_unsent>,
        syscall::On<abi::TerminalRequest::SetExclusive, &PtyMaster::set_exclusive>,
        syscall::On<abi::TerminalRequest::ClearExclusive, &PtyMaster::clear_exclusive>,
        syscall::On<abi::TerminalRequest::GetExclusive, &PtyMaster::get_exclusive>>;
};

/// Registers /dev/ptmx and the file system type devpts. Errors: Enomem, Eexist.
Result<> init_ptys();

}  // namespace exo::posix_x
