// UserRecord: what the kernel counts for one real user id, however many processes have it. An identity holds the record of its
// user. fork charges a process to it, the end of a zombie and setuid give the charge back; a pipe charges its pages as long
// as it is there, and so does each range of a file lock. So nobody has to look at all processes or pipes.
#pragma once

#include <atomic>

#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::security {

using UserId = u32;

class UserRecord final : public Object {
  public:
    /// The record of `user`, made when it is first needed. Errors: Enomem.
    static Result<Ref<UserRecord>> of(UserId user);
    explicit UserRecord(UserId user) : user_(user) {}

    UserId user() const { return user_; }
    /// Counts one process more; false, and nothing counted, if there are `most` already.
    bool charge_process(u64 most) {
        if (processes_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        release_process();
        return false;
    }
    void release_process() { processes_.fetch_sub(1, std::memory_order_relaxed); }
    /// Zombies included.
    u64 processes() const { return processes_.load(std::memory_order_relaxed); }

    /// Counts pages that pipes have room for; answers how many there are then.
    u64 charge_pipe_pages(u64 pages) {
        return pipe_pages_.fetch_add(pages, std::memory_order_relaxed) + pages;
    }
    void release_pipe_pages(u64 pages) { pipe_pages_.fetch_sub(pages, std::memory_order_relaxed); }

    /// Counts capabilities that wait in sockets; false, and nothing counted, if there are more than `most` already.
    bool charge_passed(u64 count, u64 most) {
        if (passed_.fetch_add(count, std::memory_order_relaxed) <= most) return true;
        release_passed(count);
        return false;
    }
    void release_passed(u64 count) { passed_.fetch_sub(count, std::memory_order_relaxed); }
    /// Counts one entry of an epoll more; false, and nothing counted, if there are `most` already.
    bool charge_epoll_watch(u64 most) {
        if (epoll_watches_.fetch_add(1, std::memory_order_relaxed) < most) return true;
        release_epoll_watch();
        return false;
    }
    void release_epoll_watch() { epoll_watches_.fetch_sub(1, std::memory_order_relaxed); }
    /// Counts one file lock more; false, and nothing counted, if there are `most` already.
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
