// Runs the tests that the command line names. Linked with --wrap: what starts process 1 in the shipped image, starts the
// tests in this one.
#include <algorithm>

#include "drivers/platform.hpp"
#include "kernel_test.hpp"
#include "scheduler/scheduler.hpp"
#include "startup.hpp"

namespace exo::kernel_test {

namespace {

constinit u32 failures = 0;
constinit std::string_view running;

template <class... Args> void print(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    log::write(log::Level::Alert, format, args...);
}

using Suite = std::span<const Test> (*)();
constexpr Suite SUITES[] = {&cpu_tests,       &page_table_tests, &entry_tests, &time_tests,
                            &exception_tests, &protection_tests, &panic_tests, &lock_tests,
                            &kasan_tests,     &kcsan_tests};

void for_each_test(FunctionRef<void(const Test&)> visit) {
    for (const Suite suite : SUITES) std::ranges::for_each(suite(), visit);
}

void list_tests() {
    for_each_test([](const Test& test) {
        print("@test {} {}", test.name, test.ending == Ending::Panics ? "panics" : "returns");
    });
}

[[gnu::noinline]] void run_test(const Test& test) {
    print("@begin {}", test.name);
    running = test.name;
    failures = 0;
    test.run();
    if (test.ending == Ending::Panics) fail("came back without a panic");
    print("@end {} {} failures", test.name, failures);
}

void run_named(std::string_view name) {
    bool is_known = false;
    for_each_test([&](const Test& test) {
        if (test.name != name) return;
        is_known = true;
        run_test(test);
    });
    if (!is_known) print("@fail there is no test {}", name);
}

void test_thread() {
    std::string_view names = startup::command_line().value("kernel_test").value_or("list");
    if (names == "list") list_tests();
    while (names != "list" && !names.empty()) {
        const usize comma = std::min(names.find(','), names.size());
        run_named(names.substr(0, comma));
        names.remove_prefix(std::min(comma + 1, names.size()));
    }
    print("@done");
    drivers::power_off_machine();
}

}  // namespace

void note_failure(std::string_view text) {
    ++failures;
    print("@fail {}: {}", running, text);
}

/// Instead of posix_x::start_first_process.
Result<> start_tests(std::string_view initramfs_problem) asm("__wrap_exo_start_first_process");
Result<> start_tests(std::string_view) {
    TRY(scheduler::SCHEDULER.spawn("kernel tests", &test_thread, memory::KernelStack::SIZE));
    return {};
}

}  // namespace exo::kernel_test
