#pragma once
// The control port: lines of text between this program and `exo` outside (docs/run_protocol.md).

#include "text.hpp"

class Control {
  public:
    /// Opens the port, waiting up to two seconds for the device to appear. Returns 0 or a negated errno.
    isize open();

    int fd() const { return fd_; }

    /// Sends one line and returns once all of it is written; nothing is sent if the port is not open or its
    /// other end has closed, since then nobody is left to tell.
    void send(Text line);

    /// Reads what has arrived without waiting and hands each complete line to `handler`. Returns false once the
    /// other end has closed. A line longer than the buffer is dropped, as no message is that long.
    template <class Handler> bool receive(Handler handler) {
        const bool open = fill();
        usize start = 0;
        for (usize i = 0; i < used_; ++i) {
            if (buffer_[i] != '\n') continue;
            handler(Text{buffer_ + start, i - start});
            start = i + 1;
        }
        discard(start);
        return open;
    }

  private:
    bool fill();
    void discard(usize bytes);

    int fd_ = -1;
    char buffer_[256] = {};
    usize used_ = 0;
};

/// Opens a device node, waiting up to two seconds for it to appear. Returns the descriptor or a negated errno.
isize open_device(const char* path, int flags);
