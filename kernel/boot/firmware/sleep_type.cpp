#include "boot/firmware/fadt.hpp"
#include "utils/bytes.hpp"

namespace exo::boot {

namespace {

constexpr u8 ZERO_OP = 0x00;
constexpr u8 ONE_OP = 0x01;
constexpr u8 NAME_OP = 0x08;
constexpr u8 BYTE_PREFIX = 0x0a;
constexpr u8 WORD_PREFIX = 0x0b;
constexpr u8 DWORD_PREFIX = 0x0c;
constexpr u8 PACKAGE_OP = 0x12;
constexpr u8 ROOT_PREFIX = '\\';
constexpr std::string_view NAME = "_S5_";

/// The constant at `at`, which moves behind it.
std::optional<u32> take_constant(std::span<const u8> aml, u64& at) {
    const auto prefix = load<u8>(aml, at);
    if (!prefix) return std::nullopt;
    std::optional<u32> value;
    u64 size = 0;
    switch (*prefix) {
        case ZERO_OP: value = 0; break;
        case ONE_OP: value = 1; break;
        case BYTE_PREFIX:
            size = 1;
            if (const auto byte = load<u8>(aml, at + 1)) value = *byte;
            break;
        case WORD_PREFIX:
            size = 2;
            if (const auto word = load<u16>(aml, at + 1)) value = *word;
            break;
        case DWORD_PREFIX:
            size = 4;
            value = load<u32>(aml, at + 1);
            break;
        default: break;
    }
    at += 1 + size;
    return value;
}

/// The elements of the package whose PackageOp is at `at`, or nothing if there is none such.
std::optional<SleepType> read_package(std::span<const u8> aml, u64 at) {
    if (load<u8>(aml, at) != PACKAGE_OP) return std::nullopt;
    const auto lead = load<u8>(aml, at + 1);
    if (!lead) return std::nullopt;
    // PkgLength: the two high bits of its first byte count the bytes that follow it.
    at += 2 + (*lead >> 6);
    const auto count = load<u8>(aml, at++);
    if (!count || *count == 0) return std::nullopt;
    const auto a = take_constant(aml, at);
    const auto b = *count > 1 ? take_constant(aml, at) : a;
    if (!a || !b || *a > 7 || *b > 7) return std::nullopt;
    return SleepType{static_cast<u8>(*a), static_cast<u8>(*b)};
}

}  // namespace

std::optional<SleepType> find_s5_sleep_type(std::span<const u8> dsdt) {
    const std::string_view text = as_text(dsdt);
    for (usize at = text.find(NAME, sizeof(AcpiHeader)); at != std::string_view::npos;
         at = text.find(NAME, at + 1)) {
        const bool is_name =
            dsdt[at - 1] == NAME_OP || (dsdt[at - 1] == ROOT_PREFIX && dsdt[at - 2] == NAME_OP);
        if (!is_name) continue;
        if (const auto type = read_package(dsdt, at + NAME.size())) return type;
    }
    return std::nullopt;
}

}  // namespace exo::boot
