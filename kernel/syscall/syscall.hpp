// System calls: registration, argument decoding, dispatch.
//
//   Result<u64> sys_dup2(Context& context, u32 from, u32 to);
//   TRY(register_call<sys_dup2>(SYS_DUP2, "dup2"));
//
// Key types: Context (one call), SyscallHandler (the specification's six-words form), Argument<T> (argument.hpp: how a
// parameter is made from a register, and its description). The types of a handler's parameters are the only
// description of the call: decoding, the page of supported calls and the generator of test programs come from them.
// Neighbours: arch calls the handlers themselves, and system_call_failed (upcalls.hpp); posix_x registers its handlers and
// owns everything they mean.
// Locking: the table is written at boot only.
#pragma once

#include <array>
#include <span>
#include <tuple>

#include "arch/interface.hpp"
#include "syscall/argument.hpp"
#include "utils/result.hpp"

namespace exo::syscall {

/// One system call in progress.
struct Context {
    arch::UserRegisters& registers;
};

/// The specification's form: six raw words, as they lie in registers. The value is what the program gets; an Error
/// becomes -errno. It is what the entry code calls.
using SyscallHandler = arch::CallHandler;

struct CallDescription {
    u16 number = 0;
    std::string_view name;
    std::span<const ArgumentDescription> arguments;
    bool has_fast_path = false;
};

/// Errors: Einval (number out of range), AlreadyExists.
Result<> register_syscall(usize number, std::string_view name, SyscallHandler handler,
                          std::span<const ArgumentDescription> arguments);
/// A short route beside a full one that is registered already. Errors: Einval, Enosys (no full route).
Result<> register_fast_path(usize number, arch::FastHandler handler);

/// Programs the CPU's entry; posix_x then registers the calls.
void init();
/// All registered calls in order of number; `visit` gets each.
void for_each_call(FunctionRef<void(const CallDescription&)> visit);

namespace detail {

template <auto HANDLER, class Signature> struct Thunk;

template <class R> constexpr u64 to_word(R value) { return static_cast<u64>(value); }

template <auto HANDLER, class R, class... Args> struct Thunk<HANDLER, Result<R> (*)(Context&, Args...)> {
    static_assert(sizeof...(Args) <= 6);
    static constexpr std::array<ArgumentDescription, sizeof...(Args)> DESCRIPTIONS{
        Argument<Args>::DESCRIPTION...};

    static arch::SystemCallOutcome call(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f,
                                        arch::UserRegisters& registers) {
        Context context{registers};
        const auto result = call_with(context, {a, b, c, d, e, f}, std::index_sequence_for<Args...>{});
        if (!result) return {0, static_cast<u64>(result.error())};
        if constexpr (std::is_void_v<R>)
            return {0, 0};
        else
            return {to_word(*result), 0};
    }
    template <usize... INDEX>
    static Result<R> call_with(Context& context, [[maybe_unused]] std::array<u64, 6> words,
                               std::index_sequence<INDEX...>) {
        return HANDLER(context, Argument<Args>::decode(words[INDEX])...);
    }
};

}  // namespace detail

/// Registers a typed handler: Result<R> handler(Context&, up to six parameters).
template <auto HANDLER> Result<> register_call(usize number, std::string_view name) {
    using Thunk = detail::Thunk<HANDLER, decltype(HANDLER)>;
    return register_syscall(number, name, &Thunk::call, Thunk::DESCRIPTIONS);
}

}  // namespace exo::syscall
