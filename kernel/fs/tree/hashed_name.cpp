#include "fs/tree/hashed_name.hpp"

namespace exo::fs {

constinit NameHashKey detail::name_hash_key{0x2d35'8dcc'aa6c'78a5, 0x9e37'79b9'7f4a'7c15};

void set_name_hash_key(NameHashKey key) { detail::name_hash_key = {key.addend, key.factor | 1}; }

namespace detail {

u64 load_short_word(const char* at, const char* end) {
    u64 word = 0;
    for (u32 shift = 0; at != end; ++at, shift += 8) word |= static_cast<u64>(static_cast<u8>(*at)) << shift;
    return word;
}

HashedName scan_long(std::string_view path, const char* at, u64 first_word) {
    const char* const end = path.data() + path.size();
    const char* next = at + sizeof(u64);
    u64 state = mix(0, first_word);
    while (true) {
        const u64 word = load_word(path.data(), next, end);
        const u64 stops = find_stops(word);
        if (stops == 0) {
            state = mix(state, word);
            next += sizeof(u64);
            continue;
        }
        state = mix(state, before_stop(word, stops));
        next += std::countr_zero(stops) / 8;
        return {{at, static_cast<usize>(next - at)}, static_cast<u32>(state), first_word};
    }
}

}  // namespace detail

}  // namespace exo::fs
