// ioctl(2) on terminals: ioctl_tty(2), ioctl_console(2) left out.
#include "posix_x/process/task.hpp"
#include "posix_x/terminal/speed.hpp"
#include "posix_x/terminal/terminal_file.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

using abi::TerminalRequest;
using vm::UserIn;
using vm::UserOut;

/// The old structure has no speeds: they stay as they are.
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

template <class T> Result<u64> give(u64 address, const T& value) {
    TRY(UserOut<T>(address).write(value));
    return 0ULL;
}

/// What a program gives may name its speeds by codes or by numbers: from here on both agree.
void complete_rates(abi::termios2& settings) {
    const u32 input = input_rate(settings);
    const u32 output = output_rate(settings);
    settings.c_ispeed = input;
    settings.c_ospeed = output;
}

constexpr time::Nanoseconds USUAL_BREAK = 250 * time::MILLISECOND;
constexpr time::Nanoseconds TENTH_OF_A_SECOND = 100 * time::MILLISECOND;

bool caller_can(Capability capability) { return current_task().identity->can(capability); }

}  // namespace

Result<u64> TerminalFile::ioctl(u32 raw_request, u64 argument) {
    const auto request = static_cast<TerminalRequest>(raw_request);
    if (terminal_->is_hung_up(user()))
        return request == TerminalRequest::SetGroup ? Error::Enotty : Error::Eio;
    switch (request) {
        case TerminalRequest::GetAttributes:
        case TerminalRequest::SetAttributes:
        case TerminalRequest::SetAttributesWait:
        case TerminalRequest::SetAttributesFlush:
        case TerminalRequest::GetAttributes2:
        case TerminalRequest::SetAttributes2:
        case TerminalRequest::SetAttributesWait2:
        case TerminalRequest::SetAttributesFlush2:
        case TerminalRequest::GetWindowSize:
        case TerminalRequest::SetWindowSize: return settings_request(request, argument);
        case TerminalRequest::SetControlling:
        case TerminalRequest::GiveUpControlling:
        case TerminalRequest::GetGroup:
        case TerminalRequest::SetGroup:
        case TerminalRequest::GetSession: return group_request(request, argument);
        case TerminalRequest::SendBreak:
        case TerminalRequest::SendBreakFor:
        case TerminalRequest::StartBreak:
        case TerminalRequest::StopBreak:
        case TerminalRequest::FlowControl:
        case TerminalRequest::Flush:
        case TerminalRequest::OutputQueue:
        case TerminalRequest::InputQueue: return queue_request(request, argument);
        default: return other_request(request, argument);
    }
}

Result<> TerminalFile::wait_to_change() {
    TRY(check_changer());
    return terminal_->drain() ? Result<>{} : Error::Eintr;
}

Result<> TerminalFile::change_settings(u64 argument, Terminal::WhenToSet when) {
    TRY(check_changer());
    TerminalSettings settings = terminal_->settings();
    apply_old(TRY(UserIn<abi::termios>(argument).read()), settings.raw());
    complete_rates(settings.raw());
    return terminal_->set_settings(user(), settings, when);
}

Result<> TerminalFile::change_settings2(u64 argument, Terminal::WhenToSet when) {
    TRY(check_changer());
    TerminalSettings settings;
    settings.raw() = TRY(UserIn<abi::termios2>(argument).read());
    complete_rates(settings.raw());
    return terminal_->set_settings(user(), settings, when);
}

Result<u64> TerminalFile::settings_request(TerminalRequest request, u64 argument) {
    using enum Terminal::WhenToSet;
    switch (request) {
        case TerminalRequest::GetAttributes: return give(argument, to_old(terminal_->settings().raw()));
        case TerminalRequest::GetAttributes2: return give(argument, terminal_->settings().raw());
        case TerminalRequest::SetAttributes: TRY(change_settings(argument, Now)); return 0ULL;
        case TerminalRequest::SetAttributesWait: TRY(change_settings(argument, AfterOutput)); return 0ULL;
        case TerminalRequest::SetAttributesFlush:
            TRY(change_settings(argument, AfterOutputWithoutInput));
            return 0ULL;
        case TerminalRequest::SetAttributes2: TRY(change_settings2(argument, Now)); return 0ULL;
        case TerminalRequest::SetAttributesWait2: TRY(change_settings2(argument, AfterOutput)); return 0ULL;
        case TerminalRequest::SetAttributesFlush2:
            TRY(change_settings2(argument, AfterOutputWithoutInput));
            return 0ULL;
        case TerminalRequest::GetWindowSize: return give(argument, terminal_->window_size());
        default: terminal_->set_window_size(TRY(UserIn<abi::winsize>(argument).read())); return 0ULL;
    }
}

Result<u64> TerminalFile::group_request(TerminalRequest request, u64 argument) {
    switch (request) {
        case TerminalRequest::SetControlling:
            terminal_->wait_for_close_patiently();
            TRY(terminal_->set_controlling(has(rights(), security::Rights::Read), argument == 1));
            return 0ULL;
        case TerminalRequest::GiveUpControlling: TRY(terminal_->give_up_controlling()); return 0ULL;
        case TerminalRequest::GetGroup: return give(argument, TRY(terminal_->foreground_group()));
        case TerminalRequest::GetSession: return give(argument, TRY(terminal_->session()));
        default: {
            const Result<> check = check_changer();
            if (!check) return check.error() == Error::Eio ? Error::Enotty : check.error();
            TRY(terminal_->set_foreground_group(TRY(UserIn<Pid>(argument).read())));
            return 0ULL;
        }
    }
}

Result<u64> TerminalFile::queue_request(TerminalRequest request, u64 argument) {
    switch (request) {
        // With an argument this is how tcdrain(3) is made.
        case TerminalRequest::SendBreak:
            TRY(wait_to_change());
            if (static_cast<u32>(argument) == 0) TRY(terminal_->send_break(USUAL_BREAK));
            return 0ULL;
        case TerminalRequest::SendBreakFor: {
            TRY(wait_to_change());
            const u32 tenths = static_cast<u32>(argument);
            TRY(terminal_->send_break(tenths == 0 ? USUAL_BREAK : tenths * TENTH_OF_A_SECOND));
            return 0ULL;
        }
        case TerminalRequest::StartBreak:
            TRY(wait_to_change());
            terminal_->hold_break(true);
            return 0ULL;
        case TerminalRequest::StopBreak:
            TRY(check_changer());
            terminal_->hold_break(false);
            return 0ULL;
        case TerminalRequest::FlowControl:
            TRY(check_changer());
            if (argument > static_cast<u64>(abi::FlowAction::InputOn)) return Error::Einval;
            terminal_->control_flow(static_cast<abi::FlowAction>(argument));
            return 0ULL;
        case TerminalRequest::Flush:
            TRY(check_changer());
            if (argument > static_cast<u64>(abi::FlushQueue::Both)) return Error::Einval;
            terminal_->flush(static_cast<abi::FlushQueue>(argument));
            return 0ULL;
        case TerminalRequest::OutputQueue: return give(argument, static_cast<i32>(terminal_->unsent_bytes()));
        default: return give(argument, static_cast<i32>(terminal_->readable_bytes()));
    }
}

Result<u64> TerminalFile::other_request(TerminalRequest request, u64 argument) {
    switch (request) {
        case TerminalRequest::SetExclusive: terminal_->is_exclusive.store(true); return 0ULL;
        case TerminalRequest::ClearExclusive: terminal_->is_exclusive.store(false); return 0ULL;
        case TerminalRequest::GetExclusive: return give(argument, i32{terminal_->is_exclusive.load()});
        case TerminalRequest::GetDiscipline: return give(argument, i32{0});  // N_TTY
        case TerminalRequest::SetDiscipline:
            TRY(wait_to_change());
            if (TRY(UserIn<i32>(argument).read()) != 0) return Error::Einval;
            terminal_->wait_for_close_patiently();
            terminal_->take_out_users();
            return 0ULL;
        case TerminalRequest::GetDevice: return give(argument, terminal_->number().encoded());
        case TerminalRequest::HangUp:
            if (!caller_can(Capability::SysAdmin)) return Error::Eperm;
            terminal_->hang_up();
            return 0ULL;
        // As Linux with dev.tty.legacy_tiocsti=0: a program cannot type for others, but for one with all powers.
        case TerminalRequest::SimulateInput:
            if (!caller_can(Capability::SysAdmin)) return Error::Eio;
            terminal_->simulate_input(TRY(UserIn<u8>(argument).read()));
            return 0ULL;
        default: return Error::Enotty;
    }
}

}  // namespace exo::posix_x
