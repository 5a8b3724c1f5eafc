// The table of flows: who gets the segments between two endpoints: a connection, a handshake that a listener has begun, or what
// remains of a connection (TIME-WAIT). And the list of those with timers.
//
// Locking: a spin lock for each bucket (rank FlowTable), one for the due list (rank DueList). Entries lock themselves (rank
// NetworkFlow) before these. The table and the due list hold a reference each.
#pragma once

#include <atomic>

#include "net/tcp/control/segment.hpp"
#include "net/tcp/sip_hash.hpp"
#include "sync/spin_lock.hpp"
#include "time/timer.hpp"
#include "utils/function_ref.hpp"
#include "utils/object.hpp"
#include "utils/tree.hpp"

namespace exo::net::tcp {

using time::Nanoseconds;
inline constexpr Nanoseconds NEVER = ~Nanoseconds{0};

class FlowEntry : public Object {
  public:
    enum class Kind : u8 { Connection, Handshake, TimeWait };

    Kind kind() const { return kind_; }
    const Flow& flow() const { return flow_; }
    /// A segment of the flow. Called with an Activity and without locks.
    virtual void receive(const Segment& segment, PacketPtr packet) = 0;
    /// The time that `schedule` was called with has come. Called with an Activity and without locks.
    virtual void run_timers(Nanoseconds now) = 0;
    /// Makes run_timers be called at that time or before. Serialised by the entry's lock.
    void schedule(Nanoseconds at) {
        if (at < due_at_.load(std::memory_order_relaxed)) schedule_earlier(at);
    }
    /// Forgets the time.
    void unschedule();

    struct DueKey {
        Nanoseconds at;
        const FlowEntry* entry;
        friend bool operator<(const DueKey& a, const DueKey& b) {
            return a.at != b.at ? a.at < b.at : a.entry < b.entry;
        }
    };
    TreeNode due_link;  ///< Guarded by the due list's lock, like due_key.
    DueKey due_key{NEVER, this};
    ListNode table_link;  ///< Guarded by the bucket's lock.

  protected:
    FlowEntry(Kind kind, const Flow& flow) : kind_(kind), flow_(flow) {}
    /// Before the entry is in the table.
    void set_flow(const Flow& flow) { flow_ = flow; }

  private:
    friend class DueList;
    void schedule_earlier(Nanoseconds at);

    Kind kind_;
    Flow flow_;
    std::atomic<Nanoseconds> due_at_{NEVER};
};

/// Allocates the table and starts the thread that runs timers. Errors: Enomem.
Result<> start_flows();

/// The entry for a flow; null.
Ref<FlowEntry> find_flow(const Flow& flow);
/// Adds an entry. `yields` says whether an entry that is there, which is passed to it, may be replaced; it is returned then. Errors:
/// Eaddrinuse.
Result<Ref<FlowEntry>> add_flow(FlowEntry& entry, FunctionRef<bool(FlowEntry&)> yields);
/// Adds an entry if there is none. Errors: Eaddrinuse.
Result<> add_flow(FlowEntry& entry);
/// Puts `fresh` in the place of `old`. Returns false if `old` is not in the table any more.
bool replace_flow(FlowEntry& old, FlowEntry& fresh);
/// Returns whether it was in the table.
bool remove_flow(FlowEntry& entry);
/// Calls `visit` with the entries one after the other, without locks.
void for_each_flow(FunctionRef<void(FlowEntry&)> visit);

/// A secret for hashes over flows, made at boot.
const SipKey& flow_secret();
/// A start for sequence numbers (RFC 6528), and the offset of timestamps.
u32 initial_sequence(const Flow& flow, Nanoseconds now);
u32 timestamp_offset(const Flow& flow);

}  // namespace exo::net::tcp
