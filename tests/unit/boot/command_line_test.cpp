#include "boot/command_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "boot/init_handover.hpp"
#include "boot/kernel_words.hpp"
#include "support/failing_allocations.hpp"
#include "support/must.hpp"

namespace exo::boot {
namespace {

/// Each word as "key" or "key=value".
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (const auto word = take_word(text))
        words.push_back(std::string(word->key) + (word->value ? "=" + std::string(*word->value) : ""));
    return words;
}

using Words = std::vector<std::string>;

TEST(command_line, splits_words_as_linux_does) {
    EXPECT_EQ(words_of(""), Words{});
    EXPECT_EQ(words_of(" \t\n "), Words{});
    EXPECT_EQ(words_of("a  b=c\td"), (Words{"a", "b=c", "d"}));
    EXPECT_EQ(words_of("a=\"b c\" d"), (Words{"a=b c", "d"}));
    EXPECT_EQ(words_of("\"a=b c\" d"), (Words{"a=b c", "d"}));
    EXPECT_EQ(words_of("\"a b\" c"), (Words{"a b", "c"}));
    EXPECT_EQ(words_of("a=b\" \"c"), (Words{"a=b\" \"c"})) << "quotes inside a word stay";
    EXPECT_EQ(words_of("a=\"b c"), (Words{"a=b c"})) << "an open quote reaches to the end";
    EXPECT_EQ(words_of("a=b=c"), (Words{"a=b=c"}));
    EXPECT_EQ(words_of("=x"), (Words{"=x"}));
    EXPECT_EQ(words_of("a="), (Words{"a="}));
    EXPECT_EQ(words_of("a=\""), (Words{"a="}));
    EXPECT_EQ(words_of("\""), (Words{""}));
    EXPECT_EQ(words_of("\"\" x"), (Words{"", "x"}));
    EXPECT_EQ(words_of("a\xa0"
                       "b"),
              (Words{"a", "b"}));
    EXPECT_FALSE(take_word(*std::make_unique<std::string_view>("  ")).has_value());
}

TEST(command_line, answers_questions) {
    const CommandLine line(
        "console=tty0 console=ttyS0 quiet panic=-1 loglevel=0x7 no_rand-maps x=1 x -- console=no");
    EXPECT_EQ(line.value("console"), "ttyS0");
    EXPECT_TRUE(line.contains("quiet"));
    EXPECT_TRUE(line.contains("no-rand_maps"));
    EXPECT_FALSE(line.contains("qui"));
    EXPECT_EQ(line.number("panic"), -1);
    EXPECT_EQ(line.number("loglevel"), 7);
    EXPECT_EQ(line.number("console"), std::nullopt);
    EXPECT_EQ(line.number("absent"), std::nullopt);
    EXPECT_EQ(line.find("x")->value, std::nullopt);
    EXPECT_EQ(line.value("x"), "1");
    EXPECT_EQ(line.after_dashes(), " console=no");
    EXPECT_EQ(CommandLine("a b").after_dashes(), "");
    std::vector<std::string> consoles;
    line.for_each_value("console", [&](std::string_view value) { consoles.emplace_back(value); });
    EXPECT_EQ(consoles, (Words{"tty0", "ttyS0"}));
}

std::optional<u64> size_of(std::string_view text, std::string_view rest = "") {
    const auto size = take_size(text);
    EXPECT_EQ(text, rest);
    return size;
}

TEST(command_line, reads_sizes_as_memparse_does) {
    EXPECT_EQ(size_of("512"), 512U);
    EXPECT_EQ(size_of("4K"), 4096U);
    EXPECT_EQ(size_of("4k@", "@"), 4096U);
    EXPECT_EQ(size_of("0x10M"), 16 * MIB);
    EXPECT_EQ(size_of("010"), 8U);
    EXPECT_EQ(size_of("0"), 0U);
    EXPECT_EQ(size_of("0x", "x"), 0U);
    EXPECT_EQ(size_of("1G"), GIB);
    EXPECT_EQ(size_of("15E"), 15ULL << 60);
    EXPECT_EQ(size_of("16E"), std::nullopt);
    EXPECT_EQ(size_of("K", "K"), std::nullopt);
    EXPECT_EQ(size_of("99999999999999999999"), std::nullopt);
}

TEST(virtio_mmio_device, is_parsed) {
    EXPECT_EQ(MUST(parse_virtio_mmio_device("512@0xfeb00e00:12")), (VirtioMmioDevice{512, 0xfeb00e00, 12}));
    EXPECT_EQ(MUST(parse_virtio_mmio_device("4K@0xd0000000:5:3")), (VirtioMmioDevice{4096, 0xd0000000, 5}));
    for (const std::string_view bad :
         {"", "512", "512@", "512@0x1000", "512@0x1000:", "512@0x1000:0", "@1:2", "0@1:2", "512@1:2x",
          "512@1:2:", "512@1:2:x", "512@0xffffffffffffffff:1", "512@1:4294967296", "512:1@2"})
        EXPECT_ERROR(Error::Einval, parse_virtio_mmio_device(bad)) << bad;
}

Words strings(const Vector<String>& list) {
    Words words;
    for (const String& text : list) words.emplace_back(text.view());
    return words;
}

TEST(command_line, whole_numbers) {
    EXPECT_EQ(parse_number("10"), 10);
    EXPECT_EQ(parse_number("-1"), -1);
    EXPECT_EQ(parse_number("+0x10"), 16);
    EXPECT_EQ(parse_number("010"), 8);
    for (const std::string_view text : {"", "-", "+-1", "1 ", "1s", "09x", "0x", "9223372036854775808"})
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(init_handover, hands_unknown_words_on) {
    const auto handover = MUST(InitHandover::create(
        CommandLine("before init=/bin/sh console=ttyS0 virtio_mmio.device=512@0xfeb00e00:12 foo.bar FOO=bar "
                    "\"BAR=b c\" TERM=vt220 single ro -- -c \"echo hi\" A=\"b c\"")));
    EXPECT_EQ(handover.init, "/bin/sh");
    EXPECT_EQ(handover.rdinit, std::nullopt);
    EXPECT_EQ(strings(handover.arguments), (Words{"single", "-c", "echo hi", "A=b c"}));
    EXPECT_EQ(strings(handover.environment), (Words{"HOME=/", "TERM=vt220", "FOO=bar", "BAR=b c"}));
}

TEST(init_handover, knows_the_kernels_own_words) {
    const auto is_known = [](std::string_view text) { return is_kernel_word(*take_word(text)); };
    for (const std::string_view word :
         {"acpi=off", "acpi", "ro", "rw", "panic=x", "panic", "console=ttyS1", "nmi-watchdog=0",
          "noreplace_smp", "reboot=k", "rdinit=/x", "xen_timer_slop", "TOMOYO_loader=x"})
        EXPECT_TRUE(is_known(word)) << word;
    for (const std::string_view word :
         {"single", "r", "roo", "root", "init", "TOMOYO", "nokaslr", "ro=1", "=", "a=root="})
        EXPECT_FALSE(is_known(word)) << word;
}

TEST(init_handover, presets_the_environment) {
    const auto handover = MUST(InitHandover::create(CommandLine("")));
    EXPECT_EQ(strings(handover.environment), (Words{"HOME=/", "TERM=linux"}));
    EXPECT_TRUE(handover.arguments.is_empty());
    const auto second = MUST(InitHandover::create(CommandLine("rdinit=/x A=1 AB=2 A=3 init")));
    EXPECT_EQ(second.rdinit, "/x");
    EXPECT_EQ(strings(second.environment), (Words{"HOME=/", "TERM=linux", "A=3", "AB=2"}));
}

TEST(init_handover, reports_that_memory_is_short) {
    const usize allocations = test::for_each_failing_allocation([] {
        const auto handover = InitHandover::create(CommandLine("one two=2 three a=b a=c -- four five=5"));
        if (!handover) EXPECT_EQ(handover.error(), Error::Enomem);
        if (handover) EXPECT_EQ(handover->arguments.size(), 4U);
    });
    EXPECT_GT(allocations, 8U);
}

}  // namespace
}  // namespace exo::boot
