#include "utils/format.hpp"

namespace exo::detail {

namespace {

struct Spec {
    usize width = 0;
    char fill = ' ';
    bool hexadecimal = false;
};

/// Parses what stands between '{' and '}'; `at` is left behind the '}'. The pattern was checked when compiled.
Spec parse_spec(std::string_view pattern, usize& at) {
    Spec spec;
    if (pattern[at] == ':') {
        ++at;
        if (pattern[at] == '0') spec.fill = '0';
        while (pattern[at] >= '0' && pattern[at] <= '9')
            spec.width = spec.width * 10 + static_cast<usize>(pattern[at++] - '0');
        if (pattern[at] == 'x') {
            spec.hexadecimal = true;
            ++at;
        }
    }
    ++at;
    return spec;
}

void pad(FormatSink sink, char fill, usize count) {
    for (usize i = 0; i < count; ++i) sink({&fill, 1});
}

void format_number(FormatSink sink, u64 magnitude, bool is_negative, const Spec& spec) {
    char digits[20];
    usize length = 0;
    const u64 base = spec.hexadecimal ? 16 : 10;
    do {
        digits[sizeof(digits) - ++length] = "0123456789abcdef"[magnitude % base];
        magnitude /= base;
    } while (magnitude != 0);
    const usize total = length + (is_negative ? 1 : 0);
    const usize padding = spec.width > total ? spec.width - total : 0;
    if (spec.fill == ' ') pad(sink, ' ', padding);
    if (is_negative) sink("-");
    if (spec.fill == '0') pad(sink, '0', padding);
    sink({digits + sizeof(digits) - length, length});
}

void format_text(FormatSink sink, std::string_view text, const Spec& spec) {
    sink(text);
    if (spec.width > text.size()) pad(sink, ' ', spec.width - text.size());
}

void format_one(FormatSink sink, const FormatArgument& argument, Spec spec) {
    switch (argument.kind) {
        case ArgumentKind::Unsigned: return format_number(sink, argument.number, false, spec);
        case ArgumentKind::Signed: {
            if (spec.hexadecimal)
                return format_number(sink, argument.number & (~0ULL >> (64 - argument.bits)), false, spec);
            const bool is_negative = static_cast<i64>(argument.number) < 0;
            return format_number(sink, is_negative ? 0 - argument.number : argument.number, is_negative,
                                 spec);
        }
        case ArgumentKind::Text: return format_text(sink, argument.text, spec);
        case ArgumentKind::Character: {
            const char c = static_cast<char>(argument.number);
            return format_text(sink, {&c, 1}, spec);
        }
        case ArgumentKind::Boolean: return format_text(sink, argument.number != 0 ? "true" : "false", spec);
        case ArgumentKind::Pointer:
            sink("0x");
            spec.hexadecimal = true;
            return format_number(sink, argument.number, false, spec);
    }
}

}  // namespace

void format_arguments(FormatSink sink, std::string_view pattern, std::span<const FormatArgument> arguments) {
    usize next = 0;
    usize literal = 0;
    for (usize at = 0; at < pattern.size();) {
        if (pattern[at] != '{' && pattern[at] != '}') {
            ++at;
            continue;
        }
        sink(pattern.substr(literal, at - literal));
        if (pattern[at + 1] == pattern[at]) {
            sink(pattern.substr(at, 1));
            at += 2;
        } else {
            ++at;
            const Spec spec = parse_spec(pattern, at);
            format_one(sink, arguments[next++], spec);
        }
        literal = at;
    }
    sink(pattern.substr(literal));
}

}  // namespace exo::detail
