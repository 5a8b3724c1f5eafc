// WriterGate: counts open writers, or is closed to writers (Linux: mnt_want_write and read-only mounts).
#pragma once

#include <atomic>

#include "utils/result.hpp"

namespace exo::fs {

class WriterGate {
  public:
    enum class Initially : u8 { Open, Closed };
    explicit WriterGate(Initially initially = Initially::Open)
        : writers_(initially == Initially::Closed ? CLOSED : 0) {}

    bool is_closed() const { return writers_.load(std::memory_order_relaxed) == CLOSED; }
    /// Counts one more writer. Errors: Erofs (the gate is closed).
    Result<> enter() {
        i32 count = writers_.load(std::memory_order_relaxed);
        do {
            if (count == CLOSED) return Error::Erofs;
        } while (!writers_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
        return {};
    }
    void leave() { writers_.fetch_sub(1, std::memory_order_relaxed); }
    /// Keeps new writers out. Errors: Ebusy (a writer is counted).
    Result<> close() {
        i32 none = 0;
        if (writers_.compare_exchange_strong(none, CLOSED, std::memory_order_relaxed)) return {};
        return none == CLOSED ? Result<>{} : Result<>{Error::Ebusy};
    }
    void open() {
        i32 closed = CLOSED;
        writers_.compare_exchange_strong(closed, 0, std::memory_order_relaxed);
    }

  private:
    static constexpr i32 CLOSED = -1;
    std::atomic<i32> writers_;
};

}  // namespace exo::fs
