#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>

#include "abi/linux/fcntl.hpp"
#include "abi/linux/mount.hpp"
#include "abi/linux/stat.hpp"
#include "abi/linux/time.hpp"
#include "syscall/numbers.hpp"
#include "syscall/pointers.hpp"

namespace exo::syscall {
namespace {

enum class Shape : i32 { Below = -2, None = 0, Round = 7, COUNT };
enum class Color : u32 { None = 0, Red = 1, Green = 2, Both = 3, Blue = 0x8000'0000, Far = 0x4000'0100 };

std::string names(std::span<const NamedValue> values) {
    std::string text;
    for (const NamedValue& one : values)
        text += std::string(one.name) + "=" + std::to_string(static_cast<i64>(one.value)) + " ";
    return text;
}

const Field* field(std::span<const Field> fields, std::string_view name) {
    for (const Field& one : fields)
        if (one.name == name) return &one;
    return nullptr;
}

}  // namespace
}  // namespace exo::syscall

template <> inline constexpr bool exo::abi::IS_FLAG_ENUM<exo::syscall::Color> = true;

namespace exo::syscall {
namespace {

TEST(enumerators, of_a_choice_are_its_values_without_their_number) {
    EXPECT_EQ(names(enumerators<Shape>()), "Below=-2 None=0 Round=7 ");
    EXPECT_EQ(name_of_type<Shape>(), "Shape");
}

TEST(enumerators, of_flags_are_found_whether_they_have_one_bit_or_two) {
    EXPECT_EQ(names(enumerators<Color>()), "None=0 Red=1 Green=2 Both=3 Far=1073742080 Blue=2147483648 ");
    EXPECT_EQ(enumerators<abi::MountFlags>().size(), 25U);
    const auto open = names(enumerators<abi::OpenFlags>());
    EXPECT_NE(open.find("Tmpfile=4259840 "), std::string::npos);
    EXPECT_NE(open.find("Sync=1052672 "), std::string::npos);
}

TEST(enumerators, one_by_itself_is_found_wherever_it_lies) {
    EXPECT_EQ(enumerator<abi::FcntlCommand::Getpipesz>().name, "Getpipesz");
    EXPECT_EQ(enumerator<abi::FcntlCommand::Getpipesz>().value, 1032U);
}

TEST(flags, that_are_known_are_those_that_the_check_lets_through) {
    using Flags = Known<abi::AtFlags::SymlinkNofollow | abi::AtFlags::EmptyPath>;
    EXPECT_EQ(names(Flags::DESCRIPTION.values), "None=0 SymlinkNofollow=256 EmptyPath=4096 ");
    for (u32 bit = 0; bit < 32; ++bit) {
        const u64 word = 1ULL << bit;
        const bool is_described = word == 256 || word == 4096;
        EXPECT_EQ(Flags::from_word(word).checked().has_value(), is_described) << bit;
    }
    EXPECT_TRUE(Flags::from_word(1ULL << 32).checked()) << "the upper half of the register does not count";
}

TEST(structures, fields_lie_where_the_compiler_puts_them) {
    const auto stat = fields<abi::stat>();
    ASSERT_NE(field(stat, "st_size"), nullptr);
    EXPECT_EQ(field(stat, "st_size")->offset, offsetof(abi::stat, st_size));
    EXPECT_EQ(field(stat, "st_size")->size, 8U);
    EXPECT_TRUE(field(stat, "st_size")->is_signed);
    EXPECT_FALSE(field(stat, "st_ino")->is_signed);
    EXPECT_EQ(field(stat, "unused_")->size, 24U);
    const auto statx = fields<abi::statx>();
    EXPECT_EQ(field(statx, "stx_mode")->offset, offsetof(abi::statx, stx_mode));
    EXPECT_EQ(field(statx, "stx_mnt_id")->offset, offsetof(abi::statx, stx_mnt_id));
    EXPECT_EQ(field(fields<abi::timex>(), "tai")->offset, offsetof(abi::timex, tai));
}

TEST(structures, what_lies_in_another_one_knows_its_owner) {
    const auto timer = fields<abi::itimerval>();
    ASSERT_EQ(timer.size(), 4U);
    EXPECT_EQ(timer[2].depth, 1U);
    EXPECT_EQ(timer[2].owners[0], "it_value");
    EXPECT_EQ(timer[2].name, "tv_sec");
    EXPECT_EQ(timer[2].offset, offsetof(abi::itimerval, it_value));
}

TEST(structures, alignment_leaves_gaps) {
    struct Gap {
        u8 first;
        u32 second;
        u16 third;
    };
    EXPECT_EQ(fields<Gap>()[1].offset, offsetof(Gap, second));
    EXPECT_EQ(fields<Gap>()[2].offset, offsetof(Gap, third));
}

TEST(numbers, take_the_bits_that_count) {
    EXPECT_EQ(i32{SignedSize::from_word(0xffff'ffff'ffff'ffff)}, -1);
    EXPECT_EQ(u32{Size32::from_word(0x1'0000'0002)}, 2U);
    EXPECT_EQ(Argument<Descriptor>::decode(0xffff'ff9c).value, abi::AT_CURRENT_DIRECTORY);
    static_assert(sizeof(Size) == sizeof(u64) && std::is_trivially_copyable_v<Size>);
}

TEST(pointers, say_what_lies_behind_them) {
    constexpr Description TIME = Argument<OrNull<vm::UserIn<abi::timespec>>>::DESCRIPTION;
    EXPECT_EQ(TIME.kind, Kind::Pointer);
    EXPECT_TRUE(TIME.may_be_null);
    EXPECT_EQ(TIME.direction, Direction::In);
    EXPECT_EQ(TIME.element->type, "timespec");
    EXPECT_EQ(TIME.element->size, 16U);
    EXPECT_FALSE(Argument<vm::UserIn<abi::timespec>>::DESCRIPTION.may_be_null);
    EXPECT_EQ(Argument<vm::UserOut<Uid>>::DESCRIPTION.element->kind, Kind::Uid);
}

}  // namespace
}  // namespace exo::syscall
