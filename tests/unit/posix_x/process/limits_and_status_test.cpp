// Resource limits, and the words that wait4 stores: the host's own macros read them.
#include <sys/wait.h>

#include "posix_x/process/process.hpp"
#include "support/must.hpp"

namespace exo::posix_x {
namespace {

constexpr bool MAY_RAISE = true;
constexpr bool MAY_NOT_RAISE = false;

TEST(resource_limits, a_hard_limit_goes_down_for_all_and_up_for_the_privileged) {
    ResourceLimits limits;
    const auto expect = [&](u64 soft, u64 hard) {
        EXPECT_EQ(limits.of(Resource::OpenFiles).soft, soft);
        EXPECT_EQ(limits.soft(Resource::OpenFiles), soft);
        EXPECT_EQ(limits.of(Resource::OpenFiles).hard, hard);
    };
    expect(NO_LIMIT, NO_LIMIT);
    MUST(limits.change(Resource::OpenFiles, {10, 100}, MAY_NOT_RAISE));
    expect(10, 100);
    EXPECT_ERROR(Error::Eperm, limits.change(Resource::OpenFiles, {5, 101}, MAY_NOT_RAISE));
    expect(10, 100);
    MUST(limits.change(Resource::OpenFiles, {100, 100}, MAY_NOT_RAISE));
    expect(100, 100);
    MUST(limits.change(Resource::OpenFiles, {7, NO_LIMIT}, MAY_RAISE));
    expect(7, NO_LIMIT);
    EXPECT_EQ(limits.of(Resource::Nice).hard, NO_LIMIT) << "another resource";
}

TEST(resource_limits, a_child_starts_with_its_parent_s) {
    ResourceLimits parent;
    parent.set_initial(500);
    MUST(parent.change(Resource::Cpu, {3, 4}, MAY_NOT_RAISE));
    ResourceLimits child;
    child.copy_from(parent);
    for (u32 i = 0; i < static_cast<u32>(Resource::COUNT); ++i) {
        const auto resource = static_cast<Resource>(i);
        EXPECT_EQ(child.of(resource).soft, parent.of(resource).soft) << i;
        EXPECT_EQ(child.of(resource).hard, parent.of(resource).hard) << i;
    }
    MUST(child.change(Resource::Cpu, {1, 1}, MAY_NOT_RAISE));
    EXPECT_EQ(parent.of(Resource::Cpu).hard, 4U);
}

TEST(wait_status, exit_codes_are_read_by_the_hosts_macros) {
    for (i32 code = -1; code <= 0x1ff; ++code) {
        const WaitStatus status = WaitStatus::exited(code);
        ASSERT_TRUE(WIFEXITED(status.word)) << code;
        ASSERT_FALSE(WIFSIGNALED(status.word) || WIFSTOPPED(status.word) || WIFCONTINUED(status.word))
            << code;
        ASSERT_EQ(WEXITSTATUS(status.word), code & 0xff);
        ASSERT_EQ(status.exit_code(), code & 0xff);
        ASSERT_FALSE(status.was_killed());
    }
}

TEST(wait_status, signals_are_read_by_the_hosts_macros) {
    for (i32 number = 1; number <= static_cast<i32>(SIGNAL_COUNT); ++number) {
        const auto signal = static_cast<Signal>(number);
        for (const bool dumped_core : {false, true}) {
            const WaitStatus killed = WaitStatus::killed(signal, dumped_core);
            ASSERT_TRUE(WIFSIGNALED(killed.word)) << number;
            ASSERT_FALSE(WIFEXITED(killed.word) || WIFSTOPPED(killed.word)) << number;
            ASSERT_EQ(WTERMSIG(killed.word), number);
            ASSERT_EQ(bool(WCOREDUMP(killed.word)), dumped_core);
            ASSERT_TRUE(killed.was_killed());
            ASSERT_EQ(killed.signal(), signal);
        }
        const WaitStatus stopped = WaitStatus::stopped(signal);
        ASSERT_TRUE(WIFSTOPPED(stopped.word)) << number;
        ASSERT_FALSE(WIFEXITED(stopped.word) || WIFSIGNALED(stopped.word)) << number;
        ASSERT_EQ(WSTOPSIG(stopped.word), number);
        ASSERT_FALSE(stopped.was_killed());
    }
    EXPECT_TRUE(WIFCONTINUED(WaitStatus::continued().word));
}

}  // namespace
}  // namespace exo::posix_x
