#include "posix_x/elf/elf_image.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::posix_x {
namespace {

using test::TableBuilder;

Elf64Header example_header(u16 type, u16 count) {
    Elf64Header header{};
    const u8 ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(header.e_ident, ident, sizeof(ident));
    header.e_type = type;
    header.e_machine = EM_X86_64;
    header.e_version = 1;
    header.e_entry = 0x401000;
    header.e_phoff = 64;
    header.e_ehsize = 64;
    header.e_phentsize = 56;
    header.e_phnum = count;
    return header;
}

Elf64ProgramHeader segment(u32 flags, u64 offset, u64 address, u64 file_size, u64 memory_size,
                           u64 alignment = 0x1000) {
    return {PT_LOAD, flags, offset, address, address, file_size, memory_size, alignment};
}

/// A file of a header and program headers.
std::vector<u8> file_of(const Elf64Header& header, const std::vector<Elf64ProgramHeader>& headers) {
    TableBuilder file;
    file.add(header);
    for (const Elf64ProgramHeader& item : headers) file.add(item);
    return file.bytes;
}

Result<std::unique_ptr<ElfImage>> parse(const std::vector<u8>& file) {
    const ElfHeader header = TRY(ElfHeader::parse(file));
    const auto table = slice(file, header.table_offset, header.table_size());
    if (!table) return Error::Enoexec;
    auto image = std::make_unique<ElfImage>();
    TRY(image->parse_headers(header, *table));
    TRY(image->plan(*table));
    return image;
}

Result<std::unique_ptr<ElfImage>> parse(u16 type, const std::vector<Elf64ProgramHeader>& headers) {
    return parse(file_of(example_header(type, static_cast<u16>(headers.size())), headers));
}

TEST(elf_image, plans_a_static_program) {
    const auto image = MUST(parse(ET_EXEC, {segment(PF_R, 0, 0x400000, 0x500, 0x500),
                                            segment(PF_R | PF_X, 0x1000, 0x401000, 0x2345, 0x2345),
                                            segment(PF_R | PF_W, 0x3f10, 0x404f10, 0x200, 0x3000),
                                            {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
                                            {7, PF_R, 0x3f10, 0x404f10, 0, 0x10, 0x40, 8}}));
    EXPECT_EQ(image->header.type, ElfType::Fixed);
    EXPECT_EQ(image->stack, StackPermission::NotExecutable);
    EXPECT_FALSE(image->interpreter.has_value());
    EXPECT_EQ(image->program_headers, 0x400040U);
    EXPECT_EQ(image->lowest, 0x400000U);
    EXPECT_EQ(image->highest, 0x408000U);
    EXPECT_EQ(image->start_code, 0x401000U);
    EXPECT_EQ(image->end_code, 0x403345U);
    EXPECT_EQ(image->start_data, 0x404f10U);
    EXPECT_EQ(image->end_data, 0x405110U);
    EXPECT_EQ(image->end_of_memory, 0x407f10U);
    EXPECT_EQ(MUST(image->entry_address(0)), 0x401000U);
    ASSERT_EQ(image->segments.size(), 3U);
    const ElfSegment& code = image->segments[1];
    EXPECT_EQ(code.start, 0x401000U);
    EXPECT_EQ(code.file_offset, 0x1000U);
    EXPECT_EQ(code.file_size, 0x3000U);
    EXPECT_EQ(code.memory_end, 0x404000U);
    EXPECT_FALSE(code.has_zero_part);
    EXPECT_TRUE(code.is_executable && code.is_readable && !code.is_writable);
    const ElfSegment& data = image->segments[2];
    EXPECT_EQ(data.start, 0x404000U);
    EXPECT_EQ(data.file_offset, 0x3000U);
    EXPECT_EQ(data.file_size, 0x2000U);
    EXPECT_EQ(data.file_end, 0x405110U);
    EXPECT_EQ(data.memory_end, 0x408000U);
    EXPECT_TRUE(data.has_zero_part);
}

TEST(elf_image, plans_a_position_independent_program) {
    const auto image = MUST(parse(ET_DYN, {segment(PF_R | PF_X, 0, 0, 0x1000, 0x1000, 0x200000),
                                           segment(PF_R | PF_W, 0x1000, 0x3000, 0, 0x5000)}));
    EXPECT_EQ(image->header.type, ElfType::PositionIndependent);
    EXPECT_EQ(image->alignment, 0x200000U);
    EXPECT_EQ(image->stack, StackPermission::Default);
    EXPECT_EQ(image->segments[1].file_size, 0U) << "nothing but zero pages";
    EXPECT_EQ(image->segments[1].memory_end, 0x8000U);
    EXPECT_EQ(MUST(image->entry_address(0x555555554000)), 0x555555955000U);
    EXPECT_ERROR(Error::Einval, image->entry_address(USER_END));
}

TEST(elf_image, finds_the_interpreter) {
    const Elf64ProgramHeader interpreter{PT_INTERP, PF_R, 0x318, 0x318, 0x318, 28, 28, 1};
    const auto image = MUST(parse(
        ET_DYN, {interpreter, {PT_INTERP, 0, 0, 0, 0, 5000, 0, 0}, segment(PF_R, 0, 0, 0x1000, 0x1000)}));
    EXPECT_EQ(image->interpreter->offset, 0x318U);
    EXPECT_EQ(image->interpreter->size, 28U) << "the first counts, a second is not even looked at";
    for (const u64 size : {u64{0}, u64{1}, u64{4097}, UINT64_MAX})
        EXPECT_ERROR(Error::Enoexec, parse(ET_DYN, {{PT_INTERP, 0, 0, 0, 0, size, 0, 0}})) << size;
    EXPECT_ERROR(Error::Einval, parse(ET_DYN, {{PT_INTERP, 0, UINT64_MAX, 0, 0, 20, 0, 0}}));
    MUST(check_interpreter_path(std::vector<u8>{'/', 'x', 0}));
    EXPECT_ERROR(Error::Enoexec, check_interpreter_path(std::vector<u8>{'/', 'x'}));
    EXPECT_ERROR(Error::Enoexec, check_interpreter_path({}));
}

TEST(elf_header, refuses_what_linux_refuses) {
    const auto with = [](auto change) {
        Elf64Header header = example_header(ET_EXEC, 1);
        change(header);
        return parse(file_of(header, {segment(PF_R, 0, 0x400000, 0x100, 0x100)}));
    };
    MUST(with([](Elf64Header&) {}));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_ident[3] = 'G'; }));
    for (const u16 type : std::initializer_list<u16>{0, 1, 4, 0xffff})
        EXPECT_ERROR(Error::Enoexec, with([&](Elf64Header& h) { h.e_type = type; }));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_machine = 3; }));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_phentsize = 32; }));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_phnum = 0; }));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_phnum = 2; })) << "the table is cut off";
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_phoff = 65; }));
    EXPECT_ERROR(Error::Enoexec, with([](Elf64Header& h) { h.e_phoff = UINT64_MAX - 5; }));
    // LINUX looks at neither class nor version nor byte order.
    MUST(with([](Elf64Header& h) { h.e_ident[4] = h.e_ident[5] = h.e_ident[6] = 0; }));
    EXPECT_ERROR(Error::Enoexec, ElfHeader::parse({}));
    EXPECT_ERROR(Error::Enoexec, ElfHeader::parse(std::vector<u8>{0x7f, 'E', 'L', 'F'}));
    MUST(parse(ET_EXEC, std::vector<Elf64ProgramHeader>(73)));
    EXPECT_ERROR(Error::Enoexec, parse(ET_EXEC, std::vector<Elf64ProgramHeader>(74)));
}

TEST(elf_image, refuses_impossible_segments) {
    const auto with = [](const Elf64ProgramHeader& item) { return parse(ET_EXEC, {item}); };
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, 0x400000, 0x101, 0x100))) << "file beyond memory";
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0x10, 0x400000, 0x100, 0x100))) << "not congruent";
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, 0x400010, 0x100, 0x100)));
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, USER_END, 0, 0x100)));
    EXPECT_ERROR(Error::Enomem, with(segment(PF_R, 0, USER_END, 0x100, 0x100)));
    EXPECT_ERROR(Error::Enomem, with(segment(PF_R, 0, 0xffffffff80000000, 0x100, 0x100)))
        << "the kernel's half";
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, USER_END - 0x1000, 0x1000, 0x1001)));
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, 0x400000, 0, UINT64_MAX)));
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, 0x400010, UINT64_MAX, UINT64_MAX)));
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, 0x400000, UINT64_MAX, UINT64_MAX)));
    EXPECT_ERROR(Error::Einval, with(segment(PF_R, 0, UINT64_MAX - 0xfff, 0x1000, 0x1000).p_vaddr == 0
                                         ? segment(0, 0, 0, 0, 0)
                                         : segment(PF_R, UINT64_MAX - 0xfff, 0x400000, 0x2000, 0x2000)));
    EXPECT_ERROR(Error::Eoverflow, with(segment(PF_R, u64{INT64_MAX} - 0xfff, 0x400000, 0x100, 0x100)));
    MUST(with(segment(PF_R, 0, USER_END - 0x1000, 0x1000, 0x1000)));
    EXPECT_ERROR(Error::Einval, parse(ET_DYN, {segment(PF_R, 0, 0x1000, 0, 0)})) << "an extent of nothing";
    MUST(parse(ET_EXEC, {segment(PF_R, 0, 0x1000, 0, 0)}));
}

TEST(elf_image, lets_segments_overlap_as_linux_does) {
    const auto image = MUST(parse(ET_EXEC, {segment(PF_R, 0, 0x402000, 0x1000, 0x1000),
                                            segment(PF_R | PF_X, 0, 0x401000, 0x2000, 0x2000)}));
    EXPECT_EQ(image->segments.size(), 2U);
    EXPECT_EQ(image->segments[0].start, 0x402000U) << "in the file's order";
    EXPECT_EQ(image->lowest, 0x401000U);
}

TEST(elf_image, without_segments_is_empty) {
    const auto image = MUST(parse(ET_EXEC, {{6, PF_R, 64, 0, 0, 56, 56, 8}}));
    EXPECT_TRUE(image->segments.is_empty());
    EXPECT_EQ(image->lowest, 0U);
    EXPECT_EQ(image->highest, 0U);
    EXPECT_EQ(image->program_headers, 0U);
}

TEST(elf_image, an_executable_stack_is_noticed) {
    const auto image = MUST(parse(ET_EXEC, {{PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0, 0, 0, 0, 0}}));
    EXPECT_EQ(image->stack, StackPermission::Executable);
}

TEST(elf_image, survives_every_mutation) {
    const auto file = file_of(example_header(ET_DYN, 3), {segment(PF_R | PF_X, 0, 0, 0x1000, 0x1000),
                                                          segment(PF_R | PF_W, 0x1000, 0x2000, 0x100, 0x900),
                                                          {PT_INTERP, PF_R, 0x318, 0x318, 0x318, 28, 28, 1}});
    test::for_each_mutation(file, [](const std::vector<u8>& bytes) { (void)parse(bytes); });
}

}  // namespace
}  // namespace exo::posix_x
