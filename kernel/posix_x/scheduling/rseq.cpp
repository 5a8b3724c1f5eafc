#include "posix_x/scheduling/rseq.hpp"

#include <cstddef>

#include "abi/linux/rseq.hpp"
#include "posix_x/scheduling/rseq_calls.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

using scheduler::Work;

namespace {

constexpr u64 ALIGNMENT = sizeof(abi::rseq);

u64 field(const Task& task, usize offset) { return task.rseq.address + offset; }

Result<> clear_section(const Task& task) {
    return vm::UserOut<u64>(field(task, offsetof(abi::rseq, rseq_cs))).write(0);
}

/// Reads the thread's section. All zeros: it is in none. LINUX: rseq_get_rseq_cs. Errors: Efault, Einval.
Result<abi::rseq_cs> read_section(const Task& task) {
    const u64 address = TRY(vm::UserIn<u64>(field(task, offsetof(abi::rseq, rseq_cs))).read());
    if (address == 0) return abi::rseq_cs{};
    if (address >= memory::USER_END) return Error::Einval;
    const abi::rseq_cs section = TRY(vm::UserIn<abi::rseq_cs>(address).read());
    const u64 end = section.start_ip + section.post_commit_offset;
    if (section.start_ip >= memory::USER_END || end >= memory::USER_END ||
        section.abort_ip >= memory::USER_END || section.version > 0)
        return Error::Einval;
    if (end < section.start_ip) return Error::Einval;
    if (section.abort_ip - section.start_ip < section.post_commit_offset) return Error::Einval;
    if (TRY(vm::UserIn<u32>(section.abort_ip - sizeof(u32)).read()) != task.rseq.signature) return Error::Einval;
    return section;
}

/// LINUX: rseq_ip_fixup; flags of a section or an area are refused since 6.0. Errors: Efault, Einval.
Result<> abort_section(const Task& task, arch::UserRegisters& registers) {
    const abi::rseq_cs section = TRY(read_section(task));
    const bool is_inside = registers.instruction_pointer() - section.start_ip < section.post_commit_offset;
    if (!is_inside) return clear_section(task);
    if (section.flags != 0) return Error::Einval;
    if (TRY(vm::UserIn<u32>(field(task, offsetof(abi::rseq, flags))).read()) != 0) return Error::Einval;
    TRY(clear_section(task));
    registers.set_instruction_pointer(section.abort_ip);
    return {};
}

Result<> write_cpu(const Task& task, u32 start, u32 cpu) {
    struct Cpus {
        u32 start;
        u32 cpu;
    };
    return vm::UserOut<Cpus>(task.rseq.address).write({start, cpu});
}

Result<> update(const Task& task, arch::UserRegisters& registers) {
    TRY(abort_section(task, registers));
    const u32 cpu = arch::cpu_index();
    return write_cpu(task, cpu, cpu);
}

}  // namespace

bool leave_own_sequence(Task& task, arch::UserRegisters& registers) {
    return update(task, registers).has_value();
}

void resume_sequence(Task& task, arch::UserRegisters& registers) {
    // Before the area is written: what runs during a fault of it asks for another turn.
    task.thread->clear_work(Work::Rseq);
    if (!leave_sequence(task, registers)) force_signal({.signal = Signal::Segv, .code = signal_code::KERNEL});
}

void copy_rseq(const Task& parent, Task& child) {
    if (parent.rseq.address == 0) return;
    child.rseq = parent.rseq;
    child.thread->user()->on_resume = Work::Rseq;
    child.thread->add_work(Work::Rseq);
}

void forget_rseq(Task& task) {
    task.rseq = {};
    task.thread->user()->on_resume = Work::None;
    task.thread->clear_work(Work::Rseq);
}

/// LINUX: registering does not write to the area, so an area that cannot be written causes SIGSEGV on the
/// next return to user mode. A section that the area already names is cleared (stable kernels since 2025).
static Result<> register_rseq(Task& task, u64 address, u32 size, u32 signature) {
    if (task.rseq.address != 0) {
        if (task.rseq.address != address || size != sizeof(abi::rseq)) return Error::Einval;
        return task.rseq.signature != signature ? Error::Eperm : Error::Ebusy;
    }
    if (address % ALIGNMENT != 0 || size != sizeof(abi::rseq)) return Error::Einval;
    if (!memory::is_user_range(address, size)) return Error::Efault;
    const u64 section = address + offsetof(abi::rseq, rseq_cs);
    if (TRY(vm::UserIn<u64>(section).read()) != 0) TRY(vm::UserOut<u64>(section).write(0));
    if (address == 0) return {};  // LINUX: null means that there is none
    task.rseq = {address, signature};
    task.thread->user()->on_resume = Work::Rseq;
    task.thread->add_work(Work::Rseq);
    return {};
}

static Result<> unregister_rseq(Task& task, u64 address, u32 size, u32 signature) {
    if (task.rseq.address == 0 || task.rseq.address != address) return Error::Einval;
    if (size != sizeof(abi::rseq)) return Error::Einval;
    if (task.rseq.signature != signature) return Error::Eperm;
    TRY(write_cpu(task, 0, abi::RSEQ_CPU_ID_UNINITIALIZED));
    forget_rseq(task);
    return {};
}

Result<> sys_rseq(Context&, UserAddress area, Size32 size, Known<abi::RseqFlags::Unregister> given,
                  MagicNumber signature) {
    const abi::RseqFlags flags = TRY(given.checked());
    const bool ends = has(flags, abi::RseqFlags::Unregister);
    return (ends ? unregister_rseq : register_rseq)(current_task(), area.value, size, signature);
}

}  // namespace exo::posix_x
