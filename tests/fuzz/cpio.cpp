// Initramfs images.
#include "fs/initramfs/cpio.cpp"

#include "fs/initramfs/archive.hpp"
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

namespace {

/// Gives the input in pieces of a few bytes, as unpacked data comes.
class PieceSource final : public fs::ByteSource {
  public:
    PieceSource(std::span<const u8> bytes, usize length) : bytes_(bytes), length_(length) {}
    std::span<const u8> peek() override { return bytes_.first(std::min(bytes_.size(), length_)); }
    void skip(usize count) override {
        FUZZ_CHECK(count <= peek().size());
        bytes_ = bytes_.subspan(count);
    }

  private:
    std::span<const u8> bytes_;
    usize length_;
};

struct Read {
    u64 names = 0;
    u64 content = 0;
    u64 sum = 0;
    fs::CpioFailure failure{};
};

Read read_all(fs::ByteSource& source, usize size, bool is_unpacked) {
    fs::CpioReader reader(source, {.offset = 0, .archive = 0, .is_unpacked = is_unpacked});
    fs::CpioLinks links;
    Read read;
    u64 last = 0;
    for (;;) {
        const auto entry = reader.next();
        read.failure = reader.failure();
        if (!entry) {
            FUZZ_CHECK(read.failure.problem != fs::CpioProblem::None && read.failure.offset <= size);
            FUZZ_CHECK(!fs::describe(read.failure.problem).empty());
            return read;
        }
        FUZZ_CHECK(read.failure.problem == fs::CpioProblem::None);
        if (!*entry) return read;
        FUZZ_CHECK(!(*entry)->name.empty() && (*entry)->name.size() < 4096 && !(*entry)->name.contains('\0'));
        FUZZ_CHECK((*entry)->target.size() <= 4096 && !(*entry)->target.contains('\0'));
        FUZZ_CHECK((*entry)->offset >= last && (*entry)->offset % 4 == 0);
        last = (*entry)->offset + 1;
        FUZZ_CHECK(links.first_name(**entry).has_value());
        ++read.names;
        for (const char c : (*entry)->name) read.sum = read.sum * 31 + static_cast<u8>(c);
        u64 content = 0;
        for (auto piece = reader.data(); !piece.empty(); piece = reader.data()) {
            for (const u8 byte : piece) read.sum = read.sum * 31 + byte;
            content += piece.size();
            reader.take(piece.size());
        }
        FUZZ_CHECK(content <= (*entry)->size);
        read.content += content;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fs::MemorySource whole({data, size});
    (void)read_all(whole, size, false);
    // How the bytes come makes no difference.
    fs::MemorySource unpacked({data, size});
    PieceSource pieces({data, size}, 1 + size % 7);
    const Read one = read_all(unpacked, size, true);
    const Read other = read_all(pieces, size, true);
    FUZZ_CHECK(one.names == other.names && one.content == other.content && one.sum == other.sum);
    FUZZ_CHECK(one.failure.problem == other.failure.problem && one.failure.offset == other.failure.offset);
    return 0;
}
