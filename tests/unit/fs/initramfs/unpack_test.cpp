// What unpacking leaves in the root file system, and what it reports.
#include "fs/initramfs/initramfs.hpp"
#include "fs/machine.hpp"
#include "support/failing_allocations.hpp"

namespace exo::fs {
namespace {

using test::FsMachine;

/// A newc archive.
class Archive {
  public:
    Archive& add(std::string_view name, u32 mode, std::string_view data = {}, u32 inode = 0, u32 links = 1,
                 abi::DeviceNumber device = {}) {
        char header[111];
        std::snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
                      inode, mode, 7U, 8U, links, 1'000'000U, static_cast<unsigned>(data.size()), 0U, 1U,
                      device.major, device.minor, static_cast<unsigned>(name.size() + 1), 0U);
        bytes.append(header, 110).append(name).push_back('\0');
        pad();
        bytes.append(data);
        pad();
        return *this;
    }
    Archive& end() { return add("TRAILER!!!", 0); }
    void pad() { bytes.resize(align_up(bytes.size(), 4)); }
    std::string bytes;
};

TEST(initramfs, unpacks_everything) {
    Archive archive;
    archive.add(".", 040750)
        .add("bin", 040755)
        .add("bin/busybox", 0104755, std::string(9000, 'B'))
        .add("bin/sh", 0120777, "busybox")
        .add("one", 0100600, "", 33, 2)
        .add("two", 0100600, "linked", 33, 2)
        .add("dev", 040755)
        .add("dev/console", 020600, "", 0, 1, {5, 1})
        .add("pipe", 010644)
        .add("missing/file", 0100644, "x")
        .end();
    archive.bytes.resize(align_up(archive.bytes.size(), 512));
    archive.add("bin/sh", 0100755, "a real shell").add("one", 0100644, "later").end();

    const FsMachine machine;
    auto memory = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    InitramfsReport report;
    MUST(unpack_initramfs(memory, machine.context->root(), report));
    EXPECT_EQ(report.entries, 12U);
    EXPECT_EQ(MUST(machine.content("/bin/busybox")), std::string(9000, 'B'));
    const Path busybox = MUST(machine.find("/bin/busybox"));
    EXPECT_EQ(busybox.inode().mode(), 0104755U);
    EXPECT_EQ(busybox.inode().uid(), 7U);
    EXPECT_EQ(busybox.inode().gid(), 8U);
    EXPECT_EQ(busybox.inode().times().modification, (Timestamp{1'000'000, 0}));
    EXPECT_EQ(MUST(machine.find("/")).inode().mode(), 040750U);
    EXPECT_EQ(MUST(machine.find("/bin")).inode().times().modification, (Timestamp{1'000'000, 0}))
        << "although files were made in it afterwards";
    EXPECT_EQ(MUST(machine.content("/bin/sh")), "a real shell");
    EXPECT_EQ(MUST(machine.content("/two")), "later") << "the later archive writes into the same file";
    EXPECT_EQ(MUST(machine.find("/two")).inode().links(), 2U);
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_TRUE(abi::is_fifo(MUST(machine.find("/pipe")).inode().mode()));
    EXPECT_ERROR(Error::Enoent, machine.find("/missing"));

    archive.bytes += "rubbish";
    auto bad = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    EXPECT_ERROR(Error::Einval, unpack_initramfs(bad, machine.context->root(), report));
    EXPECT_NE(report.failure.problem, CpioProblem::None);
}

TEST(initramfs, built_in_nodes_give_way_to_an_archive) {
    const FsMachine machine;
    MUST(make_built_in_nodes(machine.context->root()));
    const Path console = MUST(machine.find("/dev/console"));
    EXPECT_EQ(console.inode().mode(), 020600U);
    EXPECT_EQ(console.inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_EQ(MUST(machine.find("/dev")).inode().mode(), 040755U);
    EXPECT_EQ(MUST(machine.find("/root")).inode().mode(), 040700U);

    Archive archive;
    archive.add("dev", 040711)
        .add("dev/console", 020644, "", 0, 1, {4, 64})
        .add("root", 0100644, "a file")
        .end();
    auto memory = MUST(make_ref<ArchiveMemory>(
        std::span(reinterpret_cast<const u8*>(archive.bytes.data()), archive.bytes.size()), nullptr));
    InitramfsReport report;
    MUST(unpack_initramfs(memory, machine.context->root(), report));
    EXPECT_EQ(MUST(machine.find("/dev")).inode().mode(), 040711U);
    // LINUX: mknod finds a node of that type, which stays the device that it is; its attributes change.
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().device(), (abi::DeviceNumber{5, 1}));
    EXPECT_EQ(MUST(machine.find("/dev/console")).inode().mode(), 020644U);
    EXPECT_EQ(MUST(machine.content("/root")), "a file");
}

/// What unpacking `image` reports, as one line.
std::string unpack(const FsMachine& machine, const std::string& image, InitramfsReport& report) {
    auto memory = MUST(
        make_ref<ArchiveMemory>(std::span(reinterpret_cast<const u8*>(image.data()), image.size()), nullptr));
    (void)unpack_initramfs(memory, machine.context->root(), report);
    return std::string(MUST(explain(report)).view());
}

/// A gzip member of stored blocks, with the right checksum.
std::string gzipped(const std::string& text) {
    const auto little_endian = [](u64 value, usize size) {
        std::string bytes;
        for (usize i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
        return bytes;
    };
    std::string member("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    for (usize at = 0; at < text.size(); at += 60000) {
        const std::string block = text.substr(at, 60000);
        member += at + block.size() == text.size() ? '\1' : '\0';
        member += little_endian(block.size(), 2) + little_endian(~block.size(), 2) + block;
    }
    u32 checksum = ~0U;
    for (const char c : text) {
        checksum ^= static_cast<u8>(c);
        for (int bit = 0; bit < 8; ++bit) checksum = checksum >> 1 ^ ((checksum & 1) != 0 ? 0xedb88320 : 0);
    }
    return member + little_endian(~checksum, 4) + little_endian(text.size(), 4);
}

TEST(initramfs, unpacks_plain_and_gzip_archives_in_any_order) {
    Archive early;
    early.add("early", 0100644, "1").add("linked", 0100644, "both", 7, 2).end();
    Archive main;
    main.add("large", 0104755, std::string(200'000, 'L')).add("one", 0100600, "", 33, 2);
    Archive rest;
    rest.add("two", 0100600, "linked", 33, 2).add("dir", 040755).end();
    Archive last;
    last.add("last", 0100644, "3").end();
    const FsMachine machine;
    InitramfsReport report;
    EXPECT_EQ(unpack(machine,
                     early.bytes + gzipped(main.bytes) + gzipped(rest.bytes) + std::string(9, '\0') +
                         gzipped(last.bytes),
                     report),
              "");
    EXPECT_EQ(report.entries, 7U);
    EXPECT_EQ(MUST(machine.content("/large")), std::string(200'000, 'L'));
    EXPECT_EQ(MUST(machine.find("/large")).inode().mode(), 0104755U);
    EXPECT_EQ(MUST(machine.find("/large")).inode().times().modification, (Timestamp{1'000'000, 0}));
    EXPECT_EQ(MUST(machine.content("/one")), "linked") << "no trailer stands between them";
    EXPECT_EQ(MUST(machine.content("/last")), "3");
}

TEST(initramfs, keeps_what_a_cut_archive_has) {
    Archive archive;
    archive.add("first", 0100644, "1").add("cut\x1b[2J", 0100640, std::string(9000, 'c'));
    const std::string cut = archive.bytes.substr(0, archive.bytes.size() - 5000);
    const std::string zipped = gzipped(archive.bytes);
    const std::string expected = std::string(4000, 'c') + std::string(5000, '\0');
    const std::pair<std::string, std::string> images[] = {
        {cut, "the archive is cut off (byte " + std::to_string(cut.size()) + ", in cut?[2J)"},
        {gzipped(cut),
         "the archive is cut off (byte " + std::to_string(cut.size()) + " of the unpacked data, in cut?[2J)"},
        {zipped.substr(0, zipped.size() - 5008),
         "the gzip data is cut off (byte " + std::to_string(zipped.size() - 5008) + ", in cut?[2J)"}};
    for (const auto& [image, line] : images) {
        const FsMachine machine;
        InitramfsReport report;
        EXPECT_EQ(unpack(machine, image, report), line);
        EXPECT_EQ(MUST(machine.content("/first")), "1");
        EXPECT_TRUE(MUST(machine.content("/cut\x1b[2J")) == expected);
        EXPECT_EQ(MUST(machine.find("/cut\x1b[2J")).inode().mode(), 0100640U);
    }
}

TEST(initramfs, says_what_is_wrong_with_an_image) {
    Archive archive;
    archive.add("file", 0100644, "content").end();
    const auto line_for = [&](const std::string& image) {
        const FsMachine machine;
        InitramfsReport report;
        const std::string line = unpack(machine, image, report);
        EXPECT_EQ(MUST(machine.content("/file")), "content") << "what comes before stays";
        return line;
    };
    std::string zipped = gzipped(archive.bytes);
    const std::string size = std::to_string(zipped.size());
    EXPECT_EQ(line_for(zipped + std::string("\xfd"
                                            "7zXZ\0",
                                            6)),
              "xz is not supported; compress the archive with gzip, or not at all (byte " + size + ")");
    EXPECT_EQ(line_for(zipped + std::string("\x1f\x8b\x08\xff", 4)),
              "the gzip header is malformed (byte " + size + ")");
    EXPECT_EQ(line_for(gzipped(archive.bytes + "rubbish")),
              "this is no cpio archive of the newc format (byte 248 of the unpacked data)");
    zipped.back() = 1;
    EXPECT_EQ(
        line_for(zipped + std::string(align_up(zipped.size(), 4) - zipped.size(), '\0') + archive.bytes),
        "the checksum of the gzip data is wrong (byte " + size + ")")
        << "LINUX: nobody looks at it, and the archive behind it is read";
}

TEST(initramfs, a_full_file_system_ends_it) {
    Archive archive;
    archive.add("first", 0100644, "1")
        .add("large", 0100644, std::string(300'000, 'L'))
        .add("never", 040755)
        .end();
    const FsMachine machine({.max_bytes = 40 * PAGE_SIZE, .mode = 0755});
    InitramfsReport report;
    EXPECT_EQ(unpack(machine, gzipped(archive.bytes), report),
              "the root file system is full (byte 120 of the unpacked data, in large)");
    EXPECT_EQ(MUST(machine.content("/first")), "1");
    EXPECT_ERROR(Error::Enoent, machine.find("/never"));
}

TEST(initramfs, reports_that_memory_is_short) {
    Archive archive;
    archive.add("dir", 040755).add("one", 0100644, "", 5, 2).add("two", 0100644, "2", 5, 2).end();
    const std::string image = archive.bytes + gzipped(archive.bytes);
    for (usize nth = 1;; ++nth) {
        const FsMachine machine;
        auto memory = MUST(make_ref<ArchiveMemory>(
            std::span(reinterpret_cast<const u8*>(image.data()), image.size()), nullptr));
        InitramfsReport report;
        const test::FailingAllocations failing(nth);
        const Result<> unpacked = unpack_initramfs(memory, machine.context->root(), report);
        if (!unpacked) EXPECT_EQ(unpacked.error(), Error::Enomem);
        if (!failing.has_failed()) break;
    }
}

}  // namespace
}  // namespace exo::fs
