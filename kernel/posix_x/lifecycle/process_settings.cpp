// Settings of the calling process: prctl and arch_prctl (one handler for each command, syscall/commands.hpp),
// personality. Also reboot.
#include "posix_x/lifecycle/process_settings.hpp"

#include "abi/linux/process.hpp"
#include "drivers/platform.hpp"
#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::ArchPrctlCode;
using abi::PrctlOption;
using abi::RebootCommand;

// ---- arch_prctl

Result<> check_base(UserAddress address) {
    return address.value >= memory::USER_END ? Result<>(Error::Eperm) : Result<>();
}

/// LINUX: setting a base overrides the segment that the selector names, so the selector is cleared.
/// Interrupts must be off.
void clear_selector(u16 arch::SegmentSelectors::* selector) {
    arch::SegmentSelectors selectors = arch::user_selectors();
    if (selectors.*selector == 0) [[likely]]
        return;
    const u64 fs_base = arch::user_fs_base();
    const u64 gs_base = arch::user_gs_base();
    selectors.*selector = 0;
    arch::set_user_selectors(selectors);
    arch::set_user_fs_base(fs_base);
    arch::set_user_gs_base(gs_base);
}

Result<> set_fs_base(Task&, UserAddress address) {
    TRY(check_base(address));
    const sync::InterruptsOff no_interrupts;
    clear_selector(&arch::SegmentSelectors::fs);
    arch::set_user_fs_base(address.value);
    return {};
}
Result<> set_gs_base(Task&, UserAddress address) {
    TRY(check_base(address));
    const sync::InterruptsOff no_interrupts;
    clear_selector(&arch::SegmentSelectors::gs);
    arch::set_user_gs_base(address.value);
    return {};
}

using AddressOut = vm::UserOut<AddressAnswer>;

Result<> get_fs_base(Task&, AddressOut out) {
    u64 base;
    {
        const sync::InterruptsOff no_interrupts;
        base = arch::user_fs_base();
    }
    return out.write(base);
}
Result<> get_gs_base(Task&, AddressOut out) {
    u64 base;
    {
        const sync::InterruptsOff no_interrupts;
        base = arch::user_gs_base();
    }
    return out.write(base);
}

/// Returns 1: programs may always use CPUID, because this kernel cannot make it trap.
Answer<Boolean> may_use_cpuid(Task&) { return 1ULL; }
Result<> set_cpuid(Task&, Boolean) { return Error::Enodev; }

using ArchPrctlCommands =
    CommandSet<On<ArchPrctlCode::SetGs, set_gs_base>, On<ArchPrctlCode::SetFs, set_fs_base>,
               On<ArchPrctlCode::GetFs, get_fs_base>, On<ArchPrctlCode::GetGs, get_gs_base>,
               On<ArchPrctlCode::GetCpuid, may_use_cpuid>, On<ArchPrctlCode::SetCpuid, set_cpuid>>;

}  // namespace

constinit const CommandList<6> ARCH_PRCTL_COMMANDS = ArchPrctlCommands::DESCRIPTIONS;

Answer<ByCommand> sys_arch_prctl(Context&, CommandCode<ARCH_PRCTL_COMMANDS> code, CommandWord argument) {
    const auto result = ArchPrctlCommands::run(code.value, current_task(), {argument.value});
    return result ? *result : Result<u64>(Error::Einval);
}

// ---- prctl

namespace {

Result<> set_death_signal(Task& task, Number<Kind::Signal, u64, SignalUse::OrNone> signal) {
    if (signal != 0 && !is_valid_signal(static_cast<i64>(u64{signal}))) return Error::Einval;
    task.parent_death_signal.store(static_cast<Signal>(u64{signal}), std::memory_order_relaxed);
    if (signal != 0) PROCESSES.lock()->note_death_signal(*task.process);
    return {};
}
Result<> get_death_signal(Task& task, vm::UserOut<SignalOrNone> out) {
    return out.write(static_cast<i32>(task.parent_death_signal.load(std::memory_order_relaxed)));
}

Answer<Boolean> is_dumpable(Task& task) { return task.image().is_dumpable ? 1ULL : 0ULL; }
Result<> set_dumpable(Task& task, Boolean on) {
    if (on > 1) return Error::Einval;
    task.image().is_dumpable.store(on == 1, std::memory_order_relaxed);
    return {};
}

Answer<Boolean> keeps_capabilities(Task& task) { return task.identity().keeps_capabilities ? 1ULL : 0ULL; }
Result<> set_keeps_capabilities(Task& task, Boolean on) {
    if (on > 1) return Error::Einval;
    Ref<Identity> next = TRY(task.identity().clone());
    next->keeps_capabilities = on == 1;
    task.set_identity(std::move(next));
    return {};
}

struct ThreadName {
    char text[16];
};

Result<> set_name(Task&, TextArgument text) {
    ThreadName name{};
    (void)TRY(vm::read_user_string(text.address, {name.text, sizeof(name.text) - 1}));
    scheduler::current_thread().set_name(name.text);
    return {};
}
Result<> get_name(Task&, vm::UserOut<ThreadName> out) {
    ThreadName name{};
    scheduler::current_thread().name().copy(name.text, sizeof(name.text) - 1);
    return out.write(name);
}

Answer<Boolean> read_bounding(Task& task, CapabilityNumber number) {
    if (number > LAST_CAPABILITY) return Error::Einval;
    return task.identity().bounding >> number & 1;
}

Result<> drop_bounding(Task& task, CapabilityNumber number) {
    if (!task.identity().can(Capability::Setpcap)) return Error::Eperm;
    if (number > LAST_CAPABILITY) return Error::Einval;
    Ref<Identity> next = TRY(task.identity().clone());
    next->bounding &= ~(1ULL << number);
    task.set_identity(std::move(next));
    return {};
}

/// The addresses that /proc reports cannot be changed. LINUX: prctl_set_mm checks the privilege before the
/// value, except for PR_SET_MM_MAP and PR_SET_MM_MAP_SIZE.
Result<> set_memory_map(Task& task, abi::MemoryMapField field, UserAddress, Size more, MustBeZero zero) {
    using abi::MemoryMapField;
    const bool takes_size =
        field == MemoryMapField::Auxv || field == MemoryMapField::Map || field == MemoryMapField::MapSize;
    if (zero != 0 || (more != 0 && !takes_size)) return Error::Einval;
    if (field == MemoryMapField::Map || field == MemoryMapField::MapSize) return Error::Einval;
    return task.identity().can(Capability::SysResource) ? Error::Einval : Error::Eperm;
}

Result<> set_subreaper(Task& task, Boolean on) {
    auto tree = PROCESSES.lock();
    task.process->links(*tree).is_subreaper = on != 0;
    return {};
}
Result<> get_subreaper(Task& task, vm::UserOut<IntegerInMemory> out) {
    bool is_subreaper;
    {
        auto tree = PROCESSES.lock();
        is_subreaper = task.process->links(*tree).is_subreaper;
    }
    return out.write(is_subreaper ? 1 : 0);
}

Result<> set_no_new_privileges(Task& task, Boolean on, MustBeZero a, MustBeZero b, MustBeZero c) {
    if (on != 1 || a != 0 || b != 0 || c != 0) return Error::Einval;
    Ref<Identity> next = TRY(task.identity().clone());
    next->no_new_privileges = true;
    task.set_identity(std::move(next));
    return {};
}
Answer<Boolean> has_no_new_privileges(Task& task, MustBeZero a, MustBeZero b, MustBeZero c, MustBeZero d) {
    if (a != 0 || b != 0 || c != 0 || d != 0) return Error::Einval;
    return task.identity().no_new_privileges ? 1ULL : 0ULL;
}

using PrctlCommands = CommandSet<
    On<PrctlOption::SetPdeathsig, set_death_signal>, On<PrctlOption::GetPdeathsig, get_death_signal>,
    On<PrctlOption::GetDumpable, is_dumpable>, On<PrctlOption::SetDumpable, set_dumpable>,
    On<PrctlOption::GetKeepcaps, keeps_capabilities>, On<PrctlOption::SetKeepcaps, set_keeps_capabilities>,
    On<PrctlOption::SetName, set_name>, On<PrctlOption::GetName, get_name>,
    On<PrctlOption::CapbsetRead, read_bounding>, On<PrctlOption::CapbsetDrop, drop_bounding>,
    On<PrctlOption::SetMm, set_memory_map>, On<PrctlOption::SetChildSubreaper, set_subreaper>,
    On<PrctlOption::GetChildSubreaper, get_subreaper>, On<PrctlOption::SetNoNewPrivs, set_no_new_privileges>,
    On<PrctlOption::GetNoNewPrivs, has_no_new_privileges>>;

}  // namespace

constinit const CommandList<15> PRCTL_COMMANDS = PrctlCommands::DESCRIPTIONS;

Answer<ByCommand> sys_prctl(Context&, CommandCode<PRCTL_COMMANDS> option, CommandWord a, CommandWord b,
                            CommandWord c, CommandWord d) {
    const auto result =
        PrctlCommands::run(option.value, current_task(), {a.value, b.value, c.value, d.value});
    return result ? *result : Result<u64>(Error::Einval);
}

// ---- personality, reboot

Answer<abi::PersonalityFlags> sys_personality(Context&, abi::PersonalityFlags flags) {
    constexpr u32 QUERY = 0xffffffff;
    Task& task = current_task();
    const abi::PersonalityFlags old = task.personality;
    if (abi::raw(flags) != QUERY) task.personality = flags;  // also what means nothing for a 64-bit program
    return abi::raw(old);
}

/// The valid values of reboot's second magic word. The first one must be 0xfee1dead.
static constexpr bool is_second_magic(u32 word) {
    return word == 672274793 || word == 85072278 || word == 369367448 || word == 537993216;
}

Result<> sys_reboot(Context&, MagicNumber magic, MagicNumber magic2, RebootCommand command) {
    constexpr u32 MAGIC = 0xfee1dead;
    if (!current_task().identity().can(Capability::SysBoot)) return Error::Eperm;
    if (magic != MAGIC || !is_second_magic(magic2)) return Error::Einval;
    switch (command) {
        case RebootCommand::Restart: drivers::restart_machine();
        case RebootCommand::Halt: drivers::halt_machine();
        case RebootCommand::PowerOff: drivers::power_off_machine();
        case RebootCommand::CadOn:
        case RebootCommand::CadOff: return {};  // no keyboard whose Ctrl-Alt-Del could be routed
        default: return Error::Einval;
    }
}

}  // namespace exo::posix_x
