// The first stack of a program: strings, environment, arguments, auxiliary vector (System V ABI for x86-64,
// 3.4.1; getauxval(3)).
#pragma once

#include "fs/node/credentials.hpp"
#include "posix_x/lifecycle/arguments.hpp"
#include "posix_x/process/stack_places.hpp"
#include "vm/address_space.hpp"

namespace exo::posix_x {

struct StackContent {
    const ProgramArguments& arguments;
    std::string_view path;  ///< AT_EXECFN
    u64 program_headers = 0;
    u64 program_header_count = 0;
    u64 interpreter_base = 0;
    u64 entry = 0;
    u64 vdso = 0;  ///< Its address; 0: it is not mapped.
    u32 uid = 0, euid = 0, gid = 0, egid = 0;
    bool is_secure = false;  ///< AT_SECURE: the program has privileges that its caller may lack.
    u64 top = 0;             ///< One past the stack's highest byte.
    u64 random_shift = 0;    ///< Bytes left free between strings and pointers, below 8 KiB.
};

/// Writes the content into the stack of `space`, which must be mapped. Errors: Efault, Enomem.
Result<StackPlaces> write_stack(vm::AddressSpace& space, const StackContent& content);

/// AT_MINSIGSTKSZ: the largest size of a signal frame.
u64 minimal_signal_stack();

}  // namespace exo::posix_x
