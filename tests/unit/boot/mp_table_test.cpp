#include "boot/firmware/mp_table.hpp"

#include <gtest/gtest.h>

#include "boot/tables.hpp"
#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::boot {
namespace {

using namespace test;

constexpr u64 WHERE = 0x9fc00;

Result<InterruptTopology> parse(std::vector<u8> bytes) {
    FakeMemory memory;
    memory.place(WHERE, std::move(bytes));
    InterruptTopology topology;
    TRY(read_mp_table(memory, WHERE, topology));
    return topology;
}

TEST(mp_table, is_walked_by_its_length_not_its_count) {
    for (const u16 count : std::initializer_list<u16>{0, 12, 60000}) {
        const InterruptTopology topology = MUST(parse(make_mp_table(WHERE, example_mp_entries(), count)));
        ASSERT_EQ(topology.local_apics.size(), 2U);
        EXPECT_EQ(topology.local_apics[1].apic_id, 1U);
        ASSERT_EQ(topology.io_apics.size(), 1U);
        EXPECT_EQ(topology.io_apics[0].address, 0xfec00000U);
        ASSERT_EQ(topology.overrides.size(), 2U) << "only what differs from the default, only of ISA buses";
        EXPECT_EQ(topology.find_override(0)->global_interrupt, 2U);
        EXPECT_EQ(topology.find_override(5)->polarity, Polarity::ActiveHigh);
        EXPECT_EQ(topology.find_override(5)->trigger, Trigger::Level);
    }
}

TEST(mp_table, is_found_in_each_of_its_places) {
    const std::vector<u8> table = make_mp_table(0, {}, 0);
    const auto found_at = [&](u64 base, usize offset, u16 ebda_segment, u16 base_kib) {
        FakeMemory memory;
        memory.place(0x400,
                     TableBuilder().zeros(14).add(ebda_segment).zeros(3).add(base_kib).zeros(0x80).bytes);
        memory.place(base, TableBuilder().zeros(offset).bytes_of(table).align(0x400).bytes);
        return find_mp_table(memory);
    };
    EXPECT_EQ(MUST(found_at(0x9fc00, 0, 0, 0)), 0x9fc00U);
    EXPECT_EQ(MUST(found_at(0x9f800, 16, 0, 639)), 0x9f810U);
    EXPECT_EQ(MUST(found_at(0x80000, 0x100, 0x8000, 0)), 0x80100U);
    EXPECT_EQ(MUST(found_at(0xf0000, 0x20, 0, 0)), 0xf0020U);
    EXPECT_ERROR(Error::Enoent, found_at(0x200000, 0, 0, 0));
}

TEST(mp_table, refuses_bad_tables) {
    std::vector<u8> bad = make_mp_table(WHERE, example_mp_entries(), 0);
    bad[16 + 44] ^= 1;
    EXPECT_ERROR(Error::Einval, parse(bad));
    EXPECT_ERROR(Error::Einval, parse(make_mp_table(WHERE, {99, 0, 0, 0, 0, 0, 0, 0}, 1)));
    EXPECT_ERROR(Error::Einval, parse(make_mp_table(WHERE, {0, 0, 0}, 1)));
    EXPECT_ERROR(Error::Efault, parse({}));
    // A default configuration, and a pointer without a table.
    TableBuilder pointer{make_mp_table(WHERE, {}, 0)};
    EXPECT_ERROR(Error::Enodata, parse(TableBuilder(pointer).put(11, u8{5}).checksum(10, 16).bytes));
    EXPECT_ERROR(Error::Enodata, parse(TableBuilder(pointer).put(4, u32{0}).checksum(10, 16).bytes));
}

TEST(mp_table, survives_every_mutation) {
    for_each_mutation(make_mp_table(WHERE, example_mp_entries(), 0), [](std::vector<u8> bytes) {
        TableBuilder table{std::move(bytes)};
        (void)parse(table.bytes);
        // And with right checksums, so that what lies behind them is reached.
        if (table.bytes.size() < 16 + 44) return;
        table.checksum(10, 16);
        const u8 sum = byte_sum({table.bytes.data() + 16, table.bytes.size() - 16});
        table.bytes[16 + 7] = static_cast<u8>(table.bytes[16 + 7] - sum);
        (void)parse(table.bytes);
    });
}

}  // namespace
}  // namespace exo::boot
