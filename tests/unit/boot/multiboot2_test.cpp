#include "boot/multiboot2.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::boot {
namespace {

constexpr u64 ADDRESS = 0x8000;

class InformationBuilder {
  public:
    InformationBuilder() { table_.zeros(8); }
    InformationBuilder& tag(u32 type, const std::vector<u8>& body) {
        table_.align(8).add(type).add(static_cast<u32>(8 + body.size())).bytes_of(body);
        return *this;
    }
    std::vector<u8> finish() {
        tag(0, {});
        return table_.put(0, static_cast<u32>(table_.bytes.size())).bytes;
    }

  private:
    test::TableBuilder table_;
};

std::vector<u8> memory_map(u32 entry_size) {
    test::TableBuilder body;
    body.add(entry_size).add(u32{0});
    for (const auto& [start, length, type] : {std::tuple{0x0ULL, 0x9fc00ULL, 1U},
                                              {0x100000ULL, 0x1000000ULL, 1U},
                                              {0xfffc0000ULL, 0x40000ULL, 2U}})
        body.add(u64{start}).add(u64{length}).add(type).add(u32{0}).zeros(entry_size - 24);
    return body.bytes;
}

std::vector<u8> example() {
    return InformationBuilder()
        .tag(1, test::TableBuilder().text("quiet console=ttyS0").zeros(1).bytes)
        .tag(2, test::TableBuilder().text("GRUB").zeros(1).bytes)
        .tag(3, test::TableBuilder().add(u32{0x200000}).add(u32{0x212345}).text("initrd").zeros(1).bytes)
        .tag(3, test::TableBuilder().add(u32{0x300000}).add(u32{0x300000}).zeros(1).bytes)
        .tag(6, memory_map(24))
        .tag(14, test::TableBuilder().text("RSD PTR ").zeros(12).bytes)
        .tag(15, test::TableBuilder().text("RSD PTR ").zeros(28).bytes)
        .finish();
}

Result<std::unique_ptr<BootInformation>> parse(std::vector<u8> bytes) {
    static test::FakeMemory memory;
    memory.place(ADDRESS, std::move(bytes));
    auto information = std::make_unique<BootInformation>();
    TRY(read_multiboot2(memory, ADDRESS, *information));
    return information;
}

TEST(multiboot2, reads_all_that_is_handed_over) {
    const std::vector<u8> bytes = example();
    const auto information = MUST(parse(bytes));
    EXPECT_EQ(information->protocol, BootProtocol::Multiboot2);
    EXPECT_EQ(information->command_line, "quiet console=ttyS0");
    ASSERT_EQ(information->modules.size(), 1U) << "an empty module is none";
    EXPECT_EQ(information->modules[0], (PhysicalRange{0x200000, 0x212345}));
    EXPECT_EQ(information->memory.total(MemoryKind::Usable), 0x9f000U + 0x1000000U);
    // The copy of ACPI 2.0's pointer is preferred; it stands before the end tag.
    EXPECT_EQ(information->rsdp, ADDRESS + bytes.size() - 8 - 4 - 36);
}

TEST(multiboot2, takes_the_old_rsdp_and_longer_memory_entries) {
    const auto information = MUST(parse(InformationBuilder()
                                            .tag(14, test::TableBuilder().text("RSD PTR ").zeros(12).bytes)
                                            .tag(6, memory_map(40))
                                            .finish()));
    EXPECT_EQ(information->rsdp, ADDRESS + 16);
    EXPECT_EQ(information->memory.ranges().size(), 3U);
}

TEST(multiboot2, refuses_bad_tags) {
    EXPECT_ERROR(Error::Einval, parse(InformationBuilder().tag(1, {'x'}).finish()));
    EXPECT_ERROR(Error::Einval, parse(InformationBuilder().tag(3, {1, 2, 3}).finish()));
    EXPECT_ERROR(Error::Einval,
                 parse(InformationBuilder()
                           .tag(6, test::TableBuilder().add(u32{0}).add(u32{0}).zeros(24).bytes)
                           .finish()));
    EXPECT_ERROR(Error::Einval,
                 parse(InformationBuilder()
                           .tag(6, test::TableBuilder().add(u32{24}).add(u32{0}).zeros(30).bytes)
                           .finish()));
    EXPECT_ERROR(Error::Einval, parse(InformationBuilder().tag(14, {1}).finish()));
    EXPECT_ERROR(Error::Einval, parse(InformationBuilder().tag(15, std::vector<u8>(35)).finish()));
    EXPECT_ERROR(Error::Einval,
                 parse(test::TableBuilder().add(u32{16}).add(u32{0}).add(u32{1}).add(u32{0}).bytes));
    EXPECT_ERROR(Error::Einval, parse(test::TableBuilder().add(u32{4}).add(u32{0}).bytes));
    EXPECT_ERROR(Error::Einval, parse(test::TableBuilder().add(UINT32_MAX).add(u32{0}).bytes));
    EXPECT_ERROR(Error::Efault, parse(test::TableBuilder().add(u32{64}).add(u32{0}).bytes));
    EXPECT_ERROR(Error::Efault, parse({}));
    EXPECT_ERROR(Error::Einval, parse(test::TableBuilder().add(u32{8}).add(u32{0}).bytes)) << "no end tag";
}

TEST(multiboot2, survives_every_mutation) {
    test::for_each_mutation(example(), [](std::vector<u8> bytes) { (void)parse(std::move(bytes)); });
}

}  // namespace
}  // namespace exo::boot
