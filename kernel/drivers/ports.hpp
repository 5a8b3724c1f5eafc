// I/O ports as an interface, so that a hosted test can simulate the device behind them.
#pragma once

#include "utils/types.hpp"

namespace exo::drivers {

class Ports {
  public:
    virtual u8 read8(u16 port) = 0;
    virtual void write8(u16 port, u8 value) = 0;
    virtual u32 read32(u16 port) = 0;
    /// A device without ports of this size leaves it out.
    virtual void write32(u16 /*port*/, u32 /*value*/) {}

  protected:
    ~Ports() = default;
};

}  // namespace exo::drivers
