// ELF headers and program headers.
#include "posix_x/elf/elf_image.cpp"

#include "fuzz.hpp"
#include "support/fake_memory.hpp"

using namespace exo;
using namespace exo::posix_x;

namespace {

std::vector<u8> seed(u16 type) {
    const u64 base = type == ET_EXEC ? 0x400000 : 0;
    Elf64Header header{
        {0x7f, 'E', 'L', 'F', 2, 1, 1}, type, EM_X86_64, 1, base + 0x1000, 64, 0, 0, 64, 56, 4, 0, 0, 0};
    test::TableBuilder file;
    file.add(header);
    file.add(Elf64ProgramHeader{PT_LOAD, PF_R | PF_X, 0, base, base, 0x2000, 0x2000, 0x1000});
    file.add(Elf64ProgramHeader{PT_LOAD, PF_R | PF_W, 0x2e10, base + 0x3e10, base + 0x3e10, 0x200, 0x5000,
                                0x1000});
    file.add(Elf64ProgramHeader{PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16});
    file.add(Elf64ProgramHeader{type == ET_EXEC ? 7 : PT_INTERP, PF_R, 0x318, base + 0x318, base + 0x318, 28,
                                28, 1});
    return file.bytes;
}

void check(const ElfImage& image) {
    for (const ElfSegment& segment : image.segments) {
        FUZZ_CHECK(is_aligned(segment.start, PAGE_SIZE) && is_aligned(segment.memory_end, PAGE_SIZE));
        FUZZ_CHECK(is_aligned(segment.file_size, PAGE_SIZE) && is_aligned(segment.file_offset, PAGE_SIZE));
        FUZZ_CHECK(segment.start + segment.file_size <= USER_END && segment.memory_end <= USER_END);
        FUZZ_CHECK(segment.start <= segment.file_end && segment.file_end <= segment.memory_end);
        FUZZ_CHECK(segment.file_offset + segment.file_size <= u64{INT64_MAX});
        FUZZ_CHECK(image.lowest <= segment.start && segment.memory_end <= image.highest);
    }
    FUZZ_CHECK(image.alignment >= PAGE_SIZE && std::has_single_bit(image.alignment));
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    static const std::vector<std::vector<u8>> SEEDS = {seed(ET_EXEC), seed(ET_DYN)};
    size = fuzz::mutate(SEEDS, data, size, max_size, random);
    // Mostly keep the header whole, so that the program headers are what is tested.
    if (size >= sizeof(Elf64Header) && random % 16 != 1)
        std::copy_n(SEEDS[random / 16 % 2].begin(), 56, data);
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    const std::span<const u8> file(data, size);
    const auto header = ElfHeader::parse(file);
    if (!header) return 0;
    FUZZ_CHECK(header->table_size() <= PAGE_SIZE);
    const auto table = slice(file, header->table_offset, header->table_size());
    if (!table) return 0;
    ElfImage image;
    if (!image.parse_headers(*header, *table)) return 0;
    FUZZ_CHECK(!image.interpreter || (image.interpreter->size >= 2 && image.interpreter->size <= PAGE_SIZE));
    if (image.plan(*table)) check(image);
    return 0;
}
