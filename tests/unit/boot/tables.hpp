// Examples of ACPI and MP tables, as firmware writes them.
#pragma once

#include "support/fake_memory.hpp"

namespace exo::test {

/// A whole ACPI table with a right length and checksum.
inline std::vector<u8> make_table(std::string_view signature, const std::vector<u8>& body) {
    TableBuilder table;
    table.text(signature)
        .add(static_cast<u32>(36 + body.size()))
        .add(u8{4})
        .add(u8{0})
        .text("EXO   EXOTABLE")
        .zeros(12)
        .bytes_of(body);
    return table.checksum(9, table.bytes.size()).bytes;
}

inline std::vector<u8> make_rsdp(u8 revision, u64 root) {
    TableBuilder rsdp;
    rsdp.text("RSD PTR ")
        .add(u8{0})
        .text("EXO   ")
        .add(revision)
        .add(revision < 2 ? static_cast<u32>(root) : 0U);
    rsdp.checksum(8, 20);
    if (revision >= 2) rsdp.add(u32{36}).add(root).zeros(4).checksum(32, 36);
    return rsdp.bytes;
}

inline std::vector<u8> example_madt_body() {
    TableBuilder body;
    body.add(u32{0xfee00000}).add(u32{1});
    body.add(u8{0}).add(u8{8}).add(u8{0}).add(u8{0}).add(u32{1});
    body.add(u8{0}).add(u8{8}).add(u8{1}).add(u8{1}).add(u32{2});
    body.add(u8{0}).add(u8{8}).add(u8{2}).add(u8{2}).add(u32{0});
    body.add(u8{9}).add(u8{16}).zeros(2).add(u32{0x1234}).add(u32{1}).add(u32{3});
    body.add(u8{9}).add(u8{16}).zeros(2).add(u32{1}).add(u32{1}).add(u32{3});
    body.add(u8{1}).add(u8{12}).add(u8{0}).add(u8{0}).add(u32{0xfec00000}).add(u32{0});
    body.add(u8{2}).add(u8{10}).add(u8{0}).add(u8{0}).add(u32{2}).add(u16{0});
    body.add(u8{2}).add(u8{10}).add(u8{0}).add(u8{9}).add(u32{9}).add(u16{0xf});
    body.add(u8{4}).add(u8{6}).zeros(4);
    body.add(u8{5}).add(u8{12}).zeros(2).add(u64{0xfee01000});
    return body.bytes;
}

inline std::vector<u8> example_hpet_body() {
    TableBuilder body;
    body.add(u32{0x8086a201})
        .add(u8{0})
        .add(u8{64})
        .add(u8{0})
        .add(u8{0})
        .add(u64{0xfed00000})
        .add(u8{0})
        .add(u16{100})
        .add(u8{0});
    return body.bytes;
}

/// `size`: of the whole table, header included.
inline std::vector<u8> example_fadt_body(usize size) {
    const auto address = [](u8 space, u64 where) {
        return TableBuilder().add(space).add(u8{32}).add(u16{0}).add(where).bytes;
    };
    TableBuilder body;
    body.zeros(276 - 36);
    body.put(40 - 36, u32{0x7fe5000}).put(46 - 36, u16{9}).put(48 - 36, u32{0xb2}).put(52 - 36, u8{2});
    body.put(64 - 36, u32{0x604}).put(76 - 36, u32{0x608}).put(91 - 36, u8{4}).put(108 - 36, u8{0x32});
    body.put(112 - 36, u32{size > 116 ? (1U << 8) | (1U << 10) : 1U << 8});
    std::memcpy(&body.bytes[116 - 36], address(1, 0xcf9).data(), 12);
    body.put(128 - 36, u8{0x0f}).put(140 - 36, u64{0x17fe5000});
    std::memcpy(&body.bytes[172 - 36], address(1, 0x704).data(), 12);
    std::memcpy(&body.bytes[244 - 36], address(0, 0xcafe).data(), 12);
    body.bytes.resize(size - 36);
    return body.bytes;
}

/// A floating pointer whose table stands right behind it. `entries` is what follows the header.
inline std::vector<u8> make_mp_table(u32 address, const std::vector<u8>& entries, u16 entry_count) {
    TableBuilder pointer;
    pointer.text("_MP_").add(address + 16).add(u8{1}).add(u8{4}).zeros(6).checksum(10, 16);
    TableBuilder table;
    table.text("PCMP")
        .add(static_cast<u16>(44 + entries.size()))
        .add(u8{4})
        .add(u8{0})
        .text("EXO     EXO         ");
    table.zeros(6).add(entry_count).add(u32{0xfee00000}).zeros(4).bytes_of(entries);
    table.checksum(7, table.bytes.size());
    return pointer.bytes_of(table.bytes).bytes;
}

inline std::vector<u8> example_mp_entries() {
    TableBuilder entries;
    entries.add(u8{0}).add(u8{0}).add(u8{0x14}).add(u8{3}).zeros(16);
    entries.add(u8{0}).add(u8{1}).add(u8{0x14}).add(u8{1}).zeros(16);
    entries.add(u8{0}).add(u8{2}).add(u8{0x14}).add(u8{0}).zeros(16);
    entries.add(u8{1}).add(u8{0}).text("ISA   ");
    entries.add(u8{1}).add(u8{1}).text("PCI   ");
    entries.add(u8{2}).add(u8{4}).add(u8{0x11}).add(u8{1}).add(u32{0xfec00000});
    const auto interrupt = [&](u8 type, u16 flags, u8 bus, u8 irq, u8 pin) {
        entries.add(u8{3}).add(type).add(flags).add(bus).add(irq).add(u8{4}).add(pin);
    };
    interrupt(0, 0, 0, 0, 2);
    interrupt(0, 0, 0, 1, 1);
    interrupt(0, 0xd, 0, 5, 5);
    interrupt(0, 0, 1, 7, 17);
    interrupt(3, 0, 0, 8, 0);
    entries.add(u8{4}).add(u8{3}).zeros(6);
    return entries.bytes;
}

}  // namespace exo::test
