// ByteSource: bytes that are read once, from front to back. Bytes that already lie in memory are not copied.
#pragma once

#include <algorithm>
#include <span>

#include "utils/types.hpp"

namespace exo::fs {

class ByteSource {
  public:
    /// The next bytes: at least one, or none at the end. Valid until the next call of either function.
    virtual std::span<const u8> peek() = 0;
    /// Advances by `count` bytes of what peek() returned.
    virtual void skip(usize count) = 0;

    /// Copies the next bytes and advances behind them. Returns their number, which is smaller than `to` only
    /// at the end.
    usize read(std::span<u8> to) {
        usize done = 0;
        while (done < to.size()) {
            const std::span<const u8> piece = peek();
            if (piece.empty()) break;
            const usize count = std::min(piece.size(), to.size() - done);
            std::ranges::copy(piece.first(count), to.begin() + static_cast<isize>(done));
            skip(count);
            done += count;
        }
        return done;
    }

  protected:
    ~ByteSource() = default;
};

class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(std::span<const u8> bytes) : bytes_(bytes) {}
    std::span<const u8> peek() override { return bytes_; }
    void skip(usize count) override { bytes_ = bytes_.subspan(count); }

  private:
    std::span<const u8> bytes_;
};

}  // namespace exo::fs
