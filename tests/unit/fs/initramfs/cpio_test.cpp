#include "fs/initramfs/cpio.hpp"

#include <gtest/gtest.h>

#include "fs/initramfs/archive.hpp"
#include "support/failing_allocations.hpp"
#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::fs {
namespace {

using test::ArchiveBuilder;

/// Reads all entries' names, and their content to its end; the failure, if any, is in `failure`.
std::vector<std::string> names_of(const std::vector<u8>& image, CpioFailure& failure,
                                  bool is_unpacked = false) {
    std::vector<std::string> names;
    MemorySource source(image);
    CpioReader reader(source, {.offset = 0, .archive = 0, .is_unpacked = is_unpacked});
    for (;;) {
        const auto entry = reader.next();
        failure = reader.failure();
        if (!entry || !*entry) return names;
        names.emplace_back((*entry)->name);
        for (auto piece = reader.data(); !piece.empty(); piece = reader.data()) reader.take(piece.size());
    }
}

CpioFailure failure_of(const std::vector<u8>& image) {
    CpioFailure failure;
    (void)names_of(image, failure);
    return failure;
}

using Names = std::vector<std::string>;

TEST(cpio, reads_each_field) {
    ArchiveBuilder archive;
    archive.add({.name = "dev/null", .mode = 020666, .inode = 17, .links = 3})
        .add({.name = "a", .data = "hello"})
        .trailer();
    MemorySource source(archive.bytes);
    CpioReader reader(source);
    const CpioEntry device = *MUST(reader.next());
    EXPECT_EQ(device.name, "dev/null");
    EXPECT_EQ(device.inode, 17U);
    EXPECT_EQ(device.mode, 020666U);
    EXPECT_EQ(device.user, 1000U);
    EXPECT_EQ(device.group, 100U);
    EXPECT_EQ(device.links, 3U);
    EXPECT_EQ(device.modified, 0x5f000000U);
    EXPECT_EQ(device.device_major, 8U);
    EXPECT_EQ(device.device_minor, 1U);
    EXPECT_EQ(device.special_major, 5U);
    EXPECT_EQ(device.special_minor, 7U);
    EXPECT_EQ(device.offset, 0U);
    const CpioEntry file = *MUST(reader.next());
    EXPECT_EQ(file.size, 5U);
    EXPECT_EQ(as_text(reader.data()), "hello");
    reader.take(2);
    EXPECT_EQ(as_text(reader.data()), "llo") << "what is left of it is passed over";
    EXPECT_FALSE(MUST(reader.next()).has_value());
    EXPECT_FALSE(MUST(reader.next()).has_value());
}

TEST(cpio, reads_concatenated_archives) {
    CpioFailure failure;
    ArchiveBuilder archive;
    archive.append({"\0\0\0\0", 4})
        .add({.name = "a"})
        .trailer()
        .pad(512)
        .add({.name = "b"})
        .trailer()
        .trailer()
        .add({.name = "c"})
        .trailer();
    EXPECT_EQ(names_of(archive.bytes, failure), (Names{"a", "b", "c"}));
    EXPECT_EQ(failure.problem, CpioProblem::None);
    EXPECT_EQ(names_of({}, failure), Names{});
    EXPECT_EQ(names_of(std::vector<u8>(1000), failure), Names{});
    EXPECT_EQ(failure.problem, CpioProblem::None);
}

TEST(cpio, an_archive_may_end_without_its_last_padding) {
    ArchiveBuilder archive;
    archive.add({.name = "a"}).trailer();
    while (archive.bytes.back() == 0) archive.bytes.pop_back();
    archive.bytes.push_back(0);
    EXPECT_EQ(failure_of(archive.bytes).problem, CpioProblem::None);
}

TEST(cpio, needs_no_trailer_but_links_end_at_one) {
    CpioFailure failure;
    ArchiveBuilder archive;
    archive.add({.name = "a"}).pad(512).add({.name = "b"});
    EXPECT_EQ(names_of(archive.bytes, failure), (Names{"a", "b"}));
    EXPECT_EQ(failure.problem, CpioProblem::None);
}

TEST(cpio, says_where_an_archive_is_cut_off) {
    ArchiveBuilder archive;
    archive.add({.name = "file", .data = "12345"})
        .add({.name = "link", .mode = 0120777, .data = "file"})
        .trailer();
    const usize data = 116;
    const usize second = data + 8;
    const usize trailer = second + 116 + 4;
    for (usize length = 0; length < archive.bytes.size(); ++length) {
        const std::vector<u8> cut(archive.bytes.begin(), archive.bytes.begin() + static_cast<isize>(length));
        CpioFailure failure;
        const Names names = names_of(cut, failure);
        const bool is_whole = length == 0 || (length >= data + 5 && length <= second) || length == trailer ||
                              length >= trailer + 110 + 11;
        EXPECT_EQ(failure.problem, is_whole ? CpioProblem::None : CpioProblem::Truncated) << length;
        if (!is_whole) EXPECT_EQ(failure.offset, length);
        EXPECT_EQ(failure.is_in_content, length >= data && length < data + 5) << length;
        // LINUX: a file is made once its name and the padding behind it are there, a link once its target is.
        EXPECT_EQ(names.size(), length < data ? 0U : length < trailer ? 1U : 2U) << length;
    }
}

TEST(cpio, refuses_malformed_entries_at_their_offset) {
    const auto problem_with = [](usize offset, std::string_view replacement) {
        ArchiveBuilder archive;
        archive.add({.name = "x"}).add({.name = "name", .data = "data"}).trailer();
        std::ranges::copy(replacement, archive.bytes.begin() + 112 + static_cast<isize>(offset));
        const CpioFailure failure = failure_of(archive.bytes);
        if (failure.problem == CpioProblem::Truncated)
            EXPECT_EQ(failure.offset, archive.bytes.size());
        else if (failure.problem != CpioProblem::None)
            EXPECT_EQ(failure.offset, 112U);
        return failure.problem;
    };
    EXPECT_EQ(problem_with(0, "070701"), CpioProblem::None);
    EXPECT_EQ(problem_with(0, "070703"), CpioProblem::BadMagic);
    EXPECT_EQ(problem_with(0, "070707"), CpioProblem::OldFormat);
    EXPECT_EQ(problem_with(0, "\xc7\x71"), CpioProblem::OldFormat);
    EXPECT_EQ(problem_with(0, "x"), CpioProblem::BadMagic);
    EXPECT_EQ(problem_with(94, "00000004"), CpioProblem::BadName) << "without its NUL";
    EXPECT_EQ(problem_with(94, "00001000"), CpioProblem::Truncated);
    EXPECT_EQ(problem_with(94, "ffffffff"), CpioProblem::Truncated);
    EXPECT_EQ(problem_with(54, "ffffffff"), CpioProblem::Truncated);
    // LINUX: a field is read as far as it is hexadecimal.
    EXPECT_EQ(problem_with(6, "0000000g"), CpioProblem::None);
    EXPECT_EQ(problem_with(6, "-0000001"), CpioProblem::None);
    EXPECT_EQ(problem_with(94, "0x000005"), CpioProblem::None);
    EXPECT_EQ(problem_with(111, {"\0", 1}), CpioProblem::None) << "a name ends at its first NUL";
    ArchiveBuilder unaligned;
    unaligned.add({.name = "a"}).trailer().append({"\0", 1}).add({.name = "b"});
    EXPECT_EQ(failure_of(unaligned.bytes).problem, CpioProblem::BadPadding);
}

TEST(cpio, passes_over_what_linux_makes_nothing_of) {
    CpioFailure failure;
    const auto names_with = [&](const test::ArchiveEntry& entry) {
        ArchiveBuilder archive;
        archive.add(entry).add({.name = "next"}).trailer();
        return names_of(archive.bytes, failure);
    };
    EXPECT_EQ(names_with({.name = std::string(4095, 'n')}).size(), 2U);
    EXPECT_EQ(names_with({.name = std::string(4096, 'n')}), (Names{"next"}));
    EXPECT_EQ(names_with({.name = "l", .mode = 0120777, .data = std::string(4096, 't')}).size(), 2U);
    EXPECT_EQ(names_with({.name = "l", .mode = 0120777, .data = std::string(4097, 't')}), (Names{"next"}));
    EXPECT_EQ(names_with({.name = "d", .mode = 040755, .data = "data"}), (Names{"next"}));
    EXPECT_EQ(names_with({.name = "", .data = "data"}), (Names{"next"}));
    EXPECT_EQ(failure.problem, CpioProblem::None);
    ArchiveBuilder archive;
    archive.add({.name = "nameless"}).add({.name = "next"}).trailer();
    std::ranges::copy(std::string_view("00000000"), archive.bytes.begin() + 94);
    EXPECT_EQ(failure_of(archive.bytes).problem, CpioProblem::BadMagic)
        << "the name stands where a header should";
}

TEST(cpio, texts_end_at_their_first_nul) {
    using namespace std::string_literals;
    ArchiveBuilder archive;
    archive.add({.name = "padded\0\0\0\0"s})
        .add({.name = "link", .mode = 0120777, .data = "target\0"s})
        .add({.name = "TRAILER!!!\0\0"s});
    MemorySource source(archive.bytes);
    CpioReader reader(source);
    EXPECT_EQ((*MUST(reader.next())).name, "padded");
    EXPECT_EQ((*MUST(reader.next())).target, "target");
    EXPECT_FALSE(MUST(reader.next()).has_value());
    EXPECT_EQ(reader.archive(), 1U);
}

TEST(cpio, verifies_checksums_of_the_crc_format) {
    ArchiveBuilder archive("070702");
    archive.add({.name = "a", .data = "some data"}).add({.name = "d", .mode = 040755}).trailer();
    EXPECT_EQ(failure_of(archive.bytes).problem, CpioProblem::None);
    archive.bytes[113] ^= 1;
    CpioFailure failure;
    EXPECT_EQ(names_of(archive.bytes, failure), Names{"a"}) << "it is noticed behind the file";
    EXPECT_EQ(failure.problem, CpioProblem::BadChecksum);
    EXPECT_TRUE(failure.is_in_content);
    // The other format has a field of that name too, which means nothing.
    ArchiveBuilder other;
    other.add({.name = "a", .data = "some data"}).trailer();
    EXPECT_EQ(failure_of(other.bytes).problem, CpioProblem::None);
}

TEST(cpio, recognises_compressed_archives) {
    using namespace std::string_view_literals;
    const std::pair<std::string_view, CpioProblem> formats[] = {
        {"\x1f\x8b\x08"sv, CpioProblem::CompressedGzip},
        {"BZh91AY"sv, CpioProblem::CompressedBzip2},
        {"\x5d\0\0\x80"sv, CpioProblem::CompressedLzma},
        {"\xfd"
         "7zXZ\0\0"sv,
         CpioProblem::CompressedXz},
        {"\x89LZO"sv, CpioProblem::CompressedLzo},
        {"\x02\x21\x4c\x18"sv, CpioProblem::CompressedLz4},
        {"\x28\xb5\x2f\xfd"sv, CpioProblem::CompressedZstd}};
    CpioFailure failure_inside;
    for (const auto& [magic, problem] : formats) {
        ArchiveBuilder alone;
        alone.append(magic).append("rest");
        EXPECT_EQ(failure_of(alone.bytes).problem, problem);
        // Behind an uncompressed one, as processor microcode is packed; it need not be aligned there.
        ArchiveBuilder second;
        second.add({.name = "a"}).trailer().pad(512).append({"\0", 1}).append(magic);
        const CpioFailure failure = failure_of(second.bytes);
        EXPECT_EQ(failure.problem, problem);
        EXPECT_EQ(failure.offset, 513U);
        MemorySource source(alone.bytes);
        CpioReader reader(source);
        EXPECT_ERROR(Error::Eopnotsupp, reader.next());
        EXPECT_ERROR(Error::Eopnotsupp, reader.next()) << "the same error again";
        EXPECT_TRUE(describe(problem).contains("compress"));
        // LINUX: what compressed data holds is not unpacked again.
        (void)names_of(alone.bytes, failure_inside, true);
        EXPECT_EQ(failure_inside.problem, CpioProblem::BadMagic);
    }
}

TEST(cpio, links_are_recognised_within_one_archive) {
    ArchiveBuilder archive;
    archive.add({.name = "a", .inode = 5, .links = 3})
        .add({.name = "single", .inode = 5, .links = 1})
        .add({.name = "dir", .mode = 040755, .inode = 5, .links = 2})
        .add({.name = "b", .inode = 5, .links = 3})
        .add({.name = "c", .data = "data", .inode = 5, .links = 3})
        .trailer()
        .add({.name = "d", .inode = 5, .links = 2})
        .trailer();
    MemorySource source(archive.bytes);
    CpioReader reader(source);
    CpioLinks links;
    Names seen;
    while (const auto entry = MUST(reader.next())) {
        const auto first = MUST(links.first_name(*entry));
        seen.push_back(std::string(entry->name) + "=" + std::string(first.value_or("")));
    }
    EXPECT_EQ(seen, (Names{"a=", "single=", "dir=", "b=a", "c=a", "d="}));
}

TEST(cpio, links_report_that_memory_is_short) {
    test::for_each_failing_allocation([] {
        CpioLinks links;
        CpioEntry entry;
        entry.name = "a";
        entry.mode = 0100644;
        entry.links = 2;
        const auto first = links.first_name(entry);
        if (!first) EXPECT_EQ(first.error(), Error::Enomem);
        EXPECT_EQ(first ? MUST(links.first_name(entry)).has_value() : false, first.has_value());
    });
}

TEST(cpio, survives_every_mutation) {
    ArchiveBuilder archive("070702");
    archive.add({.name = "file", .data = "data"})
        .add({.name = "link", .mode = 0120777, .data = "file"})
        .trailer();
    test::for_each_mutation(archive.bytes, [](const std::vector<u8>& bytes) {
        EXPECT_LE(failure_of(bytes).offset, bytes.size());
    });
}

}  // namespace
}  // namespace exo::fs
