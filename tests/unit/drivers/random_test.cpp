#include "drivers/random/random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "drivers/fake_virtio.hpp"
#include "drivers/virtio/rng.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"

namespace exo::drivers {
namespace {

TEST(chacha20, agrees_with_the_rfc) {
    // RFC 8439, section 2.3.2.
    ChaChaKey key;
    for (u32 i = 0; i < 8; ++i) key[i] = 0x03020100U + 0x04040404U * i;
    std::array<u8, 64> block{};
    chacha20_block(key, 1, {0x09000000, 0x4a000000, 0x00000000}, block);
    const std::array<u8, 64> expected = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
        0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
        0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
        0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
    EXPECT_EQ(block, expected);
}

std::vector<u8> draw(RandomGenerator& generator, usize size) {
    std::vector<u8> bytes(size);
    generator.fill(bytes);
    return bytes;
}

TEST(random_generator, never_repeats_itself) {
    RandomGenerator generator;
    std::set<u64> seen;
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(generator.next_u64()).second);
    for (const usize size : {1U, 31U, 32U, 33U, 64U, 65U, 5000U})
        EXPECT_NE(draw(generator, size + 16), draw(generator, size + 16));
    generator.fill({});
}

TEST(random_generator, spreads_its_bits) {
    RandomGenerator generator;
    const std::vector<u8> bytes = draw(generator, 1 << 20);
    std::array<usize, 256> counts{};
    for (const u8 byte : bytes) ++counts[byte];
    for (const usize count : counts) EXPECT_NEAR(static_cast<double>(count), 4096.0, 6 * 64.0);
}

TEST(random_generator, depends_on_every_seed) {
    const auto first_of = [](std::vector<std::vector<u8>> seeds) {
        RandomGenerator generator;
        for (const auto& seed : seeds) generator.add(seed, Credit::None);
        return generator.next_u64();
    };
    std::set<u64> seen;
    seen.insert(first_of({}));
    seen.insert(first_of({{1}}));
    seen.insert(first_of({{2}}));
    seen.insert(first_of({{1}, {2}}));
    seen.insert(first_of({{2}, {1}}));
    seen.insert(first_of({{1, 2}}));
    seen.insert(first_of({std::vector<u8>(100, 7)}));
    seen.insert(first_of({{1}, {1}}));
    EXPECT_EQ(seen.size(), 8U);
    EXPECT_EQ(first_of({{1}, {2}}), first_of({{1}, {2}}));
}

TEST(random_generator, counts_only_what_is_credited) {
    RandomGenerator generator;
    generator.add(std::vector<u8>(100), Credit::None);
    EXPECT_FALSE(generator.is_seeded());
    generator.add(std::vector<u8>(31), Credit::Full);
    EXPECT_FALSE(generator.is_seeded());
    generator.add(std::vector<u8>(1), Credit::Full);
    EXPECT_TRUE(generator.is_seeded());
    MUST(generator.wait_until_seeded(scheduler::WaitMode::Interruptible));
}

class RngTest : public testing::Test {
  protected:
    RngTest() {
        host.type = 4;
        host.interrupt_line = [this] { rng.on_interrupt(); };
        MUST(rng.init());
    }
    test::HostedFrames frames{64};
    test::FakeVirtio host;
    RandomGenerator generator;
    VirtioRng rng{host.transport(), generator};
};

TEST_F(RngTest, seeds_the_generator) {
    EXPECT_ERROR(Error::Ebusy, rng.request());
    EXPECT_TRUE(host.deliver(0, std::string(64, 'e')));
    host.interrupt();
    EXPECT_TRUE(generator.is_seeded());
    MUST(rng.request());
    EXPECT_TRUE(host.deliver(0, "few"));
    host.interrupt();
    MUST(rng.request());
}

TEST_F(RngTest, ignores_a_device_that_breaks_the_rules) {
    host.use(0, 0, 65);
    host.interrupt();
    EXPECT_FALSE(generator.is_seeded());
    EXPECT_FALSE(rng.request().has_value());
}

}  // namespace
}  // namespace exo::drivers
