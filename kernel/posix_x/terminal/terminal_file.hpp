// TerminalFile: one open of a terminal.
#pragma once

#include "fs/file/device.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

class TerminalFile final : public fs::DeviceFile {
  public:
    TerminalFile(fs::OpenRequest&& request, Ref<Terminal> terminal, Terminal::JobControl job_control);
    ~TerminalFile() override;

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const fs::WriteContext& context) override;
    /// ioctl_tty(2). Errors: Enotty (not known), Eio (hung up), Efault, Einval, Eperm, RestartSys.
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<u64> readable_bytes() override;
    fs::PollEvents poll(fs::PollTable* table) override;
    bool has_signals_for_input() const override { return true; }

  private:
    Terminal::User user() const;
    Result<u64> settings_request(abi::TerminalRequest request, u64 argument);
    Result<u64> group_request(abi::TerminalRequest request, u64 argument);
    Result<u64> queue_request(abi::TerminalRequest request, u64 argument);
    Result<u64> other_request(abi::TerminalRequest request, u64 argument);
    Result<> change_settings(u64 argument, Terminal::WhenToSet when);
    Result<> change_settings2(u64 argument, Terminal::WhenToSet when);
    /// As check_changer, and everything is sent. Errors: also Eintr.
    Result<> wait_to_change();
    Result<> check_changer() { return terminal_->check_background(Signal::Ttou); }

    const Ref<Terminal> terminal_;
    const Terminal::Opening opening_;
};

}  // namespace exo::posix_x
