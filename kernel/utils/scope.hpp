// ScopeExit: undoes a step on failure: `ScopeExit undo{[&] { … }}; … undo.release();`
#pragma once

#include <utility>

namespace exo {

template <class Callable> class [[nodiscard]] ScopeExit {
  public:
    explicit ScopeExit(Callable callable) : callable_(std::move(callable)) {}
    ~ScopeExit() {
        if (armed_) callable_();
    }
    ScopeExit(const ScopeExit&) = delete;
    ScopeExit& operator=(const ScopeExit&) = delete;
    void release() { armed_ = false; }

  private:
    Callable callable_;
    bool armed_ = true;
};

}  // namespace exo
