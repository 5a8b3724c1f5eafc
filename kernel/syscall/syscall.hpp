// System calls: registration, argument decoding, dispatch.
//
//   Answer<DescriptorNumber> sys_dup2(Context& context, Descriptor from, DescriptorNumber to);
//   TRY(register_call<sys_dup2>(33, "dup2"));
//
// Key types: Context (one call), SyscallHandler (the specification's six-words form), Argument<T> (argument.hpp: how a
// parameter is made from a register, and its description), Answer<T> (answer.hpp: what is returned). The types of a
// handler are the only description of the call: decoding, the page of supported calls and the generator of test programs
// come from them.
// Neighbours: arch calls the handlers themselves, and system_call_failed (upcalls.hpp); posix_x registers its handlers and
// owns everything they mean.
// Locking: the table is written at boot only.
#pragma once

#include <array>
#include <span>
#include <tuple>

#include "arch/interface.hpp"
#include "scheduler/preemption.hpp"
#include "syscall/answer.hpp"
#include "syscall/commands.hpp"
#include "syscall/numbers.hpp"
#include "syscall/pointers.hpp"
#include "utils/result.hpp"

namespace exo::syscall {

/// One system call in progress.
struct Context {
    arch::UserRegisters& registers;
};

/// The specification's form: six raw words, as they lie in registers. The value is what the program gets; an Error
/// becomes -errno. It is what the entry code calls.
using SyscallHandler = arch::CallHandler;

/// Made once for each handler that is registered; the kernel image has none.
struct HandlerDescription {
    std::span<const Description> arguments;
    Description answer;
    std::string_view file;  ///< Where it is registered, from the root of the sources: the name is its family.
};

struct CallDescription {
    u16 number = 0;
    std::string_view name;
    const HandlerDescription* handler = nullptr;  ///< Null unless KEEPS_DESCRIPTIONS.
    bool has_fast_path = false;
};

/// Errors: Einval (number out of range), AlreadyExists.
Result<> register_syscall(usize number, std::string_view name, SyscallHandler handler,
                          const HandlerDescription* description);
/// A short route beside a full one that is registered already. Errors: Einval, Enosys (no full route).
Result<> register_fast_path(usize number, arch::FastHandler handler);

/// Programs the CPU's entry, after posix_x has registered the calls.
void init();
/// All registered calls in order of number; `visit` gets each.
void for_each_call(FunctionRef<void(const CallDescription&)> visit);

namespace detail {

template <auto HANDLER, class Signature> struct Thunk;

template <class R> constexpr u64 to_word(R value) { return static_cast<u64>(value); }

/// Whether what says a length is a size or a number of things.
constexpr bool lengths_are_right(std::span<const Description> arguments) {
    for (const Description& one : arguments) {
        if (one.length_argument < 0) continue;
        if (static_cast<usize>(one.length_argument) >= arguments.size()) return false;
        const Kind kind = arguments[static_cast<usize>(one.length_argument)].kind;
        if (kind != Kind::Size && kind != Kind::Count) return false;
    }
    return true;
}

template <auto HANDLER, class R, class... Args> struct Thunk<HANDLER, R (*)(Context&, Args...)> {
    static_assert(sizeof...(Args) <= 6);
    static_assert(sizeof(AnswerOf<R>) != 0);  // says what is wrong with a bare integer
    static constexpr std::array<Description, sizeof...(Args)> ARGUMENTS{Argument<Args>::DESCRIPTION...};

    static const HandlerDescription* describe(const char* file) {
        static_assert(lengths_are_right(ARGUMENTS), "a length argument must be a Size or a Count");
        static const HandlerDescription DESCRIPTION{ARGUMENTS, AnswerOf<R>::DESCRIPTION, file};
        return &DESCRIPTION;
    }

    static arch::SystemCallOutcome call(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f,
                                        arch::UserRegisters& registers) {
        Context context{registers};
        const scheduler::watchdog::Stay stay(reinterpret_cast<u64>(&call));
        const auto result = call_with(context, {a, b, c, d, e, f}, std::index_sequence_for<Args...>{});
        if (!result) return {0, static_cast<u64>(result.error())};
        if constexpr (std::is_void_v<typename R::value_type>)
            return {0, 0};
        else
            return {to_word(*result), 0};
    }
    template <usize... INDEX>
    static R call_with(Context& context, [[maybe_unused]] std::array<u64, 6> words,
                       std::index_sequence<INDEX...>) {
        return HANDLER(context, Argument<Args>::decode(words[INDEX])...);
    }
};

}  // namespace detail

/// Registers a typed handler: Result<> or Answer<T> handler(Context&, up to six parameters). `file` is the caller's.
template <auto HANDLER>
Result<> register_call(usize number, std::string_view name,
                       [[maybe_unused]] const char* file = __builtin_FILE()) {
    using Thunk = detail::Thunk<HANDLER, decltype(HANDLER)>;
    if constexpr (KEEPS_DESCRIPTIONS)
        return register_syscall(number, name, &Thunk::call, Thunk::describe(file));
    else
        return register_syscall(number, name, &Thunk::call, nullptr);
}

}  // namespace exo::syscall
