#include "boot/command_line.hpp"

#include "utils/bits.hpp"
#include "utils/parse.hpp"

namespace exo::boot {

namespace {

/// Linux's isspace(): ASCII's blanks and Latin-1's hard one.
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0'; }

bool is_digit(char c, u64 base) { return parse_unsigned({&c, 1}, base).has_value(); }

/// Digits from the front of `text`, with Linux's prefixes: 0x, 0 (octal), none.
std::optional<u64> take_number(std::string_view& text) {
    u64 base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' && is_digit(text[2], 16)) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0' && is_digit(text[1], 8)) {
        base = 8;
    }
    usize length = 0;
    while (length < text.size() && is_digit(text[length], base)) ++length;
    const auto number = parse_unsigned(text.substr(0, length), base);
    text.remove_prefix(length);
    return number;
}

bool take_prefix(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<CommandLineWord> take_word(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    const bool is_quoted = take_prefix(text, '"');
    bool in_quotes = is_quoted;
    usize end = 0;
    for (; end < text.size() && (in_quotes || !is_blank(text[end])); ++end) {
        if (text[end] == '"') in_quotes = !in_quotes;
    }
    std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    // "key=value in quotes": the last quote belongs to the first.
    if (is_quoted && word.ends_with('"')) word.remove_suffix(1);
    // A '=' that comes first is part of the key: "=x" is a bare word.
    const usize equals = word.find('=', 1);
    if (equals == std::string_view::npos) return CommandLineWord{word, std::nullopt};
    std::string_view value = word.substr(equals + 1);
    if (take_prefix(value, '"') && !is_quoted && value.ends_with('"')) value.remove_suffix(1);
    return CommandLineWord{word.substr(0, equals), value};
}

bool is_same_key(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (usize i = 0; i < a.size(); ++i) {
        if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i])) return false;
    }
    return true;
}

std::optional<u64> take_size(std::string_view& text) {
    const auto number = take_number(text);
    if (!number || text.empty()) return number;
    constexpr std::string_view SUFFIXES = "KMGTPE";
    const char upper = static_cast<char>(text.front() & ~0x20);
    const usize power = SUFFIXES.find(upper);
    if (power == std::string_view::npos) return number;
    text.remove_prefix(1);
    return checked_multiply(*number, u64{1} << (10 * (power + 1)));
}

std::optional<i64> parse_number(std::string_view text) {
    const bool is_negative = take_prefix(text, '-');
    if (!is_negative) (void)take_prefix(text, '+');
    const auto magnitude = take_number(text);
    if (!magnitude || !text.empty() || *magnitude > static_cast<u64>(INT64_MAX)) return std::nullopt;
    return is_negative ? -static_cast<i64>(*magnitude) : static_cast<i64>(*magnitude);
}

std::string_view CommandLine::after_dashes() const {
    std::string_view rest = text_;
    while (const auto word = take_word(rest)) {
        if (!word->value && word->key == "--") return rest;
    }
    return {};
}

void CommandLine::for_each(FunctionRef<void(const CommandLineWord&)> visit) const {
    std::string_view rest = text_;
    while (const auto word = take_word(rest)) {
        if (!word->value && word->key == "--") return;
        visit(*word);
    }
}

void CommandLine::for_each_value(std::string_view key, FunctionRef<void(std::string_view)> visit) const {
    for_each([&](const CommandLineWord& word) {
        if (is_same_key(word.key, key)) visit(word.value.value_or(std::string_view{}));
    });
}

std::optional<CommandLineWord> CommandLine::find(std::string_view key) const {
    std::optional<CommandLineWord> found;
    for_each([&](const CommandLineWord& word) {
        if (is_same_key(word.key, key)) found = word;
    });
    return found;
}

std::optional<std::string_view> CommandLine::value(std::string_view key) const {
    std::optional<std::string_view> found;
    for_each([&](const CommandLineWord& word) {
        if (word.value && is_same_key(word.key, key)) found = word.value;
    });
    return found;
}

std::optional<i64> CommandLine::number(std::string_view key) const {
    const auto text = value(key);
    return text ? parse_number(*text) : std::nullopt;
}

Result<VirtioMmioDevice> parse_virtio_mmio_device(std::string_view value) {
    const auto size = take_size(value);
    if (!size || *size == 0 || !take_prefix(value, '@')) return Error::Einval;
    const auto base = take_number(value);
    if (!base || !take_prefix(value, ':')) return Error::Einval;
    const auto interrupt = take_number(value);
    if (!interrupt || *interrupt == 0 || *interrupt > UINT32_MAX) return Error::Einval;
    if (take_prefix(value, ':') && !take_number(value)) return Error::Einval;
    if (!value.empty() || !checked_add(*base, *size)) return Error::Einval;
    return VirtioMmioDevice{*size, *base, static_cast<u32>(*interrupt)};
}

}  // namespace exo::boot
