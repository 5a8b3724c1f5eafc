// GzipSource: the content of one gzip member (RFC 1952), unpacked as it is read.
//
// Memory: the object alone (70 KiB). No locks: one source, one thread.
#pragma once

#include "fs/initramfs/byte_source.hpp"
#include "utils/inflate.hpp"

namespace exo::fs {

enum class GzipProblem : u8 { None, BadHeader, Cut, Damaged, BadChecksum };

class GzipSource final : public ByteSource {
  public:
    /// `input` begins with the member's header. What follows the member is not looked at.
    explicit GzipSource(std::span<const u8> input);

    /// None at the end of the member, and where the data is damaged or cut: problem() tells which.
    std::span<const u8> peek() override;
    void skip(usize count) override { piece_ = piece_.subspan(count); }

    GzipProblem problem() const { return problem_; }
    /// How many bytes of the input have been used: the whole member, once peek() has given none without a problem.
    usize used() const { return header_size_ + inflater_.used() + trailer_size_; }

  private:
    void check_trailer();

    usize header_size_;
    std::span<const u8> input_;
    Inflater inflater_;
    std::span<const u8> piece_;
    usize trailer_size_ = 0;
    u32 checksum_ = ~0U;
    u32 size_ = 0;  ///< Modulo 2^32, as the trailer has it.
    GzipProblem problem_ = GzipProblem::None;
    bool is_done_ = false;
};

}  // namespace exo::fs
