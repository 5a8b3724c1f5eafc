// The registry of threads by id, for calls that name a thread by its number. It holds no references: a thread
// removes itself when it is destroyed.
#pragma once

#include "scheduler/thread.hpp"
#include "sync/spin_lock.hpp"

namespace exo::scheduler {

class ThreadRegistry {
  public:
    void add(Thread& thread);
    void remove(Thread& thread);
    /// Finds a thread. Null if there is none, or if it is being destroyed.
    Ref<Thread> find(ThreadId id);

  private:
    struct KeyOf {
        static const ThreadId& key(const Thread& thread) { return thread.id_; }
    };
    using Threads = Tree<Thread, &Thread::id_link_, KeyOf>;
    sync::SpinLocked<Threads, sync::LockRank::ThreadRegistry, sync::IrqOff> threads_;
};

extern constinit ThreadRegistry THREADS;

}  // namespace exo::scheduler
