// Tests that run inside the kernel, in the image exo-os-tests.elf. A kernel thread runs them after the whole
// boot, in place of process 1.
//
//   void stacks_have_guards() { CHECK(...); }                     // comes back; many run in one boot
//   void divide_error() { expect("divide error"); provoke(); }    // must end in a panic; one boot each
//   const Test ENTRY_TESTS[] = {{"stacks_have_guards", &stacks_have_guards},
//                               {"divide_error", &divide_error, Ending::Panics}};
//
// `kernel_test=list` on the command line prints the names; `kernel_test=NAME[,NAME]` runs these tests in
// order. tests/kernel/in_kernel.py reads the output and compares a panic's report with the expected text.
#pragma once

#include <span>
#include <string_view>

#include "log/log.hpp"

namespace exo::kernel_test {

enum class Ending : u8 {
    Returns,
    Panics,
};

struct Test {
    std::string_view name;
    void (*run)();
    Ending ending = Ending::Returns;
};

/// Counts a failure of the running test, and prints the text.
template <class... Args> void fail(FormatString<std::type_identity_t<Args>...> format, const Args&... args);

/// Declares a text that the report of the coming panic must contain, in the order of the calls.
template <class... Args>
void expect(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    log::LineBuffer line;
    line.append("@expect ");
    format_to([&](std::string_view text) { line.append(text); }, format, args...);
    log::write_line(log::Level::Alert, line.view());
}

void note_failure(std::string_view text);

template <class... Args> void fail(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    log::LineBuffer line;
    format_to([&](std::string_view text) { line.append(text); }, format, args...);
    note_failure(line.view());
}

/// The tests of each source file.
std::span<const Test> cpu_tests();
std::span<const Test> page_table_tests();
std::span<const Test> entry_tests();
std::span<const Test> time_tests();
std::span<const Test> exception_tests();
std::span<const Test> protection_tests();
std::span<const Test> panic_tests();
std::span<const Test> lock_tests();
/// Empty without KASAN.
std::span<const Test> kasan_tests();
/// Empty without KCSAN.
std::span<const Test> kcsan_tests();

}  // namespace exo::kernel_test

#define CHECK(expression)                                                                               \
    do {                                                                                                \
        if (!(expression)) ::exo::kernel_test::fail("{}:{}: {}", __FILE_NAME__, __LINE__, #expression); \
    } while (false)

/// Compares two integers. Both are printed in hexadecimal.
#define CHECK_EQUAL(found, wanted)                                                                   \
    do {                                                                                             \
        const auto found_value = static_cast<::exo::u64>(found);                                     \
        const auto wanted_value = static_cast<::exo::u64>(wanted);                                   \
        if (found_value != wanted_value)                                                             \
            ::exo::kernel_test::fail("{}:{}: {} is {:x}, not {:x}", __FILE_NAME__, __LINE__, #found, \
                                     found_value, wanted_value);                                     \
    } while (false)
