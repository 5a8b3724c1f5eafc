// Calls whose last arguments depend on a command: fcntl(2), ioctl(2), prctl(2).
//
//   Answer<Boolean> dumpable(Task& task);
//   Result<> set_dumpable(Task& task, Boolean on);
//   using Commands = CommandSet<On<PrctlOption::GetDumpable, dumpable>, On<PrctlOption::SetDumpable, set_dumpable>>;
//
// Each command has a handler of its own, whose parameters behind the first describe what it takes, as those of a call do.
// The set is both the switch and the description, so that the two cannot differ.
#pragma once

#include <array>
#include <optional>

#include "syscall/answer.hpp"

namespace exo::syscall {

using CommandWords = std::array<u64, 4>;

template <auto CODE, auto HANDLER, class Signature = decltype(HANDLER)> struct On;

/// `Subject` is what all handlers of the set get: the task, the file.
template <auto CODE, auto HANDLER, class R, class Subject, class... Args>
struct On<CODE, HANDLER, R (*)(Subject, Args...)> {
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

/// A command that something below carries out, with what it takes there.
template <auto CODE, class... Args> struct Below {
    static constexpr std::array<Description, sizeof...(Args)> ARGUMENTS{Argument<Args>::DESCRIPTION...};
    static constexpr Command DESCRIPTION{enumerator<CODE>(), ARGUMENTS, {}};
};

/// Codes are 32 bits wide.
template <class... Commands> struct CommandSet {
    static constexpr std::array<Command, sizeof...(Commands)> DESCRIPTIONS{Commands::DESCRIPTION...};

    /// The code as it comes in a register.
    struct Code {
        static constexpr Description DESCRIPTION{
            .kind = Kind::Command, .size = sizeof(u32), .commands = DESCRIPTIONS};
        static constexpr Code from_word(u64 word) { return {static_cast<u32>(word)}; }
        u32 value;
    };
    /// Each of the words behind it.
    struct Word {
        static constexpr Description DESCRIPTION{.kind = Kind::ByCommand, .size = sizeof(u64)};
        static constexpr Word from_word(u64 word) { return {word}; }
        u64 value;
    };

    /// Nothing if the set has no handler for the code.
    template <class Subject>
    static std::optional<Result<u64>> run(Code code, Subject&& subject, const CommandWords& words) {
        std::optional<Result<u64>> result;
        (void)(run_if<Commands>(result, code, subject, words) || ...);
        return result;
    }

  private:
    template <class One, class Subject>
    static bool run_if(std::optional<Result<u64>>& result, Code code, Subject& subject,
                       const CommandWords& words) {
        if constexpr (requires { One::run(subject, words); }) {
            if (!One::is(code.value)) return false;
            result = One::run(subject, words);
            return true;
        } else {
            return false;
        }
    }
};

}  // namespace exo::syscall
