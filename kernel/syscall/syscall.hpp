// System calls: the description of a call, the decoding of its arguments, and the results for numbers without
// a call.
//
//   Answer<DescriptorNumber> sys_dup2(Context& context, Descriptor from, DescriptorNumber to);
//   inline constexpr syscall::Call DESCRIPTORS_CALLS[] = {call<sys_dup2>(33, "dup2", DESCRIPTORS_FAMILY)};
//
// Key types: Context (one call in progress), Call (number, name and entry of a call), SyscallHandler (the
// specification's form with six words), Argument<T> (argument.hpp: makes a parameter from a register, and
// describes it), Answer<T> (answer.hpp: the result type). The types of a handler are the only description of
// the call: decoding, the page of supported calls and the generator of test programs use them.
// Neighbours: table.hpp merges the calls of all families at compile time; posix_x has the handlers and
// defines the tables that the entry code of arch reads (arch/upcalls.hpp). This folder implements
// upcalls::system_call_failed.
// Locking: none, because the tables are constant.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>

#include "arch/upcalls.hpp"
#include "scheduler/preemption.hpp"
#include "syscall/answer.hpp"
#include "syscall/commands.hpp"
#include "syscall/numbers.hpp"
#include "syscall/pointers.hpp"
#include "utils/result.hpp"

namespace exo::syscall {

/// A system call in progress.
struct Context {
    arch::UserRegisters& registers;
};

/// The specification's form of a handler, which the entry code calls: six raw words, as in registers. The
/// program gets the value; an Error becomes -errno.
using SyscallHandler = arch::CallHandler;

/// The calls of one source file. Fuzzers and the page of calls sort by `name`. It is independent of the
/// file's name, so that renaming the file does not change them.
struct Family {
    std::string_view name;
    std::string_view source;  ///< The source file of the handlers, relative to the root of the repository.
};

/// The description of a handler. The hosted build has one for each; the kernel image has none.
struct HandlerDescription {
    std::span<const Description> arguments;
    Description answer;
};

struct Call {
    u16 number = 0;
    std::string_view name;
    const Family* family = nullptr;
    SyscallHandler handler = nullptr;
    const HandlerDescription* description = nullptr;  ///< Null unless KEEPS_DESCRIPTIONS.
    arch::FastHandler fast = nullptr;                 ///< Null: the call has no fast handler.
};

/// The result of a fast handler. Nothing: it had no effect, and the full handler runs. It is one word,
/// because a std::optional would take two registers until the handler has returned.
class FastAnswer {
  public:
    constexpr FastAnswer(u64 value)
        : word_(value) {}                 // NOLINT(google-explicit-constructor): as the return type
    constexpr FastAnswer(std::nullopt_t)  // NOLINT(google-explicit-constructor)
        : word_(arch::FAST_PATH_DECLINED) {}
    constexpr FastAnswer(std::optional<u64> value)  // NOLINT(google-explicit-constructor)
        : word_(value.value_or(arch::FAST_PATH_DECLINED)) {}
    constexpr u64 word() const { return word_; }

  private:
    u64 word_;
};

/// The fast handler of one call. table.hpp puts it beside the full handler.
struct FastRoute {
    SyscallHandler full;
    arch::FastHandler fast;
};

/// The handler of numbers without a call: returns Enosys, and logs each program's first use of a number.
arch::SystemCallOutcome unknown_call(u64, u64, u64, u64, u64, u64, arch::UserRegisters& registers);
/// The fast handler for the unknown number that the calling thread used last: returns Enosys and skips the
/// log.
u64 fast_unknown(u64, u64, u64, u64, u64, u64);

namespace detail {

template <auto HANDLER, class Signature> struct Thunk;

template <class R> constexpr u64 to_word(R value) { return static_cast<u64>(value); }

/// Whether each argument that is named as a length is a size or a count.
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
    // Each of these checks reports the error of a bare integer.
    static_assert((SAYS_WHAT_IT_IS<Args> && ...) && sizeof(AnswerOf<R>) != 0);
    static constexpr std::array<Description, sizeof...(Args)> ARGUMENTS{Argument<Args>::DESCRIPTION...};

    static constexpr HandlerDescription DESCRIPTION{ARGUMENTS, AnswerOf<R>::DESCRIPTION};
    static constexpr bool LENGTHS_ARE_RIGHT = lengths_are_right(ARGUMENTS);
    using Parameters = std::tuple<Args...>;

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

template <auto HANDLER, class Signature> struct FastThunk;

template <auto HANDLER, class... Args> struct FastThunk<HANDLER, FastAnswer (*)(Args...)> {
    using Parameters = std::tuple<Args...>;

    static u64 call(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
        return call_with({a, b, c, d, e, f}, std::index_sequence_for<Args...>{}).word();
    }
    template <usize... INDEX>
    static FastAnswer call_with([[maybe_unused]] std::array<u64, 6> words, std::index_sequence<INDEX...>) {
        return HANDLER(Argument<Args>::decode(words[INDEX])...);
    }
};

}  // namespace detail

/// Makes a Call from a typed handler: Result<> or Answer<T> handler(Context&, up to six parameters).
template <auto HANDLER> consteval Call call(u16 number, std::string_view name, const Family& family) {
    using Thunk = detail::Thunk<HANDLER, decltype(HANDLER)>;
    Call result{.number = number, .name = name, .family = &family, .handler = &Thunk::call};
    if constexpr (KEEPS_DESCRIPTIONS) {
        static_assert(Thunk::LENGTHS_ARE_RIGHT, "a length argument must be a Size or a Count");
        result.description = &Thunk::DESCRIPTION;
    }
    return result;
}

/// Makes FAST, FastAnswer handler(the parameters of HANDLER), the fast handler of HANDLER's call. It runs
/// with interrupts off: it must not sleep, allocate, log or access user memory that may fault.
template <auto HANDLER, auto FAST> consteval FastRoute fast_route() {
    using Full = detail::Thunk<HANDLER, decltype(HANDLER)>;
    using Fast = detail::FastThunk<FAST, decltype(FAST)>;
    static_assert(std::is_same_v<typename Full::Parameters, typename Fast::Parameters>,
                  "the short route of a call takes the parameters of its full route");
    return {&Full::call, &Fast::call};
}

}  // namespace exo::syscall
