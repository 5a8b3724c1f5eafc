// UserRecord: counters for one real user id, over all processes of the user. An identity refers to the record
// of its user. fork charges a process to it; the reaping of a zombie and setuid uncharge it. Pipes charge
// their pages, and file locks their ranges, while they exist. So a limit check need not visit all processes
// or pipes.
#pragma once

#include <atomic>

#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::security {

using UserId = u32;

class UserRecord final : public Object {
  public:
    /// Finds the record of `user`, or makes it. Errors: Enomem.
    static Result<Ref<UserRecord>> of(UserId user);
    explicit UserRecord(UserId user) : user_(user) {}

    UserId user() const { return user_; }
    /// Counts one more process. Returns false, and counts nothing, if there are already `most`.
    bool charge_process(u64 most) {
        if (processes_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        release_process();
        return false;
    }
    void release_process() { processes_.fetch_sub(1, std::memory_order_relaxed); }
    /// The number of processes, including zombies.
    u64 processes() const { return processes_.load(std::memory_order_relaxed); }

    /// Counts pages of pipe capacity. Returns the new total.
    u64 charge_pipe_pages(u64 pages) {
        return pipe_pages_.fetch_add(pages, std::memory_order_relaxed) + pages;
    }
    void release_pipe_pages(u64 pages) { pipe_pages_.fetch_sub(pages, std::memory_order_relaxed); }

    /// Counts capabilities in transit through sockets. Returns false, and counts nothing, if there are
    /// already more than `most`.
    bool charge_passed(u64 count, u64 most) {
        if (passed_.fetch_add(count, std::memory_order_relaxed) <= most) return true;
        release_passed(count);
        return false;
    }
    void release_passed(u64 count) { passed_.fetch_sub(count, std::memory_order_relaxed); }
    /// Counts one more epoll entry. Returns false, and counts nothing, if there are already `most`.
    bool charge_epoll_watch(u64 most) {
        if (epoll_watches_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        release_epoll_watch();
        return false;
    }
    void release_epoll_watch() { epoll_watches_.fetch_sub(1, std::memory_order_relaxed); }
    /// Counts one more file lock. Returns false, and counts nothing, if there are already `most`.
    bool charge_file_lock(u64 most) {
        if (file_locks_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        release_file_lock();
        return false;
    }
    void release_file_lock() { file_locks_.fetch_sub(1, std::memory_order_relaxed); }

  private:
    struct UserKey {
        static UserId key(const UserRecord& record) { return record.user_; }
    };
    void destroy() override;

    UserId user_;
    std::atomic<u64> processes_{0};
    std::atomic<u64> pipe_pages_{0};
    std::atomic<u64> passed_{0};
    std::atomic<u64> epoll_watches_{0};
    std::atomic<u64> file_locks_{0};
    TreeNode link_;

  public:
    using Records = Tree<UserRecord, &UserRecord::link_, UserKey>;
};

}  // namespace exo::security
