#include "boot/firmware/acpi.hpp"

#include <gtest/gtest.h>

#include "boot/firmware/fadt.hpp"
#include "boot/firmware/hpet.hpp"
#include "boot/firmware/madt.hpp"
#include "boot/tables.hpp"
#include "support/fake_memory.hpp"
#include "support/must.hpp"

namespace exo::boot {
namespace {

using namespace test;

constexpr u64 RSDP = 0xe1230;
constexpr u64 ROOT = 0x7fe0000;
constexpr u64 MADT = 0x7fe1000;
constexpr u64 HPET = 0x7fe2000;

enum class Revision { One, Two };

FakeMemory machine(Revision revision) {
    FakeMemory memory;
    std::vector<u8> bios(0x20000);
    const std::vector<u8> rsdp = make_rsdp(revision == Revision::Two ? 2 : 0, ROOT);
    std::ranges::copy(rsdp, bios.begin() + (RSDP - 0xe0000));
    memory.place(0xe0000, bios);
    memory.place(0x400, std::vector<u8>(0x100));
    TableBuilder list;
    for (const u64 address : {u64{0}, u64{0x12345678}, MADT, HPET}) {
        if (revision == Revision::Two)
            list.add(address);
        else
            list.add(static_cast<u32>(address));
    }
    memory.place(ROOT, make_table(revision == Revision::Two ? "XSDT" : "RSDT", list.bytes));
    memory.place(MADT, make_table("APIC", example_madt_body()));
    memory.place(HPET, make_table("HPET", example_hpet_body()));
    return memory;
}

TEST(acpi, finds_tables_through_both_roots) {
    for (const Revision revision : {Revision::One, Revision::Two}) {
        const FakeMemory memory = machine(revision);
        EXPECT_EQ(MUST(find_rsdp(memory)), RSDP);
        const AcpiTables tables = MUST(AcpiTables::open(memory, RSDP));
        EXPECT_EQ(tables.count(), 4U);
        EXPECT_EQ(MUST(tables.find({'H', 'P', 'E', 'T'})).size(), 56U);
        EXPECT_ERROR(Error::Enoent, tables.find({'F', 'A', 'C', 'P'}));
    }
}

TEST(acpi, finds_the_rsdp_in_the_ebda) {
    FakeMemory memory;
    memory.place(0x400, TableBuilder().zeros(14).add(u16{0x9fc0}).zeros(0xf0).bytes);
    memory.place(0x9fc00, TableBuilder().zeros(0x3d0).bytes_of(make_rsdp(0, ROOT)).zeros(0x1c).bytes);
    EXPECT_EQ(MUST(find_rsdp(memory)), 0x9fc00U + 0x3d0);
    memory.at(0x9fc00)[0x3d0 + 9] ^= 1;
    EXPECT_ERROR(Error::Enoent, find_rsdp(memory));
}

TEST(acpi, refuses_bad_checksums_and_lengths) {
    FakeMemory memory = machine(Revision::Two);
    memory.at(MADT)[50] ^= 1;
    const AcpiTables tables = MUST(AcpiTables::open(memory, RSDP));
    EXPECT_ERROR(Error::Enoent, tables.find({'A', 'P', 'I', 'C'}));
    memory.at(ROOT)[8] ^= 1;
    EXPECT_FALSE(AcpiTables::open(memory, RSDP).has_value());
    EXPECT_ERROR(Error::Efault, AcpiTables::open(memory, 0x50000000));
    EXPECT_ERROR(Error::Einval, AcpiTables::open(memory, MADT));
    EXPECT_FALSE(read_acpi_table(memory, UINT64_MAX - 4, {'A', 'P', 'I', 'C'}).has_value());
}

TEST(acpi, survives_every_mutation) {
    for (const u64 island : {ROOT, MADT, HPET}) {
        FakeMemory memory = machine(Revision::Two);
        for_each_mutation(memory.at(island), [&](std::vector<u8> bytes) {
            // With a right checksum, so that what lies behind it is reached.
            TableBuilder table{std::move(bytes)};
            if (table.bytes.size() >= 36) table.checksum(9, table.bytes.size());
            memory.place(island, std::move(table.bytes));
            const auto tables = AcpiTables::open(memory, RSDP);
            if (!tables) return;
            InterruptTopology topology;
            if (const auto madt = tables->find({'A', 'P', 'I', 'C'})) (void)read_madt(*madt, topology);
            if (const auto hpet = tables->find({'H', 'P', 'E', 'T'})) (void)read_hpet(*hpet);
        });
    }
}

TEST(madt, lists_processors_and_controllers) {
    InterruptTopology topology;
    MUST(read_madt(make_table("APIC", example_madt_body()), topology));
    EXPECT_EQ(topology.local_apic_address, 0xfee01000U);
    EXPECT_TRUE(topology.has_legacy_pic);
    ASSERT_EQ(topology.local_apics.size(), 3U) << "a disabled one and a second mention do not count";
    EXPECT_EQ(topology.local_apics[0].apic_id, 0U);
    EXPECT_EQ(topology.local_apics[1].apic_id, 1U);
    EXPECT_EQ(topology.local_apics[1].status, LocalApic::Status::OnlineCapable);
    EXPECT_EQ(topology.local_apics[2].apic_id, 0x1234U);
    ASSERT_EQ(topology.io_apics.size(), 1U);
    EXPECT_EQ(topology.io_apics[0].address, 0xfec00000U);
    const InterruptOverride* timer = topology.find_override(0);
    ASSERT_NE(timer, nullptr);
    EXPECT_EQ(timer->global_interrupt, 2U);
    EXPECT_EQ(timer->polarity, Polarity::BusDefault);
    const InterruptOverride* sci = topology.find_override(9);
    ASSERT_NE(sci, nullptr);
    EXPECT_EQ(sci->polarity, Polarity::ActiveLow);
    EXPECT_EQ(sci->trigger, Trigger::Level);
    EXPECT_EQ(topology.find_override(5), nullptr);
}

TEST(madt, refuses_entries_that_do_not_fit) {
    const auto with = [](std::vector<u8> entry) {
        InterruptTopology topology;
        return read_madt(make_table("APIC", TableBuilder().zeros(8).bytes_of(entry).bytes), topology);
    };
    EXPECT_ERROR(Error::Einval, with({0, 0}));
    EXPECT_ERROR(Error::Einval, with({0, 1}));
    EXPECT_ERROR(Error::Einval, with({0}));
    EXPECT_ERROR(Error::Einval, with({0, 8, 0, 0}));
    for (const u8 type : std::initializer_list<u8>{0, 1, 2, 5, 9})
        EXPECT_ERROR(Error::Einval, with({type, 4, 0, 0}));
    MUST(with({77, 4, 0, 0}));
    TableBuilder many;
    for (int i = 0; i < 100; ++i) many.add(u8{1}).add(u8{12}).zeros(10);
    EXPECT_ERROR(Error::Enospc, with(many.bytes));
}

TEST(hpet, says_where_it_is) {
    const Hpet hpet = MUST(read_hpet(make_table("HPET", example_hpet_body())));
    EXPECT_EQ(hpet.address, 0xfed00000U);
    EXPECT_TRUE(hpet.has_64_bit_counter);
    EXPECT_EQ(hpet.comparators, 3U);
    std::vector<u8> body = example_hpet_body();
    body[4] = 1;
    EXPECT_ERROR(Error::Einval, read_hpet(make_table("HPET", body)));
    EXPECT_ERROR(Error::Einval, read_hpet(make_table("HPET", {})));
}

TEST(fadt, reads_old_and_new_fields) {
    const Fadt old = MUST(read_fadt(make_table("FACP", example_fadt_body(116))));
    EXPECT_EQ(old.pm_timer, 0x608);
    EXPECT_EQ(old.pm_timer_mask, UINT32_MAX);
    EXPECT_EQ(old.pm1a_control, 0x604);
    EXPECT_EQ(old.pm1b_control, 0);
    EXPECT_EQ(old.sci_interrupt, 9);
    EXPECT_EQ(old.smi_command, 0xb2U);
    EXPECT_EQ(old.acpi_enable, 2);
    EXPECT_EQ(old.century_register, 0x32);
    EXPECT_EQ(old.dsdt, 0x7fe5000U);
    EXPECT_FALSE(old.reset_register.is_present());

    const Fadt current = MUST(read_fadt(make_table("FACP", example_fadt_body(276))));
    EXPECT_EQ(current.pm1a_control, 0x704) << "the extended field wins";
    EXPECT_EQ(current.reset_register.address, 0xcf9U);
    EXPECT_EQ(current.reset_value, 0x0f);
    EXPECT_EQ(current.dsdt, 0x17fe5000U);
    EXPECT_ERROR(Error::Einval, read_fadt(make_table("FACP", example_fadt_body(100))));
}

TEST(fadt, of_hardware_reduced_machines_has_a_sleep_register) {
    const std::vector<u8> body = TableBuilder{example_fadt_body(276)}.put(112 - 36, u32{1U << 20}).bytes;
    const Fadt fadt = MUST(read_fadt(make_table("FACP", body)));
    EXPECT_TRUE(fadt.is_hardware_reduced);
    EXPECT_EQ(fadt.pm_timer, 0);
    EXPECT_EQ(fadt.sleep_control.address, 0x0cafeU);
}

TEST(fadt, survives_every_mutation) {
    for_each_mutation(make_table("FACP", example_fadt_body(276)),
                      [](const std::vector<u8>& bytes) { (void)read_fadt(bytes); });
}

std::optional<SleepType> s5_of(std::string_view aml) {
    return find_s5_sleep_type(make_table("DSDT", TableBuilder().text(aml).bytes));
}

TEST(sleep_type, is_found_in_the_s5_package) {
    using namespace std::string_view_literals;
    const auto i440fx = s5_of("xx\x08_S5_\x12\x06\x04\x00\x00\x00\x00"sv);
    ASSERT_TRUE(i440fx.has_value());
    EXPECT_EQ(i440fx->a, 0);
    const auto bytes = s5_of("\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00"sv);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(bytes->a, 5);
    EXPECT_EQ(bytes->b, 7);
    const auto words = s5_of("\x08_S5_\x12\x48\x01\x02\x0b\x01\x00\x0c\x06\x00\x00\x00"sv);
    ASSERT_TRUE(words.has_value());
    EXPECT_EQ(words->a, 1);
    EXPECT_EQ(words->b, 6);
    // A mention in an expression is passed over; the definition is found behind it.
    EXPECT_TRUE(s5_of("_S5_ \x08_S5_\x12\x06\x01\x01"sv).has_value());
    EXPECT_FALSE(s5_of("\x08_S5_\x12\x06\x02\x0a\x09\x00"sv).has_value()) << "only three bits";
    EXPECT_FALSE(s5_of("\x08_S5_"sv).has_value());
    EXPECT_FALSE(s5_of("\x08_S5_\x12"sv).has_value());
    EXPECT_FALSE(s5_of("\x08_S5_\x12\xc6\x04"sv).has_value());
    EXPECT_FALSE(s5_of(""sv).has_value());
    EXPECT_FALSE(find_s5_sleep_type({}).has_value());
}

}  // namespace
}  // namespace exo::boot
