#include "sync/cpu_requests.hpp"

#include <bit>

#include "arch/upcalls.hpp"

namespace exo::sync {

namespace {

/// The request of one CPU. `function` and `argument` do not change while `pending` is not 0.
struct Request {
    RequestFunction function = nullptr;
    const void* argument = nullptr;
    std::atomic<u64> pending{0};  ///< The CPUs that have not served it yet.
};
constinit PerCpu<Request> requests;

/// Interrupts off, without the lock policies of spin_lock.hpp, which includes this folder's header.
class NoInterrupts {
  public:
    NoInterrupts() : were_enabled_(arch::interrupts_enabled()) {
        if (were_enabled_) arch::disable_interrupts();
    }
    ~NoInterrupts() {
        if (were_enabled_) arch::enable_interrupts();
    }
    NoInterrupts(const NoInterrupts&) = delete;
    NoInterrupts& operator=(const NoInterrupts&) = delete;

  private:
    bool were_enabled_;
};

}  // namespace

namespace detail {

constinit PerCpu<std::atomic<u64>> mailboxes;

void serve_own_requests() {
    const NoInterrupts no_interrupts;
    const u64 self = 1ULL << arch::cpu_index();
    // seq_cst: sees what the requests say, and what their makers wrote before
    u64 from = mailboxes.mine().exchange(0, std::memory_order_seq_cst);
    for (; from != 0; from &= from - 1) {
        Request& request = requests.of(static_cast<u32>(std::countr_zero(from)));
        request.function(request.argument);
        request.pending.fetch_and(~self,
                                  std::memory_order_seq_cst);  // the maker may use it again from here on
    }
}

}  // namespace detail

void run_on_cpus(u64 cpus, RequestFunction function, const void* argument) {
    if (cpus == 0) return;
    const u64 self = 1ULL << arch::cpu_index();
    ASSERT((cpus & self) == 0);
    Request& request = requests.mine();
    ASSERT(request.pending.load(std::memory_order_relaxed) == 0);
    request.function = function;
    request.argument = argument;
    request.pending.store(cpus, std::memory_order_seq_cst);
    for (u64 left = cpus; left != 0; left &= left - 1) {
        const auto cpu = static_cast<u32>(std::countr_zero(left));
        // If the target's mailbox already has a bit, an interrupt is on its way to that CPU, or the CPU is about to look.
        if (detail::mailboxes.of(cpu).fetch_or(self, std::memory_order_seq_cst) == 0)
            arch::send_request_interrupt(cpu);
    }
    while (request.pending.load(std::memory_order_seq_cst) != 0) arch::relax();
}

}  // namespace exo::sync

void exo::upcalls::exo_serve_requests() { sync::serve_requests(); }
