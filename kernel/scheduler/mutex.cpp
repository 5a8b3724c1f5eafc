#include "scheduler/mutex.hpp"

namespace exo::scheduler::detail {

namespace {

/// Called after a wait for the lock. The thread may have been inside the condition of another wait, whose
/// wake-up token this wait may have used. A superfluous token only makes that wait check its condition once
/// more.
void give_back_token() { unpark(current_thread()); }

}  // namespace

Result<> MutexWord::acquire_slowly(WaitMode mode) {
    const Result<> result = waiters_.wait(mode, [this] { return try_acquire(); });
    give_back_token();
    return result;
}

bool RwLockWord::try_shared() {
    // seq_cst: a waiter that has queued itself looks once more, and a release that it misses sees it in the queue
    u32 state = state_.load(std::memory_order_seq_cst);
    while ((state & WRITER) == 0 && waiting_writers_.load(std::memory_order_seq_cst) == 0) {
        // acquire: pairs with the release of the last writer
        if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) return true;
    }
    return false;
}

bool RwLockWord::try_exclusive() {
    u32 expected = 0;
    // Pairs with the releases of readers and writers; seq_cst, when it fails too, as in try_shared.
    return state_.compare_exchange_strong(expected, WRITER, std::memory_order_seq_cst);
}

void RwLockWord::acquire_shared() {
    sync::assert_may_sleep();
    if (!try_shared()) [[unlikely]]
        wait_for_shared();
}

void RwLockWord::wait_for_shared() {
    (void)waiters_.wait(WaitMode::Uninterruptible, [this] { return try_shared(); });
    give_back_token();
    // Others that queued behind a writer may come in beside us.
    if (waiters_.has_waiters()) waiters_.wake_one();
}

void RwLockWord::release_shared() {
    // seq_cst: a waiter that queued itself before is seen by has_waiters
    if (state_.fetch_sub(1, std::memory_order_seq_cst) == 1 && waiters_.has_waiters()) waiters_.wake_all();
}

void RwLockWord::acquire_exclusive() {
    sync::assert_may_sleep();
    if (!try_exclusive()) [[unlikely]]
        wait_for_exclusive();
}

void RwLockWord::wait_for_exclusive() {
    waiting_writers_.fetch_add(1, std::memory_order_seq_cst);
    (void)waiters_.wait(WaitMode::Uninterruptible, [this] { return try_exclusive(); });
    give_back_token();
    waiting_writers_.fetch_sub(1, std::memory_order_seq_cst);
}

void RwLockWord::release_exclusive() {
    state_.store(0, std::memory_order_seq_cst);
    if (waiters_.has_waiters()) waiters_.wake_all();
}

}  // namespace exo::scheduler::detail
