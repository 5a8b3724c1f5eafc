// What a terminal needs of the hardware behind it.
#pragma once

#include <span>

#include "utils/types.hpp"

namespace exo::posix_x {

/// Implemented over a serial port or a virtio console. Called by threads, with the terminal locked; must not wait long.
class TerminalDriver {
  public:
    /// Takes as many bytes from the front as there is room for now, and returns how many. When it took fewer, it calls
    /// Terminal::output_has_room() later.
    virtual usize write(std::span<const u8> bytes) = 0;
    /// Bytes taken and not yet sent. When it falls to 0, output_has_room() is called.
    virtual usize unsent() = 0;
    /// There is room again for input that Terminal::receive refused.
    virtual void resume_input() {}

  protected:
    ~TerminalDriver() = default;
};

}  // namespace exo::posix_x
