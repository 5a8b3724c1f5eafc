// Arrivals: the received bytes of a connection: those in order, which wait for the reader, and islands of bytes that came out
// of order (RFC 9293, section 3.10.7.4). It also says what to report in SACK options (RFC 2018, RFC 2883).
//
// Positions count the bytes of the stream, in 64 bits that do not wrap.
#pragma once

#include "net/tcp/control/byte_queue.hpp"
#include "net/tcp/control/segment.hpp"
#include "utils/tree.hpp"

namespace exo::net::tcp {

class Arrivals {
  public:
    /// A range of positions.
    struct Range {
        u64 start = 0;
        u64 end = 0;
        bool is_empty() const { return start == end; }
    };

    Arrivals() = default;
    Arrivals(const Arrivals&) = delete;
    Arrivals& operator=(const Arrivals&) = delete;
    ~Arrivals() { clear_islands(); }

    /// The position behind the last byte in order.
    u64 next() const { return next_; }
    u32 readable() const { return ready_.size(); }
    const ByteQueue& ready() const { return ready_; }
    /// Removes bytes that were read.
    void consume(u32 bytes) {
        ready_.drop(bytes);
        if (ready_.is_empty()) ready_.shrink();
    }
    bool has_islands() const { return !islands_.is_empty(); }
    /// The memory that is charged to the receive buffer, in bytes of the stream.
    u32 charge() const {
        return ready_.size() + island_bytes_ + static_cast<u32>(islands_.size()) * ISLAND_CHARGE;
    }
    u64 out_of_order_count() const { return out_of_order_count_; }

    /// Adds the first `size` bytes of a packet at a position. Bytes that are there already are left out. Returns what was there
    /// (the first such range; empty: nothing), for a D-SACK. Errors: Enomem, Enobufs (too many islands): nothing or a part of the
    /// bytes was added, and the sender sends them again.
    Result<Range> add(u64 position, const Packet& packet, u32 size);
    /// Drops everything that is out of order: memory is short.
    void clear_islands();

    /// Writes the islands to be reported, the one that changed last first. Returns how many.
    u32 report(std::span<Range> to);

  private:
    static constexpr u32 MOST_ISLANDS = 2048;
    static constexpr u32 ISLAND_CHARGE = 128;
    struct Island {
        TreeNode link;
        u64 start = 0;
        ByteQueue bytes;
        u64 end() const { return start + bytes.size(); }
    };
    struct StartOf {
        static u64 key(const Island& island) { return island.start; }
    };

    Result<> take(ByteQueue& to, const Packet& packet, u32 offset, u32 size);
    Result<Range> add_out_of_order(u64 position, const Packet& packet, u32 size);
    Result<Island*> island_at(u64 position, Island* left);
    Result<> absorb_islands();
    Result<> join(Island& left, Island& right);
    void remove(Island& island);
    void note_recent(u64 position);

    u64 next_ = 1ULL << 32;  ///< Segments may begin before the stream does.
    ByteQueue ready_;
    ChunkFiller filler_;
    Tree<Island, &Island::link, StartOf> islands_;
    u32 island_bytes_ = 0;
    std::array<u64, MOST_SACK_BLOCKS> recent_{};  ///< Positions inside the islands that changed last.
    u64 out_of_order_count_ = 0;
};

}  // namespace exo::net::tcp
