// Lock order, which debug builds check: in a release build there is nothing to test, and the list is empty.
#include "kernel_test.hpp"
#include "scheduler/mutex.hpp"
#include "sync/spin_lock.hpp"

namespace exo::kernel_test {

namespace {

#if defined(EXO_DEBUG)

using sync::LockRank;

void lock_order_violation() {
    static constinit sync::SpinLocked<u32, LockRank::Process> process;
    static constinit sync::SpinLocked<u32, LockRank::Dentry> dentry;
    {
        const auto first = process.lock();
        const auto second = dentry.lock();
    }
    expect("kernel panic: lock order: Process is taken while Dentry is held");
    expect("kernel_test::lock_order_violation+");
    const auto first = dentry.lock();
    const auto second = process.lock();
}

void double_lock() {
    static constinit sync::SpinLocked<u32, LockRank::Timer, sync::IrqOff> lock;
    expect("kernel panic: lock order: Timer is taken while Timer is held");
    expect("kernel_test::double_lock+");
    const auto first = lock.lock();
    const auto second = lock.lock();
}

/// A lock that sleeps under one that spins.
void sleeping_lock_under_a_spin_lock() {
    static constinit sync::SpinLocked<u32, LockRank::Task> task;
    static constinit scheduler::Mutex<u32, LockRank::Inode> inode;
    expect("kernel panic: ");
    expect("kernel_test::sleeping_lock_under_a_spin_lock+");
    const auto first = task.lock();
    const auto second = inode.lock();
}

constexpr Test TESTS[] = {
    {"lock_order_violation", &lock_order_violation, Ending::Panics},
    {"double_lock", &double_lock, Ending::Panics},
    {"sleeping_lock_under_a_spin_lock", &sleeping_lock_under_a_spin_lock, Ending::Panics},
};
constexpr std::span<const Test> ALL{TESTS};

#else

constexpr std::span<const Test> ALL;

#endif

}  // namespace

std::span<const Test> lock_tests() { return ALL; }

}  // namespace exo::kernel_test
