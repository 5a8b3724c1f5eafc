#include "posix_x/x86_64/start_registers.hpp"

#include <cstring>

namespace exo::posix_x {

void start_program(Task& task, u64 entry, u64 stack_pointer) {
    task.registers().start_at(entry, stack_pointer);
    scheduler::UserState& user = *task.thread->user();
    const sync::InterruptsOff no_interrupts;
    user.fs_base = user.gs_base = 0;
    user.selectors = {};
    arch::set_user_selectors({});
    arch::set_user_fs_base(0);
    arch::set_user_gs_base(0);
    user.fpu_is_live = false;
    arch::fpu_initialise(user.fpu);
    task.thread->add_work(scheduler::Work::RestoreFpu);
}

Result<> copy_user_state(Task& parent, Task& child, std::optional<u64> thread_pointer, u64 stack) {
    // LINUX: do_arch_prctl_64. An address that is not canonical would fault in the kernel where it is loaded.
    if (thread_pointer && *thread_pointer >= memory::USER_END) return Error::Eperm;
    Box<scheduler::UserState> user = TRY(scheduler::UserState::create_for_copy());
    scheduler::UserState& parents = *scheduler::current_thread().user();
    {
        const sync::InterruptsOff no_interrupts;
        // XSAVE leaves what is in its first state, and parts of the header, as they are: into an area of its own each time.
        if (parents.fpu_is_live) arch::fpu_save(parents.fpu);
        std::memcpy(user->fpu, parents.fpu, arch::fpu_area_size());
        parents.fs_base = arch::user_fs_base();
        parents.gs_base = arch::user_gs_base();
        parents.selectors = arch::user_selectors();
    }
    user->fs_base = thread_pointer.value_or(parents.fs_base);
    user->gs_base = parents.gs_base;
    user->selectors = parents.selectors;
    if (thread_pointer) user->selectors.fs = 0;
    user->page_table = &child.space().page_table();
    scheduler::Thread& thread = *child.thread;
    thread.set_user(std::move(user));
    thread.add_work(scheduler::Work::RestoreFpu);
    arch::UserRegisters& registers = thread.user_registers();
    registers = parent.registers();
    registers.set_result(0);
    registers.leave_call();
    if (stack != 0) registers.set_stack_pointer(stack);
    return {};
}

}  // namespace exo::posix_x
