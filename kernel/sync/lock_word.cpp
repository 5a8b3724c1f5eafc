#include "sync/lock_word.hpp"

#include <array>

#include "sync/per_cpu.hpp"

namespace exo::sync {

/// A place in the queue of one lock.
struct QueueNode {
    std::atomic<QueueNode*> next{nullptr};
    std::atomic<bool> is_first{false};
};

namespace {

/// The places of a CPU. It waits for several locks at a time where an interrupt, or a request that it serves as it waits, needs one.
struct QueueNodes {
    static constexpr u32 DEPTHS = 4;
    std::array<QueueNode, DEPTHS> nodes;
    u32 depth = 0;  ///< How many are in use. Interrupts change it too, and put it back.
};
constinit PerCpu<QueueNodes> queue_nodes;

/// A place as a number that is never 0.
u32 encode(u32 cpu, u32 depth) { return (cpu + 1) * QueueNodes::DEPTHS + depth; }
QueueNode& decode(u32 place) {
    return queue_nodes.of(place / QueueNodes::DEPTHS - 1).nodes[place % QueueNodes::DEPTHS];
}

}  // namespace

bool LockWord::pass_the_queue() {
    u32 now = whole().load(std::memory_order_relaxed);
    while ((now & (LOCKED | RESERVED)) == 0) {
        // acquire: pairs with the release in release()
        if (whole().compare_exchange_weak(now, now | LOCKED, std::memory_order_acquire,
                                          std::memory_order_relaxed))
            return true;
    }
    return false;
}

void LockWord::wait_in_queue(void* lock) {
    auto& self = *static_cast<LockWord*>(lock);
    if (self.pass_the_queue()) return;
    QueueNodes& mine = queue_nodes.mine();
    const u32 depth = mine.depth++;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // an interrupt takes the next node from here on
    if (depth >= QueueNodes::DEPTHS) [[unlikely]] {
        while (!self.pass_the_queue()) arch::relax();
    } else {
        QueueNode& node = mine.nodes[depth];
        node.next.store(nullptr, std::memory_order_relaxed);
        node.is_first.store(false, std::memory_order_relaxed);
        self.wait_as_first(encode(arch::cpu_index(), depth), node);
    }
    std::atomic_signal_fence(std::memory_order_seq_cst);
    --mine.depth;
}

/// Joins the queue, waits for the first place there, and then for the lock. Each turn serves requests (arch::relax): the holder of the
/// lock may wait for this CPU to serve one, and no interrupt can bring it while interrupts are off.
void LockWord::wait_as_first(u32 own, QueueNode& node) {
    u32 now = whole().load(std::memory_order_relaxed);
    // release: the CPU that joins after this one finds this node set up. acquire: this CPU finds the node of the CPU before it set up.
    while (!whole().compare_exchange_weak(now, (now & ~LAST_MASK) | own << LAST_SHIFT,
                                          std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    if ((now & LAST_MASK) != 0) {
        decode(now >> LAST_SHIFT).next.store(&node, std::memory_order_release);
        while (!node.is_first.load(std::memory_order_acquire)) arch::relax();
    }
    u32 turns = 0;
    while (true) {
        now = whole().load(std::memory_order_relaxed);
        if ((now & LOCKED) == 0) {
            const bool is_last = now >> LAST_SHIFT == own;
            const u32 taken = is_last ? LOCKED : (now & LAST_MASK) | LOCKED;
            // acquire: pairs with the release in release()
            if (!whole().compare_exchange_weak(now, taken, std::memory_order_acquire,
                                               std::memory_order_relaxed))
                continue;
            if (is_last) return;
            break;
        }
        if (++turns == FIRST_ONES_PATIENCE) whole().fetch_or(RESERVED, std::memory_order_relaxed);
        arch::relax();
    }
    QueueNode* next;
    // The next one has put its number into the word, and is about to put its node here.
    while ((next = node.next.load(std::memory_order_acquire)) == nullptr) arch::relax();
    next->is_first.store(true, std::memory_order_release);
}

}  // namespace exo::sync
