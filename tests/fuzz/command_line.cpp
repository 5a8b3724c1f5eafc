// The command line, and what of it goes to init.
#include "boot/command_line.cpp"

#include "boot/init_handover.cpp"
#include "fuzz.hpp"

using namespace exo;

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    static constexpr std::string_view LINES[] = {
        "console=ttyS0 quiet virtio_mmio.device=512@0xfeb00e00:12 init=/bin/sh X=\"a b\" -- -c \"x y\"",
        "\"a=b c\" =x --", "panic=-1 loglevel=7 virtio_mmio.device=4K@0xd0000000:5:3 HOME=/root"};
    static const std::vector<std::vector<u8>> SEEDS = [] {
        std::vector<std::vector<u8>> seeds;
        for (const std::string_view line : LINES) seeds.emplace_back(line.begin(), line.end());
        return seeds;
    }();
    return fuzz::mutate(SEEDS, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    if (size > 200) return -1;  // longer lines have more of the same
    const std::string_view text = as_text({data, size});
    const boot::CommandLine line(text);
    usize words = 0;
    line.for_each([&](const boot::CommandLineWord& word) {
        ++words;
        FUZZ_CHECK(line.contains(word.key));
        FUZZ_CHECK(!word.key.substr(word.key.empty() ? 0 : 1).contains('='));
    });
    line.for_each_value("virtio_mmio.device",
                        [](std::string_view value) { (void)boot::parse_virtio_mmio_device(value); });
    (void)line.number("panic");
    (void)boot::parse_virtio_mmio_device(text);
    const auto handover = boot::InitHandover::create(line);
    FUZZ_CHECK(handover.has_value() && handover->environment.size() >= 2);
    usize behind = 0;
    std::string_view rest = line.after_dashes();
    while (boot::take_word(rest)) ++behind;
    FUZZ_CHECK(handover->arguments.size() >= behind);
    FUZZ_CHECK(handover->arguments.size() + handover->environment.size() <= words + behind + 2);
    return 0;
}
