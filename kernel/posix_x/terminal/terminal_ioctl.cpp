// ioctl(2) on terminals: ioctl_tty(2). The requests of ioctl_console(2) are missing.
#include "posix_x/process/process.hpp"
#include "posix_x/terminal/speed.hpp"
#include "posix_x/terminal/terminal_file.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

using abi::TerminalRequest;
using vm::UserIn;
using vm::UserOut;

/// The old structure has no speeds, so the speeds do not change.
abi::termios to_old(const abi::termios2& from) {
    abi::termios to{from.c_iflag, from.c_oflag, from.c_cflag, from.c_lflag, from.c_line, {}};
    std::copy_n(from.c_cc, abi::CONTROL_CHARACTERS, to.c_cc);
    return to;
}

void apply_old(const abi::termios& from, abi::termios2& to) {
    to.c_iflag = from.c_iflag;
    to.c_oflag = from.c_oflag;
    to.c_cflag = from.c_cflag;
    to.c_lflag = from.c_lflag;
    to.c_line = from.c_line;
    std::copy_n(from.c_cc, abi::CONTROL_CHARACTERS, to.c_cc);
}

/// A program may give speeds as codes or as numbers. This makes both agree.
void complete_rates(abi::termios2& settings) {
    const u32 input = input_rate(settings);
    const u32 output = output_rate(settings);
    settings.c_ispeed = input;
    settings.c_ospeed = output;
}

constexpr time::Nanoseconds USUAL_BREAK = 250 * time::MILLISECOND;
constexpr time::Nanoseconds TENTH_OF_A_SECOND = 100 * time::MILLISECOND;

bool caller_can(Capability capability) { return current_task().identity().can(capability); }

}  // namespace

Result<u64> TerminalFile::ioctl(fs::FileCommand command) {
    if (terminal_->is_hung_up(user()))
        return command.is(TerminalRequest::SetGroup) ? Error::Enotty : Error::Eio;
    // LINUX: ptm_open_peer. Only the master of a pseudo-terminal has another side.
    if (command.is(abi::PtyRequest::OpenSlave)) return Error::Eio;
    const auto result = Requests::run(command.code, *this, {command.argument});
    return result ? *result : Result<u64>(Error::Enotty);
}

Result<> TerminalFile::wait_to_change() {
    TRY(check_changer());
    return terminal_->drain() ? Result<>{} : Error::Eintr;
}

// ---- Settings

Result<> TerminalFile::change_settings(UserIn<abi::termios> in, Terminal::WhenToSet when) {
    TRY(check_changer());
    TerminalSettings settings = terminal_->settings();
    apply_old(TRY(in.read()), settings.raw());
    complete_rates(settings.raw());
    return terminal_->set_settings(user(), settings, when);
}

Result<> TerminalFile::change_settings2(UserIn<abi::termios2> in, Terminal::WhenToSet when) {
    TRY(check_changer());
    TerminalSettings settings;
    settings.raw() = TRY(in.read());
    complete_rates(settings.raw());
    return terminal_->set_settings(user(), settings, when);
}

Result<> TerminalFile::get_attributes(UserOut<abi::termios> out) {
    return out.write(to_old(terminal_->settings().raw()));
}
Result<> TerminalFile::get_attributes2(UserOut<abi::termios2> out) {
    return out.write(terminal_->settings().raw());
}
Result<> TerminalFile::set_attributes(UserIn<abi::termios> in) {
    return change_settings(in, Terminal::WhenToSet::Now);
}
Result<> TerminalFile::set_attributes_wait(UserIn<abi::termios> in) {
    return change_settings(in, Terminal::WhenToSet::AfterOutput);
}
Result<> TerminalFile::set_attributes_flush(UserIn<abi::termios> in) {
    return change_settings(in, Terminal::WhenToSet::AfterOutputWithoutInput);
}
Result<> TerminalFile::set_attributes2(UserIn<abi::termios2> in) {
    return change_settings2(in, Terminal::WhenToSet::Now);
}
Result<> TerminalFile::set_attributes2_wait(UserIn<abi::termios2> in) {
    return change_settings2(in, Terminal::WhenToSet::AfterOutput);
}
Result<> TerminalFile::set_attributes2_flush(UserIn<abi::termios2> in) {
    return change_settings2(in, Terminal::WhenToSet::AfterOutputWithoutInput);
}
Result<> TerminalFile::get_window_size(UserOut<abi::winsize> out) {
    return out.write(terminal_->window_size());
}
Result<> TerminalFile::set_window_size(UserIn<abi::winsize> in) {
    terminal_->set_window_size(TRY(in.read()));
    return {};
}
Result<> TerminalFile::get_discipline(UserOut<IntegerInMemory> out) { return out.write(0); }  // N_TTY
Result<> TerminalFile::set_discipline(UserIn<IntegerInMemory> in) {
    TRY(wait_to_change());
    if (TRY(in.read()) != 0) return Error::Einval;
    terminal_->wait_for_close_patiently();
    terminal_->take_out_users();
    return {};
}

// ---- The session and its foreground group

Result<> TerminalFile::set_controlling(Boolean steals) {
    terminal_->wait_for_close_patiently();
    return terminal_->set_controlling(rights(),
                                      steals == 1 ? Terminal::Claim::Steals : Terminal::Claim::IfFree);
}
Result<> TerminalFile::give_up_controlling() { return terminal_->give_up_controlling(); }
Result<> TerminalFile::get_group(UserOut<PidOf<PidUse::Group>> out) {
    return out.write(TRY(terminal_->foreground_group()));
}
Result<> TerminalFile::get_session(UserOut<PidOf<PidUse::Session>> out) {
    return out.write(TRY(terminal_->session()));
}
Result<> TerminalFile::set_group(UserIn<PidOf<PidUse::Group>> in) {
    const Result<> check = check_changer();
    if (!check) return check.error() == Error::Eio ? Error::Enotty : check.error();
    return terminal_->set_foreground_group(TRY(in.read()));
}

// ---- The queues and the line

/// TCSBRK. With a nonzero argument it implements tcdrain(3).
Result<> TerminalFile::send_break(Seconds is_drain) {
    TRY(wait_to_change());
    return is_drain == 0 ? terminal_->send_break(USUAL_BREAK) : Result<>();
}
Result<> TerminalFile::send_break_for(Seconds tenths) {
    TRY(wait_to_change());
    return terminal_->send_break(tenths == 0 ? USUAL_BREAK : tenths * TENTH_OF_A_SECOND);
}
Result<> TerminalFile::start_break() {
    TRY(wait_to_change());
    terminal_->hold_break(LineBreak::On);
    return {};
}
Result<> TerminalFile::stop_break() {
    TRY(check_changer());
    terminal_->hold_break(LineBreak::Off);
    return {};
}
Result<> TerminalFile::control_flow(abi::FlowAction action) {
    TRY(check_changer());
    if (action > abi::FlowAction::InputOn) return Error::Einval;
    terminal_->control_flow(action);
    return {};
}
Result<> TerminalFile::flush(abi::FlushQueue queue) {
    TRY(check_changer());
    if (queue > abi::FlushQueue::Both) return Error::Einval;
    terminal_->flush(queue);
    return {};
}
Result<> TerminalFile::count_unsent(UserOut<IntegerInMemory> out) {
    return out.write(static_cast<i32>(terminal_->unsent_bytes()));
}
/// TIOCSTI. As in Linux with dev.tty.legacy_tiocsti=0, only a privileged program may simulate input.
Result<> TerminalFile::simulate_input(UserIn<TypedByte> in) {
    if (!caller_can(Capability::SysAdmin)) return Error::Eio;
    terminal_->simulate_input(TRY(in.read()));
    return {};
}

// ---- The terminal as a device

Result<> TerminalFile::set_exclusive() {
    terminal_->is_exclusive.store(true);
    return {};
}
Result<> TerminalFile::clear_exclusive() {
    terminal_->is_exclusive.store(false);
    return {};
}
Result<> TerminalFile::get_exclusive(UserOut<IntegerInMemory> out) {
    return out.write(i32{terminal_->is_exclusive.load()});
}
Result<> TerminalFile::get_device(UserOut<Device> out) { return out.write(terminal_->number().encoded()); }
Result<> TerminalFile::hang_up() {
    if (!caller_can(Capability::SysAdmin)) return Error::Eperm;
    terminal_->hang_up();
    return {};
}

}  // namespace exo::posix_x
