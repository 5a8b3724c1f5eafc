#include "utils/inflate.hpp"

#include <algorithm>
#include <cstring>

#include "utils/bytes.hpp"

namespace exo {

// ---- PrefixCode

Result<> PrefixCode::build(std::span<const u8> lengths) {
    counts_.fill(0);
    table_.fill({0, 0});
    for (const u8 length : lengths) ++counts_[length];
    const u32 unused = counts_[0];
    counts_[0] = 0;

    // How many codes of each length are left when all shorter ones are taken.
    i32 left = 1;
    std::array<u16, MAX_LENGTH + 1> first_codes{};
    std::array<u16, MAX_LENGTH + 2> first_places{};
    for (u32 length = 1; length <= MAX_LENGTH; ++length) {
        left = 2 * left - counts_[length];
        if (left < 0) return Error::Einval;
        first_codes[length] = static_cast<u16>((first_codes[length - 1] + counts_[length - 1]) << 1);
        first_places[length + 1] = static_cast<u16>(first_places[length] + counts_[length]);
    }
    const usize used = lengths.size() - unused;
    const bool is_single = used == 1 && counts_[1] == 1;
    if (left > 0 && used != 0 && !is_single) return Error::Einval;

    for (usize symbol = 0; symbol < lengths.size(); ++symbol) {
        if (lengths[symbol] != 0) symbols_[first_places[lengths[symbol]]++] = static_cast<u16>(symbol);
    }
    fill_table(lengths, first_codes);
    return {};
}

/// Every value of TABLE_BITS bits that begins with a short code leads to its symbol.
void PrefixCode::fill_table(std::span<const u8> lengths, std::span<const u16> first_codes) {
    std::array<u16, MAX_LENGTH + 1> next{};
    std::ranges::copy(first_codes, next.begin());
    for (usize symbol = 0; symbol < lengths.size(); ++symbol) {
        const u32 length = lengths[symbol];
        if (length == 0) continue;
        const u32 code = next[length]++;
        if (length > TABLE_BITS) continue;
        // Codes come with their highest bit first.
        u32 reversed = 0;
        for (u32 bit = 0; bit < length; ++bit) reversed |= (code >> bit & 1) << (length - 1 - bit);
        for (u32 index = reversed; index < table_.size(); index += 1U << length)
            table_[index] = {static_cast<u16>(symbol), static_cast<u16>(length)};
    }
}

PrefixCode::Match PrefixCode::find(u64 bits) const {
    const Match match = table_[bits % table_.size()];
    if (match.length != 0) return match;
    u32 code = 0;   // the bits so far,
    u32 first = 0;  // the first code of that length,
    u32 place = 0;  // and where its symbol stands
    for (u32 length = 1; length <= MAX_LENGTH; ++length) {
        code |= static_cast<u32>(bits & 1);
        bits >>= 1;
        const u32 count = counts_[length];
        if (code < first + count) return {symbols_[place + (code - first)], static_cast<u16>(length)};
        place += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    return {0, 0};
}

// ---- Inflater

Result<std::span<const u8>> Inflater::next() {
    if (filled_ > WINDOW) {
        std::memmove(window_.data(), window_.data() + filled_ - WINDOW, WINDOW);
        filled_ = WINDOW;
    }
    const usize start = filled_;
    while (state_ != State::Done && room() >= LONGEST_MATCH && run()) {
    }
    if (filled_ == start && fault_ != Fault::None) return Error::Einval;
    return std::span<const u8>{window_.data() + start, filled_ - start};
}

/// Goes on until the block, the room or the input ends.
bool Inflater::run() {
    if (fault_ != Fault::None) return false;
    switch (state_) {
        case State::BlockHeader: return read_block_header();
        case State::Stored: return copy_stored();
        case State::Codes: return decode_block();
        case State::Done: return false;
    }
    return false;
}

bool Inflater::fail(Fault fault) {
    fault_ = fault;
    return false;
}

/// At least 56 bits, unless the input ends.
void Inflater::refill() {
    if (const auto word = load<u64>(input_, position_)) {
        bits_ |= *word << bit_count_;
        position_ += (63 - bit_count_) / 8;
        bit_count_ |= 56;
        return;
    }
    while (bit_count_ <= 56 && position_ < input_.size()) {
        bits_ |= u64{input_[position_++]} << bit_count_;
        bit_count_ += 8;
    }
}

std::optional<u32> Inflater::take_bits(u32 count) {
    if (count > bit_count_) {
        fail(Fault::Cut);
        return std::nullopt;
    }
    const u32 value = static_cast<u32>(bits_ & ((u64{1} << count) - 1));
    bits_ >>= count;
    bit_count_ -= count;
    return value;
}

std::optional<u32> Inflater::take_symbol(const PrefixCode& code) {
    const PrefixCode::Match match = code.find(bits_);
    if (match.length == 0 || match.length > bit_count_) {
        fail(match.length == 0 && bit_count_ >= PrefixCode::MAX_LENGTH ? Fault::Damaged : Fault::Cut);
        return std::nullopt;
    }
    bits_ >>= match.length;
    bit_count_ -= match.length;
    return match.symbol;
}

bool Inflater::read_block_header() {
    if (is_last_block_) {
        state_ = State::Done;
        return true;
    }
    refill();
    const auto header = take_bits(3);
    if (!header) return false;
    is_last_block_ = (*header & 1) != 0;
    switch (*header >> 1) {
        case 0: return start_stored();
        case 1: return use_fixed_codes();
        case 2: return read_codes();
        default: return fail(Fault::Damaged);
    }
}

bool Inflater::start_stored() {
    (void)take_bits(bit_count_ % 8);
    refill();
    const auto length = take_bits(16);
    const auto complement = length ? take_bits(16) : std::nullopt;
    if (!complement) return false;
    if ((*length ^ *complement) != 0xffff) return fail(Fault::Damaged);
    // From here on whole bytes are copied: those that wait in bits_ go back.
    position_ = used();
    bits_ = 0;
    bit_count_ = 0;
    stored_left_ = *length;
    state_ = State::Stored;
    return true;
}

bool Inflater::copy_stored() {
    const usize wanted = std::min<usize>(stored_left_, room());
    const usize count = std::min(wanted, input_.size() - position_);
    std::ranges::copy(input_.subspan(position_, count), window_.begin() + static_cast<isize>(filled_));
    filled_ += count;
    position_ += count;
    stored_left_ -= static_cast<u32>(count);
    if (stored_left_ == 0) state_ = State::BlockHeader;
    return count == wanted || fail(Fault::Cut);
}

bool Inflater::use_fixed_codes() {
    std::array<u8, PrefixCode::MAX_SYMBOLS> lengths{};
    for (usize symbol = 0; symbol < lengths.size(); ++symbol)
        lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    std::array<u8, 32> distances{};
    distances.fill(5);
    if (!literals_.build(lengths) || !distances_.build(distances)) return fail(Fault::Damaged);
    state_ = State::Codes;
    return true;
}

bool Inflater::read_codes() {
    constexpr std::array<u8, 19> ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    constexpr u32 END_OF_BLOCK = 256;
    refill();
    const auto sizes = take_bits(14);
    if (!sizes) return false;
    const u32 literal_count = (*sizes & 31) + 257;
    const u32 distance_count = (*sizes >> 5 & 31) + 1;
    if (literal_count > 286 || distance_count > 30) return fail(Fault::Damaged);

    std::array<u8, ORDER.size()> code_lengths{};
    for (u32 i = 0; i < (*sizes >> 10) + 4; ++i) {
        refill();
        const auto length = take_bits(3);
        if (!length) return false;
        code_lengths[ORDER[i]] = static_cast<u8>(*length);
    }
    // The code of the lengths must be complete.
    if (!literals_.build(code_lengths) || literals_.find(~u64{0}).length == 0) return fail(Fault::Damaged);

    std::array<u8, 286 + 30> lengths{};
    const std::span used = std::span(lengths).first(literal_count + distance_count);
    if (!read_code_lengths(used)) return false;
    if (used[END_OF_BLOCK] == 0 || !literals_.build(used.first(literal_count)) ||
        !distances_.build(used.subspan(literal_count)))
        return fail(Fault::Damaged);
    state_ = State::Codes;
    return true;
}

/// The lengths of both codes, which are themselves coded (by literals_, for now): symbols below 16 are lengths, the
/// others repeat.
bool Inflater::read_code_lengths(std::span<u8> lengths) {
    usize count = 0;
    while (count < lengths.size()) {
        refill();
        const auto symbol = take_symbol(literals_);
        if (!symbol) return false;
        if (*symbol < 16) {
            lengths[count++] = static_cast<u8>(*symbol);
            continue;
        }
        if (*symbol == 16 && count == 0) return fail(Fault::Damaged);
        const auto more = take_bits(*symbol == 16 ? 2 : *symbol == 17 ? 3 : 7);
        if (!more) return false;
        const usize repeat = *more + (*symbol == 18 ? 11 : 3);
        if (repeat > lengths.size() - count) return fail(Fault::Damaged);
        const u8 length = *symbol == 16 ? lengths[count - 1] : u8{0};
        std::ranges::fill(lengths.subspan(count, repeat), length);
        count += repeat;
    }
    return true;
}

bool Inflater::decode_block() {
    struct Range {
        u16 base;
        u8 extra_bits;
    };
    static constexpr std::array<Range, 29> LENGTHS = {
        {{3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
         {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
         {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}}};
    constexpr u32 END_OF_BLOCK = 256;
    constexpr u32 MOST_BITS = 48;  // of a length and a distance, with their extra bits
    while (room() >= LONGEST_MATCH) {
        if (bit_count_ < MOST_BITS) refill();
        const auto symbol = take_symbol(literals_);
        if (!symbol) return false;
        if (*symbol < END_OF_BLOCK) {
            window_[filled_++] = static_cast<u8>(*symbol);
            continue;
        }
        if (*symbol == END_OF_BLOCK) {
            state_ = State::BlockHeader;
            return true;
        }
        const u32 index = *symbol - END_OF_BLOCK - 1;
        if (index >= LENGTHS.size()) return fail(Fault::Damaged);
        const auto extra = take_bits(LENGTHS[index].extra_bits);
        if (!extra || !copy_match(LENGTHS[index].base + *extra)) return false;
    }
    return true;
}

/// Reads how far back the match lies. The bits of one refill are enough for a length and a distance.
bool Inflater::copy_match(u32 length) {
    constexpr u32 DISTANCE_CODES = 30;
    const auto symbol = take_symbol(distances_);
    if (!symbol) return false;
    if (*symbol >= DISTANCE_CODES) return fail(Fault::Damaged);
    const u32 extra_bits = *symbol < 2 ? 0 : *symbol / 2 - 1;
    const auto extra = take_bits(extra_bits);
    if (!extra) return false;
    // Two codes share each number of extra bits: 1, 2, 3, 4, 5, 7, 9, 13, 17, 25 …
    const usize distance = (*symbol < 2 ? *symbol : (2 + *symbol % 2) << extra_bits) + 1 + *extra;
    if (distance > filled_) return fail(Fault::Damaged);
    u8* to = window_.data() + filled_;
    filled_ += length;
    if (distance >= length) {
        std::memcpy(to, to - distance, length);
        return true;
    }
    // The match overlaps what it makes: it repeats itself.
    for (u32 i = 0; i < length; ++i, ++to) *to = *(to - distance);
    return true;
}

}  // namespace exo
