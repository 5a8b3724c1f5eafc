#include "drivers/virtio/queue.hpp"

#include <gtest/gtest.h>

#include <map>

#include "drivers/fake_virtio.hpp"
#include "support/hosted_frames.hpp"
#include "support/random.hpp"

namespace exo::drivers {
namespace {

using test::FakeVirtio;

/// A queue of eight whose other end is in the test's hands.
class VirtqueueTest : public testing::Test {
  protected:
    VirtqueueTest() {
        transport_ = fake.transport();
        memory = MUST(memory::DmaBuffer::create(PAGE_SIZE));
        queue.initialise(memory.bytes(), memory.address(), 8);
        transport_->enable_queue(0, 8, queue.addresses());
    }
    QueueBuffer buffer(usize index, u32 size, Direction direction) {
        return {memory.address() + 1024 + index * 64, size, direction};
    }
    void add(u32 token, u32 size = 64) {
        const QueueBuffer item = buffer(token % 8, size, Direction::FromDevice);
        MUST(queue.add({&item, 1}, token));
    }

    test::HostedFrames frames{64};
    FakeVirtio fake;
    memory::DmaBuffer memory;
    VirtqueueOf<8> queue;

  private:
    Box<Transport> transport_;
};

TEST_F(VirtqueueTest, carries_chains_to_the_device_and_back) {
    std::memcpy(memory.data() + 1024, "request", 7);
    const QueueBuffer chain[] = {buffer(0, 7, Direction::ToDevice), buffer(1, 64, Direction::FromDevice),
                                 buffer(2, 1, Direction::FromDevice)};
    MUST(queue.add(chain, 77));
    EXPECT_EQ(queue.free_descriptors(), 5);
    const auto seen = fake.pop(0);
    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(std::string(seen->readable.begin(), seen->readable.end()), "request");
    EXPECT_EQ(seen->room(), 65U);
    EXPECT_FALSE(queue.has_used());
    EXPECT_FALSE(MUST(queue.take()).has_value());
    fake.use(0, seen->id, 65);
    EXPECT_TRUE(queue.has_used());
    const QueueCompletion done = *MUST(queue.take());
    EXPECT_EQ(done.token, 77U);
    EXPECT_EQ(done.written, 65U);
    EXPECT_EQ(queue.free_descriptors(), 8);
    EXPECT_EQ(queue.in_flight(), 0);
}

TEST_F(VirtqueueTest, says_when_it_is_full) {
    for (u32 i = 0; i < 8; ++i) add(i);
    const QueueBuffer item = buffer(0, 1, Direction::ToDevice);
    EXPECT_ERROR(Error::Enobufs, queue.add({&item, 1}, 9));
    EXPECT_ERROR(Error::Einval, queue.add({}, 9));
}

TEST_F(VirtqueueTest, keeps_its_books_under_random_use) {
    test::Random random;
    std::map<u16, u32> at_device;  // chain to token
    std::map<u32, usize> lengths;  // token to descriptors
    u32 token = 0;
    for (int step = 0; step < 100'000; ++step) {
        switch (random.below(3)) {
            case 0: {
                QueueBuffer chain[4];
                const usize length = 1 + random.below(4);
                for (usize i = 0; i < length; ++i) chain[i] = buffer(i, 64, Direction::FromDevice);
                const auto added = queue.add({chain, length}, ++token);
                if (added) lengths[token] = length;
                if (!added) EXPECT_EQ(added.error(), Error::Enobufs);
                break;
            }
            case 1:
                if (const auto chain = fake.pop(0)) at_device[chain->id] = 1;
                break;
            case 2:
                if (!at_device.empty()) {
                    auto item = at_device.begin();
                    std::advance(item, random.below(at_device.size()));
                    fake.use(0, item->first, 3);
                    at_device.erase(item);
                    const auto done = MUST(queue.take());
                    ASSERT_TRUE(done.has_value());
                    ASSERT_EQ(lengths.erase(done->token), 1U);
                }
                break;
        }
        usize used = 0;
        for (const auto& [number, length] : lengths) used += length;
        ASSERT_EQ(queue.free_descriptors(), 8 - used);
    }
}

TEST_F(VirtqueueTest, respects_and_asks_for_silence) {
    EXPECT_TRUE(queue.wants_notification());
    fake.set_used_flags(0, 1);
    EXPECT_FALSE(queue.wants_notification());
    EXPECT_TRUE(fake.wants_interrupt(0));
    queue.set_interrupts(Virtqueue::Interrupts::Off);
    EXPECT_FALSE(fake.wants_interrupt(0));
    queue.set_interrupts(Virtqueue::Interrupts::On);
    EXPECT_TRUE(fake.wants_interrupt(0));
}

/// Section 2.7.10 of virtio 1.2: a side is told when the other one's index passes the event.
bool passes(u16 event, u16 before, u16 after) {
    for (u16 index = before; index != after; ++index)
        if (index == event) return true;
    return false;
}

TEST_F(VirtqueueTest, notifies_when_it_passes_the_devices_event) {
    queue.use_event_index();
    test::Random random;
    u16 before = 0;
    u16 count = 0;
    for (u32 step = 0; step < 100'000; ++step) {
        for (usize n = random.below(4); n > 0 && queue.free_descriptors() > 0; --n) {
            add(step);
            ++count;
        }
        const u16 event = static_cast<u16>(before + random.below(12) - 4);
        fake.set_available_event(0, event);
        fake.set_used_flags(0, static_cast<u16>(random.below(2)));  // of no meaning now
        ASSERT_EQ(queue.wants_notification(), passes(event, before, count)) << step;
        before = count;
        while (const auto chain = fake.pop(0)) fake.use(0, chain->id, 0);
        while (MUST(queue.take())) {
        }
    }
}

TEST_F(VirtqueueTest, asks_for_the_next_interrupt_or_for_none) {
    queue.use_event_index();
    const auto uses_one = [&] {
        add(1);
        fake.use(0, fake.pop(0)->id, 0);
    };
    for (u32 lap = 0; lap < 70'000; ++lap) {
        const u16 used = fake.used_index(0);
        ASSERT_EQ(fake.used_event(0), used) << "as it was taken last";
        queue.set_interrupts(Virtqueue::Interrupts::Off);
        uses_one();
        uses_one();
        ASSERT_FALSE(passes(fake.used_event(0), used, fake.used_index(0)));
        MUST(queue.take());
        if (lap % 1000 == 0) {
            ASSERT_FALSE(passes(fake.used_event(0), used, static_cast<u16>(used + 60'000)));
        }
        queue.set_interrupts(Virtqueue::Interrupts::On);
        ASSERT_TRUE(queue.has_used()) << "came before, so it makes no interrupt";
        ASSERT_EQ(fake.used_event(0), static_cast<u16>(used + 1));
        MUST(queue.take());
        ASSERT_TRUE(fake.wants_interrupt(0)) << "the flag stays 0";
    }
}

TEST_F(VirtqueueTest, closes_when_the_device_names_what_it_was_not_given) {
    add(1);
    fake.use(0, 5, 0);
    EXPECT_ERROR(Error::Eio, queue.take());
    EXPECT_TRUE(queue.is_broken());
    const QueueBuffer item = buffer(0, 1, Direction::ToDevice);
    EXPECT_ERROR(Error::Eio, queue.add({&item, 1}, 9));
    EXPECT_FALSE(queue.wants_notification());
}

TEST_F(VirtqueueTest, closes_on_an_index_beyond_the_queue) {
    add(1);
    fake.use(0, 0xffff'ffff, 0);
    EXPECT_ERROR(Error::Eio, queue.take());
}

TEST_F(VirtqueueTest, closes_when_a_chain_comes_back_twice) {
    add(1);
    const u16 id = fake.pop(0)->id;
    fake.use(0, id, 0);
    EXPECT_TRUE(MUST(queue.take()).has_value());
    fake.use(0, id, 0);
    EXPECT_ERROR(Error::Eio, queue.take());
}

TEST_F(VirtqueueTest, closes_when_more_was_written_than_there_was_room) {
    add(1, 16);
    fake.use(0, fake.pop(0)->id, 17);
    EXPECT_ERROR(Error::Eio, queue.take());
}

TEST_F(VirtqueueTest, closes_when_the_used_index_jumps) {
    add(1);
    fake.set_used_index(0, 9);
    EXPECT_ERROR(Error::Eio, queue.take());
}

TEST_F(VirtqueueTest, survives_a_device_that_scribbles_over_the_rings) {
    for (u64 seed = 1; seed <= 300; ++seed) {
        test::Random random(seed);
        VirtqueueOf<8> victim;
        std::memset(memory.data(), 0, 1024);
        victim.initialise(memory.bytes(), memory.address(), 8);
        for (int step = 0; step < 200; ++step) {
            memory.data()[random.below(Virtqueue::memory_size(8))] = random.byte();
            const QueueBuffer item = buffer(0, 64, Direction::FromDevice);
            (void)victim.add({&item, 1}, 1);
            if (const auto done = victim.take(); done && *done) EXPECT_LE((*done)->written, 64U);
            ASSERT_LE(victim.free_descriptors(), 8);
        }
    }
}

class VirtioDeviceTest : public testing::Test {
  protected:
    test::HostedFrames frames{64};
    FakeVirtio fake;
};

TEST_F(VirtioDeviceTest, goes_through_the_handshake_in_order) {
    fake.features |= 0b110;
    VirtioDevice device(fake.transport());
    MUST(device.negotiate(0b011));
    EXPECT_EQ(fake.accepted, VIRTIO_FEATURE_VERSION_1 | 0b010);
    EXPECT_TRUE(device.has_feature(0b010));
    EXPECT_FALSE(device.has_feature(0b100));
    MUST(device.start());
    EXPECT_EQ(fake.status_history, (std::vector<u8>{0, 1, 3, 11, 15}));
}

TEST_F(VirtioDeviceTest, is_reset_in_the_end) {
    {
        VirtioDevice device(fake.transport());
        MUST(device.negotiate(0));
    }
    EXPECT_EQ(fake.status(), 0);
}

TEST_F(VirtioDeviceTest, refuses_devices_that_do_not_follow) {
    fake.features = 0;
    EXPECT_ERROR(Error::Eopnotsupp, VirtioDevice(fake.transport()).negotiate(0)) << "legacy";
    fake.features = VIRTIO_FEATURE_VERSION_1;
    fake.refuses_features = true;
    EXPECT_ERROR(Error::Eio, VirtioDevice(fake.transport()).negotiate(0));
    fake.never_resets = true;
    EXPECT_ERROR(Error::Eio, VirtioDevice(fake.transport()).negotiate(0));
}

TEST_F(VirtioDeviceTest, checks_queues_against_the_devices_limit) {
    auto memory = MUST(memory::DmaBuffer::create(PAGE_SIZE));
    VirtqueueOf<16> queue;
    queue.initialise(memory.bytes(), memory.address(), 16);
    VirtioDevice device(fake.transport());
    MUST(device.enable_queue(3, queue));
    EXPECT_TRUE(fake.is_enabled(3));
    fake.queue_limit = 8;
    EXPECT_ERROR(Error::Eopnotsupp, device.enable_queue(4, queue));
    fake.queue_limit = 0;
    EXPECT_ERROR(Error::Enodev, device.enable_queue(4, queue));
}

TEST_F(VirtioDeviceTest, reads_numbers_of_the_configuration_whole) {
    fake.configuration = {0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12};
    VirtioDevice device(fake.transport());
    EXPECT_EQ(MUST(device.configuration32(4)), 0x12345678U);
    EXPECT_EQ(MUST(device.configuration32(0x1000)), 0U) << "beyond the registers";
}

TEST_F(VirtioDeviceTest, slots_may_be_empty_or_legacy) {
    fake.type = 0;
    EXPECT_ERROR(Error::Enodev, MmioTransport::open(fake.registers(), 0x200, 40));
    fake.type = 3;
    fake.version = 1;
    EXPECT_ERROR(Error::Eopnotsupp, MmioTransport::open(fake.registers(), 0x200, 40));
    fake.magic = 0;
    EXPECT_ERROR(Error::Enodev, MmioTransport::open(fake.registers(), 0x200, 40));
    EXPECT_ERROR(Error::Enodev, MmioTransport::open(fake.registers(), 0x80, 40));
}

}  // namespace
}  // namespace exo::drivers
