// TerminalFile: an open file description of a terminal.
#pragma once

#include "abi/linux/termios.hpp"
#include "fs/file/device.hpp"
#include "posix_x/syscalls/signature.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

class TerminalFile : public fs::DeviceFile {
  public:
    TerminalFile(fs::OpenRequest&& request, Ref<Terminal> terminal, Terminal::JobControl job_control);
    ~TerminalFile() override;

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    /// ioctl_tty(2). Errors: Enotty (not known), Eio (hung up), Efault, Einval, Eperm, RestartSys.
    Result<u64> ioctl(fs::FileCommand command) override;
    Result<u64> readable_bytes() override;
    fs::PollEvents poll(fs::PollTable* table) override;
    bool has_signals_for_input() const override { return true; }

  protected:
    Terminal& terminal() const { return *terminal_; }

  private:
    // ---- The ioctl requests, one function each. Requests that set something wait as tcsetattr(3) says.
    Result<> get_attributes(vm::UserOut<abi::termios> out);
    Result<> set_attributes(vm::UserIn<abi::termios> in);
    Result<> set_attributes_wait(vm::UserIn<abi::termios> in);
    Result<> set_attributes_flush(vm::UserIn<abi::termios> in);
    Result<> send_break(Seconds is_drain);
    Result<> control_flow(abi::FlowAction action);
    Result<> flush(abi::FlushQueue queue);
    Result<> set_exclusive();
    Result<> clear_exclusive();
    Result<> set_controlling(Boolean steals);
    Result<> get_group(vm::UserOut<PidOf<PidUse::Group>> out);
    Result<> set_group(vm::UserIn<PidOf<PidUse::Group>> in);
    Result<> count_unsent(vm::UserOut<IntegerInMemory> out);
    Result<> simulate_input(vm::UserIn<TypedByte> in);
    Result<> get_window_size(vm::UserOut<abi::winsize> out);
    Result<> set_window_size(vm::UserIn<abi::winsize> in);
    Result<> give_up_controlling();
    Result<> set_discipline(vm::UserIn<IntegerInMemory> in);
    Result<> get_discipline(vm::UserOut<IntegerInMemory> out);
    Result<> send_break_for(Seconds tenths);
    Result<> start_break();
    Result<> stop_break();
    Result<> get_session(vm::UserOut<PidOf<PidUse::Session>> out);
    Result<> get_attributes2(vm::UserOut<abi::termios2> out);
    Result<> set_attributes2(vm::UserIn<abi::termios2> in);
    Result<> set_attributes2_wait(vm::UserIn<abi::termios2> in);
    Result<> set_attributes2_flush(vm::UserIn<abi::termios2> in);
    Result<> get_device(vm::UserOut<Device> out);
    Result<> hang_up();
    Result<> get_exclusive(vm::UserOut<IntegerInMemory> out);

    Terminal::User user() const;
    Result<> change_settings(vm::UserIn<abi::termios> in, Terminal::WhenToSet when);
    Result<> change_settings2(vm::UserIn<abi::termios2> in, Terminal::WhenToSet when);
    /// Makes the checks of check_changer and waits until all output is sent. Errors: those of check_changer,
    /// Eintr.
    Result<> wait_to_change();
    Result<> check_changer() { return terminal_->check_background(Signal::Ttou); }

    const Ref<Terminal> terminal_;
    const Terminal::Opening opening_;

  public:
    using Requests = syscall::CommandSet<
        syscall::On<abi::TerminalRequest::GetAttributes, &TerminalFile::get_attributes>,
        syscall::On<abi::TerminalRequest::SetAttributes, &TerminalFile::set_attributes>,
        syscall::On<abi::TerminalRequest::SetAttributesWait, &TerminalFile::set_attributes_wait>,
        syscall::On<abi::TerminalRequest::SetAttributesFlush, &TerminalFile::set_attributes_flush>,
        syscall::On<abi::TerminalRequest::SendBreak, &TerminalFile::send_break>,
        syscall::On<abi::TerminalRequest::FlowControl, &TerminalFile::control_flow>,
        syscall::On<abi::TerminalRequest::Flush, &TerminalFile::flush>,
        syscall::On<abi::TerminalRequest::SetExclusive, &TerminalFile::set_exclusive>,
        syscall::On<abi::TerminalRequest::ClearExclusive, &TerminalFile::clear_exclusive>,
        syscall::On<abi::TerminalRequest::SetControlling, &TerminalFile::set_controlling>,
        syscall::On<abi::TerminalRequest::GetGroup, &TerminalFile::get_group>,
        syscall::On<abi::TerminalRequest::SetGroup, &TerminalFile::set_group>,
        syscall::On<abi::TerminalRequest::OutputQueue, &TerminalFile::count_unsent>,
        syscall::On<abi::TerminalRequest::SimulateInput, &TerminalFile::simulate_input>,
        syscall::On<abi::TerminalRequest::GetWindowSize, &TerminalFile::get_window_size>,
        syscall::On<abi::TerminalRequest::SetWindowSize, &TerminalFile::set_window_size>,
        syscall::On<abi::TerminalRequest::GiveUpControlling, &TerminalFile::give_up_controlling>,
        syscall::On<abi::TerminalRequest::SetDiscipline, &TerminalFile::set_discipline>,
        syscall::On<abi::TerminalRequest::GetDiscipline, &TerminalFile::get_discipline>,
        syscall::On<abi::TerminalRequest::SendBreakFor, &TerminalFile::send_break_for>,
        syscall::On<abi::TerminalRequest::StartBreak, &TerminalFile::start_break>,
        syscall::On<abi::TerminalRequest::StopBreak, &TerminalFile::stop_break>,
        syscall::On<abi::TerminalRequest::GetSession, &TerminalFile::get_session>,
        syscall::On<abi::TerminalRequest::GetAttributes2, &TerminalFile::get_attributes2>,
        syscall::On<abi::TerminalRequest::SetAttributes2, &TerminalFile::set_attributes2>,
        syscall::On<abi::TerminalRequest::SetAttributesWait2, &TerminalFile::set_attributes2_wait>,
        syscall::On<abi::TerminalRequest::SetAttributesFlush2, &TerminalFile::set_attributes2_flush>,
        syscall::On<abi::TerminalRequest::GetDevice, &TerminalFile::get_device>,
        syscall::On<abi::TerminalRequest::HangUp, &TerminalFile::hang_up>,
        syscall::On<abi::TerminalRequest::GetExclusive, &TerminalFile::get_exclusive>>;
};

}  // namespace exo::posix_x
