// UserRecord: what the kernel counts for one real user id, however many processes have it. A process holds the record of its
// user; fork charges it, the end of a zombie and setuid give the charge back, so that nobody has to look at all processes.
#pragma once

#include "posix_x/identity.hpp"
#include "utils/tree.hpp"

namespace exo::posix_x {

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

  private:
    struct UserKey {
        static UserId key(const UserRecord& record) { return record.user_; }
    };
    void destroy() override;

    UserId user_;
    std::atomic<u64> processes_{0};
    TreeNode link_;

  public:
    using Records = Tree<UserRecord, &UserRecord::link_, UserKey>;
};

}  // namespace exo::posix_x
