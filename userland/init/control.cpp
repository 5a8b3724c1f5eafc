#include "control.hpp"

#include "system.hpp"

isize open_device(const char* path, int flags) {
    // The nodes appear when the device has announced its ports, which may be after this program has started.
    static constexpr int ATTEMPTS = 2000;
    isize result = -linux::ENOENT;
    for (int attempt = 0; attempt < ATTEMPTS; ++attempt) {
        result = sys::open(path, flags | linux::O_CLOEXEC);
        if (result != -linux::ENOENT && result != -linux::ENODEV) return result;
        sys::sleep_a_millisecond();
    }
    return result;
}

isize Control::open() {
    const isize result = open_device("/dev/virtio-ports/exo.control", linux::O_RDWR | linux::O_NONBLOCK);
    if (sys::failed(result)) return result;
    fd_ = static_cast<int>(result);
    return 0;
}

void Control::send(Text line) {
    TextBuilder<512> message;
    message.add(line);
    if (message.is_full()) message = TextBuilder<512>{}.add(Text{line.data, 500});
    message.add("\n");
    Text rest = message.text();
    while (fd_ >= 0 && rest.size > 0) {
        const isize written = sys::write(fd_, rest.data, rest.size);
        if (written > 0) {
            rest.data += written;
            rest.size -= static_cast<usize>(written);
        } else if (written == -linux::EAGAIN) {
            linux::PollEntry entry{fd_, linux::POLLOUT, 0};
            sys::poll(&entry, 1, -1);
            if ((entry.revents & linux::POLLHUP) != 0) return;
        } else if (written != -linux::EINTR) {
            return;
        }
    }
}

bool Control::fill() {
    if (used_ == sizeof buffer_) used_ = 0;
    const isize result = sys::read(fd_, buffer_ + used_, sizeof buffer_ - used_);
    if (result > 0) used_ += static_cast<usize>(result);
    return result > 0 || result == -linux::EAGAIN || result == -linux::EINTR;
}

void Control::discard(usize bytes) {
    for (usize i = bytes; i < used_; ++i) buffer_[i - bytes] = buffer_[i];
    used_ -= bytes;
}
