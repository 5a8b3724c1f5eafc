#include "fs/cpio.hpp"

#include <gtest/gtest.h>

#include "cpio/archive.hpp"
#include "support/failing_allocations.hpp"
#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::fs {
namespace {

using test::ArchiveBuilder;

/// Reads all entries' names; the failure, if any, is in `failure`.
std::vector<std::string> names_of(const std::vector<u8>& image, CpioFailure& failure) {
    std::vector<std::string> names;
    CpioReader reader{image};
    for (;;) {
        const auto entry = reader.next();
        failure = reader.failure();
        if (!entry || !*entry) return names;
        names.emplace_back((*entry)->name);
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
    CpioReader reader{archive.bytes};
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
    EXPECT_EQ(as_text(file.data), "hello");
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

TEST(cpio, says_where_an_archive_is_cut_off) {
    ArchiveBuilder archive;
    archive.add({.name = "file", .data = "12345"}).add({.name = "other"}).trailer();
    const usize first = 116 + 8;
    const usize second = first + 116;
    for (usize length = 1; length < archive.bytes.size() - 3; ++length) {
        const std::vector<u8> cut(archive.bytes.begin(), archive.bytes.begin() + static_cast<isize>(length));
        const CpioFailure failure = failure_of(cut);
        if (length < 6) {
            EXPECT_EQ(failure.problem, CpioProblem::BadMagic) << length;
        } else if (length == second) {
            EXPECT_EQ(failure.problem, CpioProblem::NoTrailer) << length;
        } else if (length >= first - 3 && length <= first) {
            EXPECT_EQ(failure.problem, CpioProblem::NoTrailer) << length;
        } else if (length != second - 1) {
            EXPECT_EQ(failure.problem, CpioProblem::Truncated) << length;
        }
        EXPECT_LE(failure.offset, length);
    }
}

TEST(cpio, refuses_malformed_entries_at_their_offset) {
    const auto problem_with = [](usize offset, std::string_view replacement) {
        ArchiveBuilder archive;
        archive.add({.name = "x"}).add({.name = "name", .data = "data"}).trailer();
        std::ranges::copy(replacement, archive.bytes.begin() + 112 + static_cast<isize>(offset));
        const CpioFailure failure = failure_of(archive.bytes);
        EXPECT_TRUE(failure.problem == CpioProblem::None || failure.offset == 112) << failure.offset;
        return failure.problem;
    };
    EXPECT_EQ(problem_with(0, "070701"), CpioProblem::None);
    EXPECT_EQ(problem_with(0, "070703"), CpioProblem::BadMagic);
    EXPECT_EQ(problem_with(0, "070707"), CpioProblem::OldFormat);
    EXPECT_EQ(problem_with(0, "\xc7\x71"), CpioProblem::OldFormat);
    EXPECT_EQ(problem_with(6, "0000000g"), CpioProblem::BadNumber);
    EXPECT_EQ(problem_with(6, "0000 001"), CpioProblem::BadNumber);
    EXPECT_EQ(problem_with(6, "-0000001"), CpioProblem::BadNumber);
    EXPECT_EQ(problem_with(94, "00000000"), CpioProblem::BadName);
    EXPECT_EQ(problem_with(94, "00000001"), CpioProblem::BadName);
    EXPECT_EQ(problem_with(94, "00000004"), CpioProblem::BadName);
    EXPECT_EQ(problem_with(94, "00001001"), CpioProblem::NameTooLong);
    EXPECT_EQ(problem_with(94, "ffffffff"), CpioProblem::NameTooLong);
    EXPECT_EQ(problem_with(94, "00001000"), CpioProblem::Truncated);
    EXPECT_EQ(problem_with(54, "ffffffff"), CpioProblem::Truncated);
    EXPECT_EQ(problem_with(111, {"\0", 1}), CpioProblem::BadName);
}

TEST(cpio, bounds_names_and_links) {
    ArchiveBuilder fits;
    fits.add({.name = std::string(4095, 'n')})
        .add({.name = "l", .mode = 0120777, .data = std::string(4095, 't')})
        .trailer();
    EXPECT_EQ(failure_of(fits.bytes).problem, CpioProblem::None);
    ArchiveBuilder name;
    name.add({.name = std::string(4096, 'n')}).trailer();
    EXPECT_EQ(failure_of(name.bytes).problem, CpioProblem::NameTooLong);
    ArchiveBuilder link;
    link.add({.name = "l", .mode = 0120777, .data = std::string(4096, 't')}).trailer();
    EXPECT_EQ(failure_of(link.bytes).problem, CpioProblem::LinkTooLong);
}

TEST(cpio, verifies_checksums_of_the_crc_format) {
    ArchiveBuilder archive("070702");
    archive.add({.name = "a", .data = "some data"}).add({.name = "d", .mode = 040755}).trailer();
    EXPECT_EQ(failure_of(archive.bytes).problem, CpioProblem::None);
    archive.bytes[113] ^= 1;
    EXPECT_EQ(failure_of(archive.bytes).problem, CpioProblem::BadChecksum);
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
        CpioReader reader{alone.bytes};
        EXPECT_ERROR(Error::Eopnotsupp, reader.next());
        EXPECT_ERROR(Error::Eopnotsupp, reader.next()) << "the same error again";
        EXPECT_TRUE(describe(problem).contains("compressed"));
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
    CpioReader reader{archive.bytes};
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
