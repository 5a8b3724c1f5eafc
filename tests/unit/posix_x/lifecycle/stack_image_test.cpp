// The stack on which a program starts, read back as a C library reads it (System V ABI for x86-64, 3.4.1).
#include "posix_x/lifecycle/stack_image.hpp"

#include <map>
#include <string>
#include <vector>

#include "vm/machine.hpp"

namespace exo::posix_x {
namespace {

constexpr u64 STACK_PAGES = 256;
constexpr u64 TOP = vm::test::BASE + STACK_PAGES * PAGE_SIZE;
// getauxval(3)
enum : u64 {
    PHDR = 3,
    PHNUM = 5,
    PAGESZ = 6,
    BASE_ADDRESS = 7,
    ENTRY = 9,
    UID = 11,
    EUID = 12,
    GID = 13,
    EGID = 14,
    PLATFORM = 15,
    SECURE = 23,
    RANDOM = 25,
    EXECFN = 31
};

using Strings = std::vector<std::string>;

struct StackTest : testing::Test {
    StackTest() {
        using namespace vm::test;
        space = new_space();
        MUST(space->map(at(BASE, anonymous(STACK_PAGES * PAGE_SIZE))));
    }
    u64 word(u64 address) const {
        u8 bytes[8];
        MUST(space->read_remote(address, bytes));
        u64 value;
        std::memcpy(&value, bytes, sizeof(value));
        return value;
    }
    std::string text(u64 address) const {
        std::string result;
        for (u8 byte = 0;; ++address) {
            MUST(space->read_remote(address, {&byte, 1}));
            if (byte == 0) return result;
            result += static_cast<char>(byte);
        }
    }
    /// What _start finds.
    struct Start {
        Strings arguments;
        Strings environment;
        std::map<u64, u64> auxiliary;
        StackPlaces places;
        u64 end = 0;  ///< Behind the last word.
    };
    Start write(const Strings& arguments, const Strings& environment, u64 shift = 0) {
        ProgramArguments program;
        for (const std::string& one : arguments) MUST(program.arguments.add(one));
        for (const std::string& one : environment) MUST(program.environment.add(one));
        Start start;
        start.places = MUST(write_stack(*space, {.arguments = program,
                                                 .path = "/bin/program",
                                                 .program_headers = 0x400040,
                                                 .program_header_count = 9,
                                                 .interpreter_base = 0x7000'0000,
                                                 .entry = 0x401000,
                                                 .uid = 1,
                                                 .euid = 2,
                                                 .gid = 3,
                                                 .egid = 4,
                                                 .is_secure = true,
                                                 .top = TOP,
                                                 .random_shift = shift}));
        u64 at = start.places.stack_pointer;
        EXPECT_EQ(at % 16, 0U);
        const u64 count = word(at);
        for (at += 8; word(at) != 0; at += 8) start.arguments.push_back(text(word(at)));
        EXPECT_EQ(start.arguments.size(), count);
        for (at += 8; word(at) != 0; at += 8) start.environment.push_back(text(word(at)));
        for (at += 8; word(at) != 0; at += 16) start.auxiliary[word(at)] = word(at + 8);
        start.end = at + 16;
        return start;
    }
    vm::test::Machine machine;
    Ref<vm::AddressSpace> space;
};

TEST_F(StackTest, a_c_library_finds_what_execve_was_given) {
    const Strings arguments{"program", "", "-x", "with space"};
    const Strings environment{"PATH=/bin", "EMPTY=", ""};
    const Start start = write(arguments, environment);
    EXPECT_EQ(start.arguments, arguments);
    EXPECT_EQ(start.environment, environment);
    auto auxiliary = start.auxiliary;
    EXPECT_EQ(auxiliary[PHDR], 0x400040U);
    EXPECT_EQ(auxiliary[PHNUM], 9U);
    EXPECT_EQ(auxiliary[PAGESZ], 4096U);
    EXPECT_EQ(auxiliary[BASE_ADDRESS], 0x7000'0000U);
    EXPECT_EQ(auxiliary[ENTRY], 0x401000U);
    EXPECT_EQ(auxiliary[UID] * 1000 + auxiliary[EUID] * 100 + auxiliary[GID] * 10 + auxiliary[EGID], 1234U);
    EXPECT_EQ(auxiliary[SECURE], 1U);
    EXPECT_EQ(text(auxiliary[EXECFN]), "/bin/program");
    EXPECT_EQ(text(auxiliary[PLATFORM]), "x86_64");
    EXPECT_EQ(word(TOP - 8), 0U) << "LINUX: a null word at the very top";
}

/// /proc/PID/cmdline and environ read the strings between these places; setproctitle writes over them.
TEST_F(StackTest, the_strings_lie_between_the_places_that_proc_reads) {
    const Start start = write({"ab", "c"}, {"D=e", "F=g"});
    const StackPlaces& places = start.places;
    EXPECT_EQ(places.arguments_end - places.arguments_start, 5U);
    EXPECT_EQ(places.environment_end - places.environment_start, 8U);
    EXPECT_EQ(places.arguments_end, places.environment_start) << "LINUX: one behind the other";
    EXPECT_EQ(text(places.arguments_start), "ab");
    EXPECT_EQ(text(places.arguments_start + 3), "c");
    EXPECT_EQ(text(places.environment_start + 4), "F=g");
    EXPECT_EQ(places.environment_end + sizeof("/bin/program") + 8, TOP);
}

TEST_F(StackTest, any_number_of_words_keeps_the_alignment_and_fits_below_the_strings) {
    for (u64 count = 0; count < 300; ++count) {
        const Strings arguments(count, "argument");
        const Strings environment(count / 3, "V=1");
        const Start start = write(arguments, environment, count * 16);
        ASSERT_EQ(start.arguments, arguments) << count;
        ASSERT_EQ(start.environment, environment) << count;
        ASSERT_LE(start.end, start.auxiliary.at(RANDOM)) << "the words end below what they point to";
        ASSERT_LE(start.auxiliary.at(PLATFORM) + sizeof("x86_64") + count * 16, start.places.arguments_start);
    }
}

TEST_F(StackTest, strings_cross_pages) {
    Strings arguments;
    for (const usize size : {4094UL, 4095UL, 4096UL, 4097UL, 9000UL, 100000UL})
        arguments.emplace_back(size, 'a');
    const Start start = write(arguments, {"LAST=" + std::string(8191, 'b')});
    EXPECT_TRUE(start.arguments == arguments);
    EXPECT_TRUE(start.environment == Strings{"LAST=" + std::string(8191, 'b')});
}

/// A script's interpreter and its own path come before what is left of the arguments.
TEST_F(StackTest, a_script_puts_its_interpreter_first) {
    ProgramArguments program;
    for (const char* one : {"script", "x", "y"}) MUST(program.arguments.add(one));
    program.arguments.remove_first();
    for (const char* one : {"/tmp/script", "-e", "/bin/sh"}) MUST(program.arguments.put_first(one));
    EXPECT_EQ(program.arguments.count(), 5U);
    const StackPlaces places =
        MUST(write_stack(*space, {.arguments = program, .path = "/tmp/script", .top = TOP}));
    EXPECT_EQ(word(places.stack_pointer), 5U);
    Strings found;
    for (u64 i = 1; i <= 5; ++i) found.push_back(text(word(places.stack_pointer + 8 * i)));
    EXPECT_EQ(found, (Strings{"/bin/sh", "-e", "/tmp/script", "x", "y"}));
}

TEST_F(StackTest, what_does_not_fit_is_efault) {
    ProgramArguments program;
    MUST(program.arguments.add(std::string(STACK_PAGES * PAGE_SIZE, 'x')));
    EXPECT_ERROR(Error::Efault, write_stack(*space, {.arguments = program, .path = "p", .top = TOP}));
}

}  // namespace
}  // namespace exo::posix_x
