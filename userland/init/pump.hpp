#pragma once
// Moves one byte stream between a port of the machine and a pipe of the program.

#include "linux.hpp"

/// Both ends must not block. INVARIANT: a new read happens only when everything read before is written.
class Pump {
  public:
    static constexpr usize MAX_WATCHED = 2;

    void start(int from, int to);

    bool is_open() const { return is_open_; }

    /// Bytes that the receiving end has taken.
    u64 delivered() const { return delivered_; }

    /// Writes the poll entries to wait for into `entries`. Returns how many there are.
    usize watch(linux::PollEntry* entries) const;

    /// Moves as many bytes as possible without waiting. Closes both ends at the end of the input, or when the
    /// receiver has closed its end.
    void move();

    /// Called at the end of the program: moves all bytes that the source still has, waits for the receiver,
    /// and closes.
    void finish();

  private:
    enum class Source : u8 { Ready, Empty };

    void close();
    Source fill();
    bool flush();
    bool receiver_has_gone(int timeout_milliseconds) const;

    // Initially zero, so that the buffers take no space in the executable.
    bool is_open_ = false;
    int from_ = 0;
    int to_ = 0;
    usize begin_ = 0;
    usize end_ = 0;
    u64 delivered_ = 0;
    u8 buffer_[64 * 1024];
};
