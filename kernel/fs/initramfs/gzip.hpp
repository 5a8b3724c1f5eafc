// GzipSource: the content of one gzip member (RFC 1952). It decompresses while it is read.
//
// Memory: the object alone (70 KiB). No locks: one source, one thread.
#pragma once

#include "fs/initramfs/byte_source.hpp"
#include "utils/inflate.hpp"

namespace exo::fs {

enum class GzipProblem : u8 { None, BadHeader, Cut, Damaged, BadChecksum };

class GzipSource final : public ByteSource {
  public:
    /// `input` begins with the member's header. Bytes behind the member are ignored.
    explicit GzipSource(std::span<const u8> input);

    /// The next bytes. None at the end of the member, and none where the data is damaged or cut off:
    /// problem() tells which.
    std::span<const u8> peek() override;
    void skip(usize count) override { piece_ = piece_.subspan(count); }

    GzipProblem problem() const { return problem_; }
    /// How many bytes of the input were used. The whole member, once peek() has returned nothing and
    /// problem() reports nothing.
    usize used() const { return header_size_ + inflater_.used() + trailer_size_; }

  private:
    void check_trailer();

    usize header_size_;
    std::span<const u8> input_;
    Inflater inflater_;
    std::span<const u8> piece_;
    usize trailer_size_ = 0;
    u32 checksum_ = ~0U;
    u32 size_ = 0;  ///< The size modulo 2^32, as in the trailer.
    GzipProblem problem_ = GzipProblem::None;
    bool is_done_ = false;
};

}  // namespace exo::fs
