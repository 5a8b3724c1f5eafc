// Activity: a stretch of a thread's work on the network. Packets that the thread sends over the loopback interface meanwhile are
// delivered as the outermost activity ends, when the thread holds no lock: a protocol may send while it holds the lock of a
// connection, and the receiver takes another one.
#pragma once

#include "net/packet/packet.hpp"

namespace exo::net {

class Activity {
  public:
    Activity();
    /// Delivers what was put off, and what that causes in turn, with preemption points.
    ~Activity();
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;

    /// Puts off the delivery of a packet to the end of this thread's outermost activity. Drops the packet if the thread has none,
    /// or if there are too many.
    static void put_off(PacketPtr packet);

  private:
    /// LINUX: net.core.netdev_max_backlog.
    static constexpr u32 MOST_PACKETS = 1000;
    void drain();

    Activity* outer_;
    PacketQueue packets_;
};

}  // namespace exo::net
