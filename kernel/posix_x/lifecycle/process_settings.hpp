// The system calls of process_settings.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/process.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// The arguments of each arch_prctl command. The commands' handlers are in process_settings.cpp.
extern const CommandList<6> ARCH_PRCTL_COMMANDS;
extern const CommandList<15> PRCTL_COMMANDS;

Answer<ByCommand> sys_arch_prctl(Context&, CommandCode<ARCH_PRCTL_COMMANDS> code, CommandWord argument);
Answer<ByCommand> sys_prctl(Context&, CommandCode<PRCTL_COMMANDS> option, CommandWord a, CommandWord b,
                            CommandWord c, CommandWord d);
Answer<abi::PersonalityFlags> sys_personality(Context&, abi::PersonalityFlags flags);
Result<> sys_reboot(Context&, MagicNumber magic, MagicNumber magic2, abi::RebootCommand command);

inline constexpr syscall::Family PROCESS_SETTINGS_FAMILY{"process_settings",
                                                         "kernel/posix_x/lifecycle/process_settings.cpp"};
inline constexpr syscall::Call PROCESS_SETTINGS_CALLS[] = {
    call<sys_personality>(135, "personality", PROCESS_SETTINGS_FAMILY),
    call<sys_prctl>(157, "prctl", PROCESS_SETTINGS_FAMILY),
    call<sys_arch_prctl>(158, "arch_prctl", PROCESS_SETTINGS_FAMILY),
    call<sys_reboot>(169, "reboot", PROCESS_SETTINGS_FAMILY),
};

}  // namespace exo::posix_x
