// Inflater: unpacks DEFLATE data (RFC 1951) piece by piece.
//
//   const Box<Inflater> inflater = TRY(make_box<Inflater>(compressed));
//   while (const auto piece = TRY(inflater->next()); !piece.empty()) use(piece);
//
// Memory: the object alone (70 KiB), however much comes out. Any input is safe: what is not DEFLATE ends in Einval.
// No locks: one object, one thread.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo {

/// A canonical prefix code: short codes are found in a table, long ones bit by bit.
class PrefixCode {
  public:
    static constexpr u32 MAX_LENGTH = 15;
    static constexpr usize MAX_SYMBOLS = 288;

    struct Match {
        u16 symbol;
        u16 length;  ///< In bits; 0: no code begins with these bits.
    };

    /// `lengths[s]` is the number of bits of symbol s; 0: it has no code.
    /// Errors: Einval (more codes than fit, or fewer than there could be: only a single code of one bit may stand alone).
    Result<> build(std::span<const u8> lengths);
    /// The symbol whose code `bits` begins with, first bit lowest.
    Match find(u64 bits) const;

  private:
    static constexpr u32 TABLE_BITS = 10;
    void fill_table(std::span<const u8> lengths, std::span<const u16> first_codes);

    std::array<Match, 1U << TABLE_BITS> table_;
    std::array<u16, MAX_LENGTH + 1> counts_;  ///< How many codes have that length.
    std::array<u16, MAX_SYMBOLS> symbols_;    ///< In the order of their codes.
};

class Inflater {
  public:
    /// How far back a match may reach.
    static constexpr usize WINDOW = 32 * KIB;

    explicit Inflater(std::span<const u8> input) : input_(input) {}

    /// The bytes that come next, at most two windows full; none at the end of the data. They stay valid until the next call.
    /// Errors: Einval (the data is damaged or cut), after all that came before the damage, and again from then on.
    Result<std::span<const u8>> next();

    /// True if an error comes from the input's end rather than from what it says.
    bool is_cut() const { return fault_ == Fault::Cut; }
    /// How many bytes of the input have been used.
    usize used() const { return position_ - bit_count_ / 8; }

  private:
    enum class State : u8 { BlockHeader, Stored, Codes, Done };
    enum class Fault : u8 { None, Cut, Damaged };

    static constexpr usize LONGEST_MATCH = 258;

    // Each returns false after it has noted a fault.
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
    /// Needs a refill before; at most 32 bits. Nothing after it has noted a fault.
    std::optional<u32> take_bits(u32 count);
    std::optional<u32> take_symbol(const PrefixCode& code);

    usize room() const { return window_.size() - filled_; }

    std::span<const u8> input_;
    usize position_ = 0;  ///< What has gone into bits_.
    u64 bits_ = 0;        ///< The next bit is the lowest.
    u32 bit_count_ = 0;
    State state_ = State::BlockHeader;
    Fault fault_ = Fault::None;
    bool is_last_block_ = false;
    u32 stored_left_ = 0;
    usize filled_ = 0;  ///< Of window_: the last WINDOW bytes at least, or all that there are.
    PrefixCode literals_;
    PrefixCode distances_;
    std::array<u8, 2 * WINDOW> window_;
};

}  // namespace exo
