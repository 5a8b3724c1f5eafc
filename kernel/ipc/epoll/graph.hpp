// EpollGraph: the graph of epolls and the files that they watch. A wake-up follows every path up, so the
// graph refuses circles of epolls, chains that are too deep, and files with too many paths up.
#pragma once

#include "ipc/epoll/epoll.hpp"

namespace exo::ipc {

class EpollGraph {
    struct Nothing {};
    using Lock = scheduler::RwLock<Nothing, sync::LockRank::EpollGraph>;

  public:
    /// Prevents the destruction of epolls and watched files while the guard exists.
    static Lock::SharedGuard hold();
    /// Removes every entry of `file`, which has no references any more.
    static void release(fs::File& file);

    /// A walk along the links. It holds the graph's lock, so the links do not change.
    class Walk {
      public:
        Walk();
        /// Call before `outer` watches `inner`. LINUX: ep_loop_check. Errors: Eloop (a circle, or epolls
        /// nested too deep), RestartSys (the thread is being killed).
        Result<> check_loop(Epoll& outer, Epoll& inner);
        /// Call after `file` got one more watcher. LINUX: reverse_path_check. Errors: Einval (too many or too
        /// long paths up from `file`, or from a file below it), RestartSys (the thread is being killed).
        Result<> check_paths(fs::File& file);

      private:
        static constexpr u32 MOST_NESTS = 4;
        /// The limit of paths up from a file, by the number of epolls on the path. Paths with one epoll are
        /// not limited.
        static constexpr u32 MOST_WAYS[MOST_NESTS + 1] = {~0U, 500, 100, 50, 10};
        struct Ways {
            u32 count[MOST_NESTS + 1] = {};
        };
        Result<u32> depth_below(const Epoll& outer, Epoll& at, u32 depth);
        Result<u32> height_above(Epoll& at);
        Result<> check_below(Epoll& at);
        static Result<> count_ways(fs::File& file, u32 depth, Ways& ways);

        Lock::ExclusiveGuard guard_;
        u64 visit_;
    };

  private:
    static Lock lock_;
    static u64 last_visit_;  ///< Guarded by the graph's lock, held exclusively.
};

}  // namespace exo::ipc
