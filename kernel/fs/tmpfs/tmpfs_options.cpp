#include "fs/tmpfs/tmpfs_options.hpp"

#include <limits>

#include "utils/parse.hpp"

namespace exo::fs::tmpfs {

namespace {

/// Parses "10", "10k", "10m", "10g" or "10t". Errors: Einval.
Result<u64> parse_count(std::string_view text) {
    u32 shift = 0;
    if (!text.empty()) {
        switch (text.back() | 0x20) {
            case 'k': shift = 10; break;
            case 'm': shift = 20; break;
            case 'g': shift = 30; break;
            case 't': shift = 40; break;
            default: break;
        }
        if (shift != 0) text.remove_suffix(1);
    }
    const auto number = parse_unsigned(text);
    if (!number || *number > std::numeric_limits<u64>::max() >> shift) return Error::Einval;
    return *number << shift;
}

Result<u64> parse_size(std::string_view text, u64 total_memory_bytes) {
    if (text.empty() || text.back() != '%') return parse_count(text);
    text.remove_suffix(1);
    const auto percent = parse_unsigned(text);
    if (!percent || *percent > 1'000'000) return Error::Einval;
    return total_memory_bytes * *percent / 100;
}

Result<u32> parse_id(std::string_view text, u64 base, u64 maximum) {
    const auto number = parse_unsigned(text, base);
    if (!number || *number > maximum) return Error::Einval;
    return static_cast<u32>(*number);
}

Result<> apply(std::string_view key, std::string_view value, u64 total_memory_bytes, Options& options) {
    constexpr u64 NO_ID = 0xffff'ffff;
    if (key == "size") {
        options.max_bytes = TRY(parse_size(value, total_memory_bytes));
    } else if (key == "nr_blocks") {
        const auto bytes = checked_multiply(TRY(parse_count(value)), PAGE_SIZE);
        if (!bytes) return Error::Einval;
        options.max_bytes = *bytes;
    } else if (key == "nr_inodes") {
        options.max_inodes = TRY(parse_count(value));
    } else if (key == "mode") {
        options.mode = TRY(parse_id(value, 8, 07777));
    } else if (key == "uid") {
        options.uid = TRY(parse_id(value, 10, NO_ID - 1));
    } else if (key == "gid") {
        options.gid = TRY(parse_id(value, 10, NO_ID - 1));
    } else if (key == "huge") {
        if (value != "never") return Error::Einval;
    } else if ((key == "inode32" || key == "inode64") && value.empty()) {
        options.inode_numbers = key == "inode32" ? InodeNumbers::Bits32 : InodeNumbers::Bits64;
    } else {
        return Error::Einval;
    }
    return {};
}

}  // namespace

Result<Options> parse_options(std::string_view text, const Options& defaults, u64 total_memory_bytes) {
    Options options = defaults;
    while (!text.empty()) {
        const usize comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        if (item.empty()) continue;
        const usize equals = item.find('=');
        const bool has_value = equals != std::string_view::npos;
        TRY(apply(item.substr(0, equals), has_value ? item.substr(equals + 1) : std::string_view{},
                  total_memory_bytes, options));
    }
    return options;
}

}  // namespace exo::fs::tmpfs
