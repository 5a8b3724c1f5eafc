// EpollGraph: which epoll watches which file, and which epolls lie in which. Circles of epolls, chains that are too deep, and files with
// too many ways up are refused: a wake-up follows each way.
#pragma once

#include "ipc/epoll/epoll.hpp"

namespace exo::ipc {

class EpollGraph {
    struct Nothing {};
    using Lock = scheduler::RwLock<Nothing, sync::LockRank::EpollGraph>;

  public:
    /// While it lives, no epoll and no watched file is destroyed.
    static Lock::SharedGuard hold();
    /// Removes every entry of `file`, which nobody refers to any more.
    static void release(fs::File& file);

    /// A walk along the links. Nobody else changes them meanwhile.
    class Walk {
      public:
        Walk();
        /// Before `outer` watches `inner`. LINUX: ep_loop_check. Errors: Eloop (a circle, or too many epolls one in the other), RestartSys
        /// (killed).
        Result<> check_loop(Epoll& outer, Epoll& inner);
        /// After `file` has a watcher more. LINUX: reverse_path_check. Errors: Einval (too many or too long ways up from `file`, or from
        /// a file below it), RestartSys (killed).
        Result<> check_paths(fs::File& file);

      private:
        static constexpr u32 MOST_NESTS = 4;
        /// How many ways up a file may have, by the number of epolls that one leads through. Of the shortest there may be any number.
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
    static u64 last_visit_;  ///< Under the exclusive lock.
};

}  // namespace exo::ipc
