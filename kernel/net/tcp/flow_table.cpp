#include "net/tcp/flow_table.hpp"

#include <algorithm>
#include <bit>

#include "drivers/random/random.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "net/link/activity.hpp"
#include "scheduler/parking.hpp"
#include "scheduler/preemption.hpp"
#include "utils/list.hpp"
#include "utils/vector.hpp"

namespace exo::net::tcp {

namespace {

struct Bucket {
    List<FlowEntry, &FlowEntry::table_link> entries;

    FlowEntry* find(const Flow& flow) {
        for (FlowEntry& entry : entries) {
            if (entry.flow() == flow) return &entry;
        }
        return nullptr;
    }
};
using LockedBucket = sync::SpinLocked<Bucket, sync::LockRank::FlowTable>;

[[clang::no_destroy]] constinit LockedBucket* table = nullptr;
/// A power of two. LINUX: tcp_init: one bucket for 128 KiB of memory.
constinit u32 bucket_count = 0;
constexpr u64 FRAMES_EACH = 32;
constexpr u64 FEWEST_BUCKETS = 128;
constexpr u64 MOST_BUCKETS = 65536;

constinit SipKey secret{};

/// A hash that is short, as it is made for each segment. The secret keeps peers from choosing their bucket.
LockedBucket& bucket_of(const Flow& flow) {
    u64 a = (u64{flow.local.address.value} << 32 | flow.remote.address.value) ^ secret[0];
    u64 b = (u64{flow.local.port} << 16 | flow.remote.port) ^ secret[1];
    const auto product = static_cast<unsigned __int128>(a) * (b | 1);
    a = static_cast<u64>(product) ^ static_cast<u64>(product >> 64) ^ b;
    const auto second = static_cast<unsigned __int128>(a ^ secret[1]) * 0x9e3779b97f4a7c15;
    return table[static_cast<u32>(static_cast<u64>(second >> 64)) & (bucket_count - 1)];
}

}  // namespace

/// Entries by the time at which their timers run, and the thread that runs them.
class DueList {
  public:
    void schedule(FlowEntry& entry, Nanoseconds at) {
        scheduler::Thread* sleeper = nullptr;
        {
            const auto state = state_.lock();
            if (entry.due_link.is_linked())
                state->entries.remove(entry);
            else
                entry.retain();
            entry.due_key.at = at;
            entry.due_at_.store(at, std::memory_order_relaxed);
            state->entries.insert(entry);
            if (at < state->wakes_at) {
                state->wakes_at = at;
                sleeper = state->thread;
            }
        }
        if (sleeper != nullptr) scheduler::unpark(*sleeper);
    }
    void unschedule(FlowEntry& entry) {
        {
            const auto state = state_.lock();
            if (!entry.due_link.is_linked()) return;
            state->entries.remove(entry);
            entry.due_at_.store(NEVER, std::memory_order_relaxed);
        }
        entry.release();
    }
    [[noreturn]] void run() {
        state_.lock()->thread = &scheduler::current_thread();
        while (true) {
            const Nanoseconds now = time::monotonic();
            Nanoseconds next = NEVER;
            if (Ref<FlowEntry> entry = take_due(now, next)) {
                const Activity activity;
                entry->run_timers(now);
            } else {
                (void)scheduler::park(scheduler::WaitMode::Uninterruptible, time::Deadline{next});
            }
            scheduler::preempt_point();
        }
    }

  private:
    Ref<FlowEntry> take_due(Nanoseconds now, Nanoseconds& next) {
        const auto state = state_.lock();
        FlowEntry* const first = state->entries.first();
        if (first == nullptr || first->due_key.at > now) {
            next = first != nullptr ? first->due_key.at : NEVER;
            state->wakes_at = next;
            return nullptr;
        }
        state->entries.remove(*first);
        first->due_at_.store(NEVER, std::memory_order_relaxed);
        // While the thread is awake nobody needs to wake it.
        state->wakes_at = 0;
        return Ref<FlowEntry>::adopt(first);
    }

    struct KeyOf {
        static const FlowEntry::DueKey& key(const FlowEntry& entry) { return entry.due_key; }
    };
    struct State {
        Tree<FlowEntry, &FlowEntry::due_link, KeyOf> entries;
        Nanoseconds wakes_at = NEVER;
        scheduler::Thread* thread = nullptr;
    };
    sync::SpinLocked<State, sync::LockRank::DueList> state_;
};

namespace {
[[clang::no_destroy]] constinit DueList due_list;
}

void FlowEntry::schedule_earlier(Nanoseconds at) { due_list.schedule(*this, at); }
void FlowEntry::unschedule() {
    if (due_at_.load(std::memory_order_relaxed) != NEVER) due_list.unschedule(*this);
}

Result<> start_flows() {
    secret = {drivers::RANDOM.next_u64(), drivers::RANDOM.next_u64()};
    const u64 wanted =
        std::clamp(memory::get_stats().total_frames / FRAMES_EACH, FEWEST_BUCKETS, MOST_BUCKETS);
    bucket_count = static_cast<u32>(std::bit_floor(wanted));
    table = new (std::nothrow) LockedBucket[bucket_count];
    if (table == nullptr) return Error::Enomem;
    scheduler::SCHEDULER.start_thread(TRY(scheduler::Thread::create(
        "tcp-timers", [](void*) { due_list.run(); }, nullptr, scheduler::ThreadPriority::Normal)));
    return {};
}

Ref<FlowEntry> find_flow(const Flow& flow) {
    const auto bucket = bucket_of(flow).lock();
    return Ref<FlowEntry>(bucket->find(flow));
}

Result<Ref<FlowEntry>> add_flow(FlowEntry& entry, FunctionRef<bool(FlowEntry&)> yields) {
    Ref<FlowEntry> old;
    {
        const auto bucket = bucket_of(entry.flow()).lock();
        if (FlowEntry* const present = bucket->find(entry.flow())) {
            if (!yields(*present)) return Error::Eaddrinuse;
            bucket->entries.remove(*present);
            old = Ref<FlowEntry>::adopt(present);
        }
        entry.retain();
        bucket->entries.push_front(entry);
    }
    if (old) old->unschedule();
    return old;
}

Result<> add_flow(FlowEntry& entry) {
    (void)TRY(add_flow(entry, [](FlowEntry&) { return false; }));
    return {};
}

bool replace_flow(FlowEntry& old, FlowEntry& fresh) {
    {
        const auto bucket = bucket_of(old.flow()).lock();
        if (!old.table_link.is_linked()) return false;
        fresh.retain();
        bucket->entries.insert_before(old, fresh);
        bucket->entries.remove(old);
    }
    old.unschedule();
    old.release();
    return true;
}

bool remove_flow(FlowEntry& entry) {
    {
        const auto bucket = bucket_of(entry.flow()).lock();
        if (!entry.table_link.is_linked()) return false;
        bucket->entries.remove(entry);
    }
    entry.unschedule();
    entry.release();
    return true;
}

void for_each_flow(FunctionRef<void(FlowEntry&)> visit) {
    constexpr usize BATCH = 16;
    for (u32 i = 0; i < bucket_count; ++i) {
        // A few at a time: an entry that is visited keeps its place only while the bucket does not change.
        usize done = 0;
        while (true) {
            Ref<FlowEntry> batch[BATCH];
            usize count = 0;
            {
                const auto bucket = table[i].lock();
                usize place = 0;
                for (FlowEntry& entry : bucket->entries) {
                    if (place++ < done) continue;
                    batch[count++] = Ref<FlowEntry>(&entry);
                    if (count == BATCH) break;
                }
            }
            for (usize n = 0; n < count; ++n) visit(*batch[n]);
            scheduler::preempt_point();
            if (count < BATCH) break;
            done += count;
        }
    }
}

const SipKey& flow_secret() { return secret; }

u32 initial_sequence(const Flow& flow, Nanoseconds now) {
    return static_cast<u32>(sip_hash(secret, flow, 1)) + static_cast<u32>(now >> 6);
}

u32 timestamp_offset(const Flow& flow) {
    return static_cast<u32>(sip_hash(secret, Flow{{flow.local.address, 0}, {flow.remote.address, 0}}, 2));
}

}  // namespace exo::net::tcp
