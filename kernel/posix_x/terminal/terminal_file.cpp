#include "posix_x/terminal/terminal_file.hpp"

namespace exo::posix_x {

using fs::PollEvents;

TerminalFile::TerminalFile(fs::OpenRequest&& request, Ref<Terminal> terminal,
                           Terminal::JobControl job_control)
    : DeviceFile(std::move(request)),
      terminal_(std::move(terminal)),
      opening_(terminal_->opened(job_control)) {}

TerminalFile::~TerminalFile() { terminal_->closed(opening_); }

Terminal::User TerminalFile::user() const { return {opening_, *this, terminal_->takeouts()}; }

Result<usize> TerminalFile::do_read(vm::OutBuffer& to, u64) {
    const Result<usize> count = terminal_->read(user(), to);
    if (count && *count > 0) inode().note_accessed_relative();
    return count;
}

Result<usize> TerminalFile::do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) {
    return terminal_->write(user(), from);
}

Result<u64> TerminalFile::readable_bytes() {
    if (terminal_->is_hung_up(user())) return Error::Eio;
    return u64{terminal_->readable_bytes()};
}

PollEvents TerminalFile::poll(fs::PollTable* table) {
    if (table != nullptr) {
        table->add(terminal_->input_waiters());
        table->add(terminal_->output_waiters());
    }
    const Terminal::Readiness readiness = terminal_->readiness(user());
    PollEvents events = PollEvents::None;
    if (readiness.can_read) events |= PollEvents::In | PollEvents::Rdnorm;
    if (readiness.can_write) events |= PollEvents::Out | PollEvents::Wrnorm;
    if (readiness.is_hung_up) events |= PollEvents::Err | PollEvents::Hup;
    return events;
}

}  // namespace exo::posix_x
