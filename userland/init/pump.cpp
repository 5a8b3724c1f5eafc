#include "pump.hpp"

#include "system.hpp"

void Pump::start(int from, int to) {
    from_ = from;
    to_ = to;
    is_open_ = true;
}

usize Pump::watch(linux::PollEntry* entries) const {
    if (!is_open()) return 0;
    if (begin_ < end_) {
        entries[0] = {to_, linux::POLLOUT, 0};
        return 1;
    }
    // With no events asked for, the receiving end still reports POLLERR: the last reader of the pipe has gone.
    entries[0] = {from_, linux::POLLIN, 0};
    entries[1] = {to_, 0, 0};
    return 2;
}

void Pump::move() {
    while (is_open() && flush() && fill() == Source::Ready) {
    }
    // Checked even with bytes left to write, because Linux's driver returns EAGAIN for ever when the host has
    // gone.
    if (is_open() && receiver_has_gone(0)) close();
}

void Pump::finish() {
    while (is_open()) {
        if (flush()) {
            if (is_open() && fill() == Source::Empty) break;
        } else if (receiver_has_gone(-1)) {
            break;
        }
    }
    if (is_open()) close();
}

/// Waits until the receiver takes more, or until the timeout. Returns whether the receiver has gone for good.
bool Pump::receiver_has_gone(int timeout_milliseconds) const {
    linux::PollEntry receiver{to_, begin_ < end_ ? linux::POLLOUT : i16{0}, 0};
    sys::poll(&receiver, 1, timeout_milliseconds);
    return (receiver.revents & (linux::POLLERR | linux::POLLHUP)) != 0;
}

void Pump::close() {
    sys::close(from_);
    sys::close(to_);
    is_open_ = false;
}

/// Reads once into the empty buffer. At the end of the input it closes, and returns Ready because there is
/// nothing to wait for.
Pump::Source Pump::fill() {
    const isize result = sys::read(from_, buffer_, sizeof buffer_);
    if (result == -linux::EAGAIN) return Source::Empty;
    if (result == -linux::EINTR) return Source::Ready;
    if (result <= 0) {
        close();
        return Source::Ready;
    }
    begin_ = 0;
    end_ = static_cast<usize>(result);
    return Source::Ready;
}

/// Writes the buffer. Returns false if the receiver takes no more at present; closes if it has gone for good.
bool Pump::flush() {
    while (begin_ < end_) {
        const isize result = sys::write(to_, buffer_ + begin_, end_ - begin_);
        if (result == -linux::EAGAIN) return false;
        if (result == -linux::EINTR) continue;
        if (result <= 0) {
            close();
            begin_ = end_ = 0;
            return true;
        }
        begin_ += static_cast<usize>(result);
        delivered_ += static_cast<u64>(result);
    }
    return true;
}
