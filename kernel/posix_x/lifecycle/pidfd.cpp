#include "posix_x/lifecycle/pidfd.hpp"

#include "fs/file/anonymous.hpp"
#include "utils/format.hpp"

namespace exo::posix_x {

Result<Ref<fs::File>> ProcessFile::create(Ref<Process> process, abi::OpenFlags flags) {
    Ref<fs::Inode> inode = TRY(fs::shared_anonymous_inode());
    return make_ref<ProcessFile>(std::move(inode), std::move(process), flags);
}

fs::PollEvents ProcessFile::poll(fs::PollTable* table) {
    if (table != nullptr) table->add(process_->ended);
    const ProcessState state = process_->state.load(std::memory_order_seq_cst);
    const bool has_ended = state == ProcessState::Zombie || state == ProcessState::Reaped;
    return has_ended ? fs::PollEvents::In | fs::PollEvents::Rdnorm : fs::PollEvents::None;
}

/// LINUX: pidfd_show_fdinfo. This kernel has one pid namespace.
Result<> ProcessFile::append_details(String& out) {
    const bool is_reaped = process_->state.load(std::memory_order_relaxed) == ProcessState::Reaped;
    const Pid pid = is_reaped ? -1 : process_->pid();
    return format_append(out, "Pid:\t{}\nNSpid:\t{}\n", pid, pid);
}

}  // namespace exo::posix_x
