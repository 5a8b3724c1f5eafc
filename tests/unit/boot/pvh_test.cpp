#include "boot/pvh.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::boot {
namespace {

constexpr u64 START_INFO = 0x1000;
constexpr u64 MODULES = 0x2000;
constexpr u64 COMMAND_LINE = 0x2ffa;  // across a page boundary
constexpr u64 MEMORY_MAP = 0x4000;

HvmStartInfo start_info() {
    return {HvmStartInfo::MAGIC, 1, 0, 1, MODULES, COMMAND_LINE, 0xf5a0, MEMORY_MAP, 4, 0};
}

void place_info(test::FakeMemory& memory, const HvmStartInfo& info) {
    memory.place(START_INFO, test::TableBuilder().add(info).bytes);
}

/// As qboot leaves it, with an empty entry of type 0 at the end.
test::FakeMemory machine() {
    test::FakeMemory memory;
    place_info(memory, start_info());
    memory.place(MODULES, test::TableBuilder().add(HvmModule{0x1000000, 0x123456, 0, 0}).bytes);
    memory.place(COMMAND_LINE, test::TableBuilder().text("console=ttyS0").zeros(1).bytes);
    memory.place(MEMORY_MAP, test::TableBuilder()
                                 .add(HvmMemoryMapEntry{0, 0x9fc00, 1, 0})
                                 .add(HvmMemoryMapEntry{0x9fc00, 0x400, 2, 0})
                                 .add(HvmMemoryMapEntry{0x100000, 0x7f00000, 1, 0})
                                 .add(HvmMemoryMapEntry{0, 0, 0, 0})
                                 .bytes);
    return memory;
}

Result<std::unique_ptr<BootInformation>> parse(const PhysicalReader& memory) {
    auto information = std::make_unique<BootInformation>();
    TRY(read_pvh(memory, START_INFO, *information));
    return information;
}

TEST(pvh, reads_all_that_is_handed_over) {
    const test::FakeMemory memory = machine();
    const auto information = MUST(parse(memory));
    EXPECT_EQ(information->protocol, BootProtocol::Pvh);
    EXPECT_EQ(information->rsdp, 0xf5a0U);
    EXPECT_EQ(information->command_line, "console=ttyS0");
    ASSERT_EQ(information->modules.size(), 1U);
    EXPECT_EQ(information->modules[0], (PhysicalRange{0x1000000, 0x1123456}));
    ASSERT_EQ(information->memory.ranges().size(), 3U);
    EXPECT_EQ(information->memory.total(MemoryKind::Usable), 0x9f000U + 0x7f00000U);
}

TEST(pvh, version_0_ends_before_the_memory_map) {
    test::FakeMemory memory = machine();
    HvmStartInfo info = start_info();
    info.version = 0;
    place_info(memory, info);
    memory.at(START_INFO).resize(40);
    const auto information = MUST(parse(memory));
    EXPECT_TRUE(information->memory.is_empty());
    EXPECT_EQ(information->modules.size(), 1U);
}

TEST(pvh, refuses_bad_structures) {
    const auto error_with = [](auto change) {
        test::FakeMemory memory = machine();
        HvmStartInfo info = start_info();
        change(info, memory);
        place_info(memory, info);
        const auto result = parse(memory);
        return result ? Error{} : result.error();
    };
    EXPECT_EQ(error_with([](auto& info, auto&) { info.magic++; }), Error::Einval);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.module_count = UINT32_MAX; }), Error::Enospc);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.module_count = 2; }), Error::Efault);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.module_list = UINT64_MAX - 8; }), Error::Efault);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.command_line = 0xdead0000; }), Error::Efault);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.memory_map_entries = UINT32_MAX; }), Error::Enospc);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.memory_map_entries = 5; }), Error::Efault);
    EXPECT_EQ(error_with([](auto& info, auto&) { info.command_line = 0; }), Error{});
    EXPECT_EQ(error_with([](auto&, auto& memory) {
                  memory.at(MODULES) = test::TableBuilder().add(HvmModule{UINT64_MAX, 2, 0, 0}).bytes;
              }),
              Error::Einval);
    EXPECT_EQ(error_with([](auto&, auto& memory) { memory.at(COMMAND_LINE).pop_back(); }), Error::Efault);
    EXPECT_EQ(error_with([](auto& info, auto& memory) {
                  info.command_line = 0x100000;
                  memory.place(0x100000, std::vector<u8>(100'000, 'x'));
              }),
              Error::Einval);
}

TEST(pvh, survives_every_mutation) {
    for (const u64 island : {START_INFO, MODULES, MEMORY_MAP}) {
        test::FakeMemory memory = machine();
        test::for_each_mutation(memory.at(island), [&](std::vector<u8> bytes) {
            memory.place(island, std::move(bytes));
            (void)parse(memory);
        });
    }
}

TEST(physical_reader, text_may_end_right_before_a_hole) {
    test::FakeMemory memory;
    memory.place(0xff0, test::TableBuilder().text("fifteen letters").zeros(1).bytes);
    EXPECT_EQ(MUST(read_text(memory, 0xff0, 100)), "fifteen letters");
    EXPECT_EQ(MUST(read_text(memory, 0xfff, 100)), "");
    EXPECT_ERROR(Error::Einval, read_text(memory, 0xff0, 15));
    EXPECT_ERROR(Error::Efault, read_text(memory, UINT64_MAX, 100));
}

}  // namespace
}  // namespace exo::boot
