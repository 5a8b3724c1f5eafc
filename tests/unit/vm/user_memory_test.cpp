#include "vm/user_memory.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "machine.hpp"

using namespace exo;
using namespace exo::vm;
using namespace exo::vm::test;

namespace {

constexpr u64 P = PAGE_SIZE;

struct Padded {
    u8 a;
    u32 b;
};
struct Dense {
    u32 a;
    u32 b;
};
static_assert(CopyableOut<Dense> && CopyableOut<u64> && !CopyableOut<Padded> && !CopyableOut<u8*> &&
              CopyableIn<Padded>);

/// Two pages, the next one missing.
struct Program {
    Machine machine;
    Ref<AddressSpace> space = new_space();
    u64 start = 0;
    u64 end = 0;
    Program() {
        switch_address_space(*space);
        start = MUST(space->map(at(BASE, anonymous(2 * P))));
        end = start + 2 * P;
    }
    ~Program() { memory::kernel_table().activate(); }
    void put(u64 address, std::string_view text) { MUST(write_user(address, as_bytes(text))); }
    static std::span<const u8> as_bytes(std::string_view text) {
        return {reinterpret_cast<const u8*>(text.data()), text.size()};
    }
};

TEST(user_memory, values_go_both_ways) {
    const Program program;
    MUST(UserOut<Dense>(program.start + P - 3).write({1, 2}));
    const Dense read = MUST(UserIn<Dense>(program.start + P - 3).read());
    EXPECT_EQ(read.a, 1u);
    EXPECT_EQ(read.b, 2u);
    EXPECT_ERROR(Error::Efault, UserIn<u64>(program.end - 7).read());
    EXPECT_ERROR(Error::Efault, UserOut<u64>(program.end - 7).write(1));
    EXPECT_ERROR(Error::Efault, UserIn<u8>(0).read());
    EXPECT_ERROR(Error::Efault, UserInOut<u64>(memory::USER_END - 4).read());
    EXPECT_ERROR(Error::Efault, UserInOut<u64>(0xffff'8000'0000'0000).write(1));
    EXPECT_ERROR(Error::Efault, UserInOut<u64>(~0ULL).read());
    EXPECT_TRUE(UserIn<u8>(0).is_null());
    const UserArray<u32> array(program.start, 3);
    MUST(array.write(2, 77));
    EXPECT_EQ(MUST(array.read(2)), 77u);
    EXPECT_EQ(MUST(array.read())[2], 77u);
    EXPECT_ERROR(Error::Efault, array.read(3));
    EXPECT_ERROR(Error::Efault, UserArray<u64>(program.start, ~0ULL / 4).read());
    EXPECT_ERROR(Error::Efault, UserArray<u64>(program.end - 8, 2).read());
}

TEST(user_memory, strings_end_at_their_nul) {
    Program program;
    program.put(program.start + P - 3, {"hello\0x", 7});
    EXPECT_EQ(MUST(UserString(program.start + P - 3).read(100, Error::Enametoolong)), "hello");
    EXPECT_EQ(MUST(UserString(program.start + P - 3).read(6, Error::Enametoolong)), "hello");
    EXPECT_ERROR(Error::Enametoolong, UserString(program.start + P - 3).read(5, Error::Enametoolong));
    EXPECT_ERROR(Error::E2big, UserString(program.start + P - 3).read(0, Error::E2big));
    program.put(program.end - 3, "abc");
    EXPECT_ERROR(Error::Efault, UserString(program.end - 3).read(100, Error::Enametoolong));
    EXPECT_ERROR(Error::Efault, UserString(memory::USER_END).read(100, Error::Enametoolong));
    // A long one, over several pieces.
    const std::string text(3000, 'x');
    program.put(program.start, text);
    MUST(poke(program.start + 3000, 0));
    EXPECT_EQ(MUST(UserString(program.start).read(4096, Error::Enametoolong)).size(), 3000u);
    char small[10];
    EXPECT_EQ(MUST(read_user_string(program.start, small)), 10u);
    EXPECT_EQ(MUST(read_user_string(program.start + 2995, small)), 5u);
}

TEST(io_buffer, a_fault_in_the_middle_is_a_short_count) {
    Program program;
    std::vector<u8> bytes(3 * P, 0x11);
    OutBuffer out = OutBuffer::from_user(program.start + P, 3 * P);
    EXPECT_EQ(out.remaining(), 3 * P);
    EXPECT_EQ(MUST(out.write(bytes)), P);
    EXPECT_EQ(out.remaining(), 2 * P);
    EXPECT_ERROR(Error::Efault, out.write(bytes));
    EXPECT_ERROR(Error::Efault, out.write_zeros(5));
    EXPECT_EQ(MUST(out.write({})), 0u);
    InBuffer in = InBuffer::from_user(program.end - 5, 10);
    std::array<u8, 20> back{};
    EXPECT_EQ(MUST(in.read(back)), 5u);
    EXPECT_EQ(back[4], 0x11);
    EXPECT_ERROR(Error::Efault, in.read(back));
    OutBuffer zeros = OutBuffer::from_user(program.end - 4, 4);
    EXPECT_EQ(MUST(zeros.write_zeros(100)), 4u);
    EXPECT_EQ(MUST(peek(program.end - 5)), 0x11);
    EXPECT_EQ(MUST(peek(program.end - 4)), 0);
    EXPECT_ERROR(Error::Efault, OutBuffer::from_user(~0ULL - 5, 100).check());
}

TEST(io_buffer, goes_on_through_segments_and_kernel_memory) {
    Program program;
    const std::array<UserSegment, 4> segments{UserSegment{program.start, 3},
                                              {program.start + 100, 0},
                                              {program.start + 200, 4},
                                              {program.start + 300, 2}};
    OutBuffer out = OutBuffer::from_segments(segments);
    EXPECT_EQ(out.remaining(), 9u);
    MUST(out.check());
    EXPECT_EQ(MUST(out.write(Program::as_bytes("abcde"))), 5u);
    EXPECT_EQ(MUST(out.write(Program::as_bytes("fghijkl"))), 4u);
    EXPECT_EQ(out.remaining(), 0u);
    EXPECT_EQ(MUST(out.write(Program::as_bytes("z"))), 0u);
    InBuffer in = InBuffer::from_segments(segments);
    std::array<u8, 9> back;
    EXPECT_EQ(MUST(in.read(std::span(back).first(4))), 4u);
    EXPECT_EQ(MUST(in.read(std::span(back).subspan(4))), 5u);
    EXPECT_EQ(std::string(back.begin(), back.end()), "abcdefghi");

    std::array<u8, 4> memory{9, 9, 9, 9};
    OutBuffer kernel = OutBuffer::from_kernel(memory);
    EXPECT_FALSE(kernel.is_user());
    EXPECT_EQ(MUST(kernel.write(Program::as_bytes("ab"))), 2u);
    EXPECT_EQ(MUST(kernel.write_zeros(1)), 1u);
    EXPECT_EQ(memory, (std::array<u8, 4>{'a', 'b', 0, 9}));
    InBuffer from_kernel = InBuffer::from_kernel(memory);
    EXPECT_EQ(MUST(from_kernel.read(back)), 4u);
    EXPECT_EQ(MUST(OutBuffer::from_kernel({}).write(memory)), 0u);
    EXPECT_EQ(OutBuffer::from_user(0, 0).remaining(), 0u);
}

TEST(io_buffer, no_fault_is_resolved_where_faults_are_disabled) {
    Program program;
    {
        const FaultsDisabled guard;
        EXPECT_ERROR(Error::Efault, peek(program.start));
    }
    EXPECT_EQ(MUST(peek(program.start)), 0);
    const FaultsDisabled guard;
    EXPECT_EQ(MUST(peek(program.start)), 0);
    EXPECT_ERROR(Error::Efault, poke(program.start, 1));
}

TEST(user_vector, is_checked_in_linux_order) {
    Program program;
    const auto put = [&](usize index, u64 address, u64 size) {
        MUST(UserOut<Dense>(0 + program.start + index * 16)
                 .write({static_cast<u32>(address), static_cast<u32>(address >> 32)})),
            MUST(UserOut<u64>(program.start + index * 16 + 8).write(size));
    };
    put(0, BASE, 10);
    put(1, BASE, 20);
    UserVector two;
    MUST(two.import(program.start, 2));
    EXPECT_EQ(two.total_size(), 30u);
    EXPECT_EQ(two.span().size(), 2u);
    UserVector none;
    MUST(none.import(0, 0));
    EXPECT_EQ(none.total_size(), 0u);
    EXPECT_ERROR(Error::Einval, UserVector().import(0, 1025));
    EXPECT_ERROR(Error::Efault, UserVector().import(0, 1));
    EXPECT_ERROR(Error::Efault, UserVector().import(program.end - 8, 1));
    put(2, 0xffff'8000'0000'0000, 1);
    put(3, BASE, ~0ULL);
    EXPECT_ERROR(Error::Efault, UserVector().import(program.start, 3));
    EXPECT_ERROR(Error::Einval, UserVector().import(program.start, 4));
    // Clamped, and long.
    for (usize i = 0; i < 12; ++i) put(i, BASE, 0x1000'0000);
    UserVector large;
    MUST(large.import(program.start, 12));
    EXPECT_EQ(large.total_size(), UserVector::MAX_TOTAL);
    EXPECT_EQ(OutBuffer::from_segments(large.span()).remaining(), UserVector::MAX_TOTAL);
    EXPECT_EQ(large.span()[11].size, 0u);
}

TEST(faults, side_by_side_on_one_space) {
    const Machine machine;
    const NothingLeaks guard;
    {
        auto file = MUST(make_ref<FakeFile>(8u));
        const auto space = new_space();
        constexpr u64 PAGES = 300;
        const u64 memory_start = MUST(space->map(anonymous(PAGES * P)));
        for (u64 i = 0; i < PAGES; i += 2)
            MUST(space->write_remote(memory_start + i * P, std::array<u8, 1>{1}));
        const auto child = MUST(space->clone());
        std::vector<std::thread> threads;
        for (u32 cpu = 1; cpu <= 4; ++cpu) {
            threads.emplace_back([&, cpu] {
                arch::hosted::this_cpu.index = cpu;
                AddressSpace& mine = cpu % 2 == 0 ? *space : *child;
                for (u64 i = 0; i < PAGES; ++i) {
                    EXPECT_EQ(mine.fault(memory_start + i * P, {.is_write = i % 3 != 0}),
                              FaultResult::Resolved);
                    if (i % 5 == 0)
                        EXPECT_TRUE(mine.pin_page(memory_start + i * P, {.is_write = true}).has_value());
                }
            });
        }
        for (auto& thread : threads) thread.join();
        // Pages that were only read stand for zeros, which count for nobody.
        EXPECT_LE(space->statistics().resident_anonymous, PAGES);
        EXPECT_EQ(space->statistics().resident_anonymous, child->statistics().resident_anonymous);
    }
    for (u32 cpu = 1; cpu <= 4; ++cpu) {
        arch::hosted::this_cpu.index = cpu;
        memory::frames.drain_stock();
    }
    arch::hosted::this_cpu.index = 0;
}

}  // namespace
