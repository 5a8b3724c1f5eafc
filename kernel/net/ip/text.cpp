#include "net/ip/text.hpp"

#include "boot/command_line.hpp"

namespace exo::net {

std::optional<Ipv4Address> parse_address(std::string_view text) {
    u32 value = 0;
    for (u32 part = 0; part < 4; ++part) {
        u32 number = 0;
        usize digits = 0;
        while (digits < text.size() && digits < 3 && text[digits] >= '0' && text[digits] <= '9')
            number = number * 10 + static_cast<u32>(text[digits++] - '0');
        if (digits == 0 || number > 255) return std::nullopt;
        value = value << 8 | number;
        text.remove_prefix(digits);
        if (part == 3) break;
        if (!text.starts_with('.')) return std::nullopt;
        text.remove_prefix(1);
    }
    return text.empty() ? std::optional(Ipv4Address{value}) : std::nullopt;
}

std::optional<Ipv4Prefix> parse_prefix(std::string_view text) {
    const usize slash = text.find('/');
    const std::optional<Ipv4Address> address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return Ipv4Prefix{*address, 32};
    const std::optional<i64> length = boot::parse_number(text.substr(slash + 1));
    if (!length || *length < 0 || *length > 32) return std::nullopt;
    const Ipv4Prefix prefix{*address, static_cast<u8>(*length)};
    return Ipv4Prefix{prefix.network(), prefix.length};
}

}  // namespace exo::net
