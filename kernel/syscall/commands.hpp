// CommandSet: calls whose last arguments depend on a command: fcntl(2), ioctl(2), prctl(2).
//
//   Answer<Boolean> dumpable(Task& task);
//   Result<> set_dumpable(Task& task, Boolean on);
//   using Commands = CommandSet<On<PrctlOption::GetDumpable, dumpable>, On<PrctlOption::SetDumpable, set_dumpable>>;
//
// Each command has a handler of its own. The handler's parameters after the first describe the command's
// arguments, as for a call.
// The set is both the switch and the description, so that the two cannot differ.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "syscall/answer.hpp"

namespace exo::syscall {

using CommandWords = std::array<u64, 4>;

template <auto CODE, auto HANDLER, class Signature = decltype(HANDLER)> struct On;

/// `Subject` is the first parameter of all handlers of the set, such as the task or the file.
template <auto CODE, auto HANDLER, class R, class Subject, class... Args>
struct On<CODE, HANDLER, R (*)(Subject, Args...)> {
    static_assert((SAYS_WHAT_IT_IS<Args> && ...) && sizeof(AnswerOf<R>) != 0);
    static constexpr std::array<Description, sizeof...(Args)> ARGUMENTS{Argument<Args>::DESCRIPTION...};
    static constexpr Command DESCRIPTION{enumerator<CODE>(), ARGUMENTS, AnswerOf<R>::DESCRIPTION};

    static constexpr bool is(u64 code) { return code == static_cast<u32>(CODE); }
    static Result<u64> run(Subject subject, const CommandWords& words) {
        return run(subject, words, std::index_sequence_for<Args...>{});
    }

  private:
    template <usize... INDEX>
    static Result<u64> run(Subject subject, [[maybe_unused]] const CommandWords& words,
                           std::index_sequence<INDEX...>) {
        const auto result = HANDLER(subject, Argument<Args>::decode(words[INDEX])...);
        if (!result) return result.error();
        if constexpr (std::is_void_v<typename R::value_type>)
            return 0ULL;
        else
            return static_cast<u64>(*result);
    }
};

/// A handler that is a member function of the subject.
template <auto CODE, auto HANDLER, class R, class Subject, class... Args>
struct On<CODE, HANDLER, R (Subject::*)(Args...)> {
    static R call(Subject& subject, Args... arguments) { return (subject.*HANDLER)(arguments...); }
    using Plain = On<CODE, &call>;
    static constexpr Command DESCRIPTION = Plain::DESCRIPTION;

    static constexpr bool is(u64 code) { return Plain::is(code); }
    static Result<u64> run(Subject& subject, const CommandWords& words) { return Plain::run(subject, words); }
};

/// The descriptions of a call's commands. CommandSet::DESCRIPTIONS makes the list from the handlers.
template <usize COUNT> using CommandList = std::array<Command, COUNT>;

/// The command's number in a register, 32 bits wide. A header declares COMMANDS; the source file of the
/// handlers defines it.
template <const auto& COMMANDS> struct CommandCode {
    static constexpr Description DESCRIPTION{
        .kind = Kind::Command, .size = sizeof(u32), .commands = {COMMANDS.data(), COMMANDS.size()}};
    static constexpr CommandCode from_word(u64 word) { return {static_cast<u32>(word)}; }
    u32 value;
};
/// The type of the words behind the command's number.
struct CommandWord {
    static constexpr Description DESCRIPTION{.kind = Kind::ByCommand, .size = sizeof(u64)};
    static constexpr CommandWord from_word(u64 word) { return {word}; }
    u64 value;
};

/// The commands of two sets, which a call tries in this order.
template <usize FIRST, usize SECOND>
constexpr CommandList<FIRST + SECOND> join(const CommandList<FIRST>& first,
                                           const CommandList<SECOND>& second) {
    CommandList<FIRST + SECOND> all;
    std::copy_n(second.begin(), SECOND, std::copy_n(first.begin(), FIRST, all.begin()));
    return all;
}

template <class... Commands> struct CommandSet {
    static constexpr CommandList<sizeof...(Commands)> DESCRIPTIONS{Commands::DESCRIPTION...};

    /// Runs the command's handler. Returns nothing if the set has no handler for the code.
    template <class Subject>
    static std::optional<Result<u64>> run(u32 code, Subject&& subject, const CommandWords& words) {
        std::optional<Result<u64>> result;
        (void)(run_if<Commands>(result, code, subject, words) || ...);
        return result;
    }

  private:
    template <class One, class Subject>
    static bool run_if(std::optional<Result<u64>>& result, u32 code, Subject& subject,
                       const CommandWords& words) {
        if (!One::is(code)) return false;
        result = One::run(subject, words);
        return true;
    }
};

}  // namespace exo::syscall
