#include "ipc/epoll/graph.hpp"

#include <algorithm>

#include "scheduler/preemption.hpp"

namespace exo::ipc {

using scheduler::WaitMode;

constinit EpollGraph::Lock EpollGraph::lock_;
constinit u64 EpollGraph::last_visit_ = 0;

EpollGraph::Lock::SharedGuard EpollGraph::hold() { return lock_.lock_shared(); }

void EpollGraph::release(fs::File& file) {
    const auto guard = lock_.lock_exclusive();
    while (fs::FileWatch* watch = file.watches().entries().front()) {
        auto& entry = static_cast<EpollEntry&>(*watch);
        Epoll& epoll = entry.epoll;
        auto entries = epoll.entries_.lock();
        epoll.drop(*entries, entry);
        entries.unlock();
        scheduler::preempt_point();
    }
}

EpollGraph::Walk::Walk() : guard_(lock_.lock_exclusive()), visit_(++last_visit_) {}

Result<> EpollGraph::Walk::check_loop(Epoll& outer, Epoll& inner) {
    const u32 depth = TRY(depth_below(outer, inner, 0));
    if (depth > MOST_NESTS) return Error::Eloop;
    const u32 height = TRY(height_above(outer));
    return depth + 1 + height > MOST_NESTS ? Result<>(Error::Eloop) : Result<>();
}

/// LINUX: ep_loop_check_proc. More than MOST_NESTS also where there is a circle.
Result<u32> EpollGraph::Walk::depth_below(const Epoll& outer, Epoll& at, u32 depth) {
    if (at.visit_ == visit_) return at.nests_;
    at.visit_ = visit_;
    at.nests_ = 0;
    u32 deepest = 0;
    // The links do not change, so the entries need no lock.
    for (EpollEntry& entry : at.entries_.unsafe_value().all()) {
        TRY(scheduler::preempt_point(WaitMode::Killable));
        Epoll* below = Epoll::of(entry.file);
        if (below == nullptr) continue;
        if (below == &outer || depth > MOST_NESTS) return MOST_NESTS + 1;
        const u32 further = TRY(depth_below(outer, *below, depth + 1));
        deepest = std::max(deepest, further + 1);
        if (deepest > MOST_NESTS) break;
    }
    at.nests_ = deepest;
    return deepest;
}

/// LINUX: ep_get_upwards_depth_proc. The links have no circle, and no way is longer than MOST_NESTS.
Result<u32> EpollGraph::Walk::height_above(Epoll& at) {
    if (at.visit_ == visit_) return at.nests_;
    u32 highest = 0;
    for (fs::FileWatch& watch : at.watches().entries()) {
        TRY(scheduler::preempt_point(WaitMode::Killable));
        const u32 further = TRY(height_above(static_cast<EpollEntry&>(watch).epoll));
        highest = std::max(highest, further + 1);
    }
    at.visit_ = visit_;
    at.nests_ = highest;
    return highest;
}

Result<> EpollGraph::Walk::check_paths(fs::File& file) {
    visit_ = ++last_visit_;
    if (Epoll* epoll = Epoll::of(file)) return check_below(*epoll);
    Ways ways;
    return count_ways(file, 0, ways);
}

Result<> EpollGraph::Walk::check_below(Epoll& at) {
    at.visit_ = visit_;
    for (EpollEntry& entry : at.entries_.unsafe_value().all()) {
        TRY(scheduler::preempt_point(WaitMode::Killable));
        if (Epoll* below = Epoll::of(entry.file)) {
            if (below->visit_ != visit_) TRY(check_below(*below));
        } else {
            Ways ways;
            TRY(count_ways(entry.file, 0, ways));
        }
    }
    return {};
}

/// LINUX: reverse_path_check_proc.
Result<> EpollGraph::Walk::count_ways(fs::File& file, u32 depth, Ways& ways) {
    if (depth > MOST_NESTS) return Error::Einval;
    for (fs::FileWatch& watch : file.watches().entries()) {
        TRY(scheduler::preempt_point(WaitMode::Killable));
        Epoll& above = static_cast<EpollEntry&>(watch).epoll;
        if (above.watches().has_any())
            TRY(count_ways(above, depth + 1, ways));
        else if (++ways.count[depth] > MOST_WAYS[depth])
            return Error::Einval;
    }
    return {};
}

void start_epoll(u64 memory_bytes) {
    constexpr u64 SHARE = 25;
    max_epoll_watches.store(memory_bytes / SHARE / sizeof(EpollEntry), std::memory_order_relaxed);
    fs::set_watch_releaser(EpollGraph::release);
}

}  // namespace exo::ipc
