// Inflater: decompresses DEFLATE data (RFC 1951) piece by piece.
//
//   const Box<Inflater> inflater = TRY(make_box<Inflater>(compressed));
//   while (const auto piece = TRY(inflater->next()); !piece.empty()) use(piece);
//
// Memory: the object alone (70 KiB), whatever the size of the output. Any input is safe: data that is not
// DEFLATE gives Einval.
// No locks: one object, one thread.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo {

/// A canonical prefix code. A table decodes short codes; long ones are decoded bit by bit.
class PrefixCode {
  public:
    static constexpr u32 MAX_LENGTH = 15;
    static constexpr usize MAX_SYMBOLS = 288;

    struct Match {
        u16 symbol;
        u16 length;  ///< In bits; 0: these bits begin no code.
    };

    /// Builds the code. `lengths[s]` is the number of bits of symbol s; 0: it has no code.
    /// Errors: Einval (too many codes, or an incomplete code; only a single code of one bit may be
    /// incomplete).
    Result<> build(std::span<const u8> lengths);
    /// The symbol whose code is at the beginning of `bits`. The lowest bit is the first.
    Match find(u64 bits) const;

  private:
    static constexpr u32 TABLE_BITS = 10;
    void fill_table(std::span<const u8> lengths, std::span<const u16> first_codes);

    std::array<Match, 1U << TABLE_BITS> table_;
    std::array<u16, MAX_LENGTH + 1> counts_;  ///< The number of codes of each length.
    std::array<u16, MAX_SYMBOLS> symbols_;    ///< In the order of their codes.
};

class Inflater {
  public:
    /// The largest distance of a match.
    static constexpr usize WINDOW = 32 * KIB;

    explicit Inflater(std::span<const u8> input) : input_(input) {}

    /// The next bytes, at most two windows; none at the end of the data. They stay valid until the next call.
    /// Errors: Einval (the data is damaged or cut off), after all bytes before the damage were returned, and
    /// in every later call.
    Result<std::span<const u8>> next();

    /// Whether the error is that the input ends too early.
    bool is_cut() const { return fault_ == Fault::Cut; }
    /// How many bytes of the input were used.
    usize used() const { return position_ - bit_count_ / 8; }

  private:
    enum class State : u8 { BlockHeader, Stored, Codes, Done };
    enum class Fault : u8 { None, Cut, Damaged };

    static constexpr usize LONGEST_MATCH = 258;

    // Each returns false after it has recorded a fault.
    bool run();
    bool read_block_header();
    bool start_stored();
    bool copy_stored();
    bool read_codes();
    bool read_code_lengths(std::span<u8> lengths);
    bool use_fixed_codes();
    bool decode_block();
    bool copy_match(u32 length);
    bool fail(Fault fault);

    void refill();
    /// Takes up to 32 bits, for which refill was called before. Nothing if it recorded a fault.
    std::optional<u32> take_bits(u32 count);
    std::optional<u32> take_symbol(const PrefixCode& code);

    usize room() const { return window_.size() - filled_; }

    std::span<const u8> input_;
    usize position_ = 0;  ///< How much of the input was moved into bits_.
    u64 bits_ = 0;        ///< The lowest bit is the next one.
    u32 bit_count_ = 0;
    State state_ = State::BlockHeader;
    Fault fault_ = Fault::None;
    bool is_last_block_ = false;
    u32 stored_left_ = 0;
    usize filled_ = 0;  ///< The used part of window_: at least the last WINDOW bytes, or all bytes so far.
    PrefixCode literals_;
    PrefixCode distances_;
    std::array<u8, 2 * WINDOW> window_;
};

}  // namespace exo
