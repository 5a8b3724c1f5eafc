// Initramfs images.
#include "fs/cpio.cpp"

#include "cpio/archive.hpp"
#include "fuzz.hpp"

using namespace exo;

namespace {

const std::vector<std::vector<u8>>& seeds() {
    static const std::vector<std::vector<u8>> SEEDS = [] {
        test::ArchiveBuilder plain;
        plain.add({.name = "dir", .mode = 040755})
            .add({.name = "dir/file", .data = "some data"})
            .add({.name = "link", .mode = 0120777, .data = "file"});
        plain.add({.name = "one", .inode = 9, .links = 2})
            .add({.name = "two", .data = "x", .inode = 9, .links = 2})
            .trailer()
            .pad(512);
        test::ArchiveBuilder checked("070702");
        checked.add({.name = "a", .data = "data"}).trailer();
        test::ArchiveBuilder both{plain};
        both.bytes.insert(both.bytes.end(), checked.bytes.begin(), checked.bytes.end());
        return std::vector<std::vector<u8>>{plain.bytes, checked.bytes, both.bytes};
    }();
    return SEEDS;
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    // Half of the time only one of the numbers in a header changes, so that it stays a number.
    if (size >= 110 && random % 2 == 0) {
        const usize header = as_text({data, size}).find("07070", random % size);
        const usize field = 6 + 8 * (random / 7 % 13);
        if (header != std::string_view::npos && header + field + 8 <= size) {
            const char digit = "0123456789abcdef"[random / 11 % 16];
            data[header + field + (random / 3 % 4 == 0 ? random / 17 % 8 : 7 - random / 17 % 2)] =
                static_cast<u8>(digit);
            return size;
        }
    }
    return fuzz::mutate(seeds(), data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fs::CpioReader reader{{data, size}};
    fs::CpioLinks links;
    u64 last = 0;
    for (;;) {
        const auto entry = reader.next();
        if (!entry) {
            FUZZ_CHECK(reader.failure().problem != fs::CpioProblem::None && reader.failure().offset <= size);
            FUZZ_CHECK(!fs::describe(reader.failure().problem).empty());
            return 0;
        }
        if (!*entry) return 0;
        FUZZ_CHECK(!(*entry)->name.empty() && (*entry)->name.size() < 4096 && !(*entry)->name.contains('\0'));
        FUZZ_CHECK((*entry)->offset >= last && (*entry)->offset % 4 == 0);
        last = (*entry)->offset + 1;
        FUZZ_CHECK(links.first_name(**entry).has_value());
    }
}
