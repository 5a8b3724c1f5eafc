#include "posix_x/x86_64/signal_frame.hpp"

#include <type_traits>

#include "abi/linux/signal_frame.hpp"
#include "posix_x/x86_64/fpu_state.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

constexpr u64 RED_ZONE = 128;  // below the stack pointer, the program's own (System V ABI, 3.2.2)
constexpr u64 FPU_ALIGNMENT = 64;
/// The flags that a program may set: CF PF AF ZF SF TF DF OF NT AC ID.
constexpr u64 USER_FLAGS =
    0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 0x800 | 0x4000 | 0x40000 | 0x200000;
constexpr u64 FLAG_RF = 0x10000;
constexpr u64 FLAG_DF = 0x400;
constexpr u64 FLAG_TF = 0x100;

constexpr u32 ON_STACK = 1;
constexpr u32 DISABLE = AlternateStack::DISABLE;

/// Whether the stack pointer is on the alternate stack. A stack with SS_AUTODISARM is disabled while a
/// handler runs on it.
bool is_on_alternate_stack(const AlternateStack& stack, u64 rsp) {
    if ((stack.flags & AlternateStack::AUTO_DISARM) != 0) return false;
    return stack.size != 0 && rsp > stack.base && rsp - stack.base <= stack.size;
}

u64 choose_stack(const Task& task, const SignalAction& action, u64 rsp) {
    const AlternateStack& stack = task.alternate_stack;
    const bool wanted = (action.flags & SignalAction::ON_STACK) != 0;
    if (wanted && stack.size != 0 && !is_on_alternate_stack(stack, rsp)) return stack.base + stack.size;
    return rsp - RED_ZONE;
}

abi::sigcontext context_of(const Task& task, const arch::UserRegisters& r, SignalSet old_mask,
                           u64 fpu_address) {
    return {.r8 = r.r8,
            .r9 = r.r9,
            .r10 = r.r10,
            .r11 = r.r11,
            .r12 = r.r12,
            .r13 = r.r13,
            .r14 = r.r14,
            .r15 = r.r15,
            .rdi = r.rdi,
            .rsi = r.rsi,
            .rbp = r.rbp,
            .rbx = r.rbx,
            .rdx = r.rdx,
            .rax = r.rax,
            .rcx = r.rcx,
            .rsp = r.rsp,
            .rip = r.rip,
            .eflags = r.rflags,
            .cs = static_cast<u16>(r.cs),
            .gs = 0,
            .fs = 0,
            .ss = static_cast<u16>(r.ss),
            .err = task.last_fault.error_code,
            .trapno = task.last_fault.vector,
            .oldmask = old_mask.bits(),
            .cr2 = task.last_fault.address,
            .fpstate = fpu_address,
            .reserved = {}};
}

}  // namespace

void fill_siginfo(const SignalInfo& info, abi::siginfo& out) {
    out.si_signo = static_cast<i32>(info.signal);
    out.si_errno = info.error;
    out.si_code = info.code;
    if (info.is_as_given) {
        out.padding_ = static_cast<i32>(info.key);
        out.set_sender(info.sender, info.sender_uid, info.value);
        out.words[2] = static_cast<u64>(info.user_time);
        out.words[3] = static_cast<u64>(info.system_time);
    } else if (info.signal == Signal::Chld && info.code > 0) {
        out.set_child(info.sender, info.sender_uid, info.status, info.user_time, info.system_time);
    } else if (SYNCHRONOUS_SIGNALS.has(info.signal) && info.code > 0) {
        out.set_address(info.value, info.key);
    } else {
        out.set_sender(info.sender, info.sender_uid, info.value);
    }
}

u32 stack_flags(const Task& task, u64 rsp) {
    if (task.alternate_stack.size == 0) return DISABLE;
    return is_on_alternate_stack(task.alternate_stack, rsp) ? ON_STACK : 0;
}

Result<> set_alternate_stack(Task& task, const abi::stack_t& wanted, u64 stack_pointer) {
    constexpr u64 MIN_SIZE = 2048;
    if (stack_flags(task, stack_pointer) == ON_STACK) return Error::Eperm;
    const u32 given = static_cast<u32>(wanted.ss_flags);
    const u32 mode = given & ~AlternateStack::AUTO_DISARM;
    const u32 flags = given & AlternateStack::AUTO_DISARM;
    if (mode != 0 && mode != ON_STACK && mode != DISABLE) return Error::Einval;
    AlternateStack& stack = task.alternate_stack;
    // LINUX: what changes nothing is not looked at further, a stack of no size included.
    const bool is_same = stack.base == wanted.ss_sp && stack.size == wanted.ss_size && stack.flags == given;
    if (is_same) return {};
    if (mode == DISABLE)
        stack = {0, 0, given};
    else if (wanted.ss_size < MIN_SIZE)
        return Error::Enomem;
    else
        stack = {wanted.ss_sp, wanted.ss_size, mode | flags};
    return {};
}

Result<> push_signal_frame(Task& task, const SignalInfo& info, const SignalAction& action, SignalSet old_mask,
                           arch::UserRegisters& registers) {
    if ((action.flags & SignalAction::RESTORER) == 0) return Error::Efault;  // x86-64 has no other way back
    const usize fpu_size = arch::fpu_area_size() + sizeof(abi::FP_XSTATE_MAGIC2);
    const u64 top = choose_stack(task, action, registers.rsp);
    if (top < fpu_size + sizeof(abi::rt_sigframe) + 2 * FPU_ALIGNMENT) return Error::Efault;
    const u64 fpu_address = align_down(top - fpu_size, FPU_ALIGNMENT);
    const u64 frame_address = align_down(fpu_address - sizeof(abi::rt_sigframe), 16ULL) - 8;
    const AlternateStack& alternate = task.alternate_stack;
    if (is_on_alternate_stack(alternate, top) && frame_address < alternate.base) return Error::Efault;

    static_assert(std::has_unique_object_representations_v<abi::rt_sigframe>);  // so each byte is set
    abi::rt_sigframe frame{
        .pretcode = action.restorer,
        .uc = {.uc_flags = abi::UC_FP_XSTATE | abi::UC_SIGCONTEXT_SS | abi::UC_STRICT_RESTORE_SS,
               .uc_link = 0,
               .uc_stack = {.ss_sp = alternate.base,
                            .ss_flags = static_cast<i32>(alternate.flags),
                            .padding_ = 0,
                            .ss_size = alternate.size},
               .uc_mcontext = context_of(task, registers, old_mask, fpu_address),
               .uc_sigmask = old_mask.bits()},
        .info = {}};
    fill_siginfo(info, frame.info);
    TRY(push_fpu_state(*task.thread, fpu_address));
    // SAFETY: a structure of integers without padding.
    TRY(vm::write_user(frame_address, {reinterpret_cast<const u8*>(&frame), sizeof(frame)}));

    if ((alternate.flags & AlternateStack::AUTO_DISARM) != 0) task.alternate_stack = {.flags = DISABLE};
    reset_fpu_state(*task.thread);  // the handler starts with a clean FPU, as every function may expect

    registers.rdi = static_cast<u64>(info.signal);
    registers.rsi = frame_address + __builtin_offsetof(abi::rt_sigframe, info);
    registers.rdx = frame_address + __builtin_offsetof(abi::rt_sigframe, uc);
    registers.rax = 0;
    registers.rip = action.handler;
    registers.rsp = frame_address;
    registers.cs = arch::user_selector::CODE;
    registers.ss = arch::user_selector::DATA;
    registers.rflags &= ~(FLAG_DF | FLAG_RF | FLAG_TF);
    registers.original_rax = ~0ULL;
    return {};
}

Result<SignalSet> pop_signal_frame(Task& task, arch::UserRegisters& registers) {
    [[clang::uninitialized]] abi::ucontext context;  // read from the program before anything else
    const u64 address = registers.rsp - sizeof(u64) + __builtin_offsetof(abi::rt_sigframe, uc);
    // SAFETY: any bytes are a valid structure of integers.
    TRY(vm::read_user(address, {reinterpret_cast<u8*>(&context), sizeof(context)}));
    const abi::sigcontext& c = context.uc_mcontext;
    // Only a program's own segments, and an address within the segment's limit: IRET to any other would fault.
    constexpr u16 USER_LEVEL = 3;
    const u64 cs = c.cs | USER_LEVEL;
    const bool is_32_bit = cs == arch::user_selector::CODE_32 && c.rip <= ~u32{0};
    if ((cs != arch::user_selector::CODE && !is_32_bit) || (c.ss | USER_LEVEL) != arch::user_selector::DATA)
        return Error::Efault;
    TRY(pop_fpu_state(*task.thread, c.fpstate));
    arch::UserRegisters& r = registers;
    r.r8 = c.r8, r.r9 = c.r9, r.r10 = c.r10, r.r11 = c.r11, r.r12 = c.r12, r.r13 = c.r13, r.r14 = c.r14,
    r.r15 = c.r15;
    r.rdi = c.rdi, r.rsi = c.rsi, r.rbp = c.rbp, r.rbx = c.rbx, r.rdx = c.rdx, r.rax = c.rax, r.rcx = c.rcx;
    r.rsp = c.rsp, r.rip = c.rip;
    r.rflags = (r.rflags & ~USER_FLAGS) | (c.eflags & USER_FLAGS);
    r.cs = cs;
    r.ss = arch::user_selector::DATA;
    r.original_rax = ~0ULL;
    (void)set_alternate_stack(task, context.uc_stack, r.rsp);  // LINUX: one that cannot be is left alone
    return SignalSet(context.uc_sigmask);
}

}  // namespace exo::posix_x
