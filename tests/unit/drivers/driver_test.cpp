#include "drivers/driver.hpp"

#include <gtest/gtest.h>

#include "arch/upcalls.hpp"
#include "drivers/fake_virtio.hpp"
#include "drivers/interrupts.hpp"
#include "support/must.hpp"

namespace exo::drivers {
namespace {

class FakeDriver final : public Driver {
  public:
    FakeDriver(std::string_view name, bool is_there, Error error)
        : name_(name),
          is_there_(is_there),
          error_(error) {}
    std::string_view name() const override { return name_; }
    bool probe() override { return is_there_; }
    Result<> init() override {
        ++inits;
        if (error_ != Error{}) return error_;
        return {};
    }
    int inits = 0;

  private:
    std::string_view name_;
    bool is_there_;
    Error error_;
};

TEST(driver_registry, starts_what_is_there) {
    DriverRegistry registry;
    FakeDriver good("good", true, Error{});
    FakeDriver absent("absent", false, Error{});
    FakeDriver bad("bad", true, Error::Eio);
    FakeDriver twin("good", true, Error{});
    MUST(registry.add(good));
    MUST(registry.add(absent));
    MUST(registry.add(bad));
    EXPECT_ERROR(Error::Eexist, registry.add(twin));
    registry.start_all();
    registry.start_all();
    EXPECT_EQ(good.state(), DriverState::Ready);
    EXPECT_EQ(good.inits, 1);
    EXPECT_EQ(absent.state(), DriverState::Absent);
    EXPECT_EQ(absent.inits, 0);
    EXPECT_EQ(bad.state(), DriverState::Failed);
    EXPECT_EQ(registry.find("bad"), &bad);
    EXPECT_EQ(registry.find("none"), nullptr);
    usize count = 0;
    registry.for_each([&](Driver&) { ++count; });
    EXPECT_EQ(count, 3U);
    u8 byte = 0;
    EXPECT_ERROR(Error::Eopnotsupp, good.read({&byte, 1}));
    EXPECT_ERROR(Error::Eopnotsupp, good.write({&byte, 1}));
}

class Counter final : public InterruptHandler {
  public:
    void on_interrupt() override { ++count; }
    int count = 0;
};

TEST(interrupts, reach_everyone_on_the_line) {
    static Counter first;
    static Counter second;
    static u32 enabled_line = 0;
    const u32 line = test::fresh_line();
    const u64 unexpected = unexpected_interrupts();
    upcalls::interrupt(line);
    EXPECT_EQ(unexpected_interrupts(), unexpected + 1);
    set_line_enabler([](u32 number, LineMode) -> Result<> {
        enabled_line = number;
        return {};
    });
    MUST(connect_interrupt(line, LineMode::EdgeHigh, first));
    EXPECT_EQ(enabled_line, line);
    set_line_enabler(nullptr);
    MUST(connect_interrupt(line, LineMode::LevelLow, second));
    upcalls::interrupt(line);
    EXPECT_EQ(first.count, 1);
    EXPECT_EQ(second.count, 1);
    upcalls::interrupt(UINT32_MAX);
    EXPECT_EQ(unexpected_interrupts(), unexpected + 2);
    static Counter third;
    EXPECT_ERROR(Error::Einval, connect_interrupt(INTERRUPT_LINES, LineMode::EdgeHigh, third));
}

}  // namespace
}  // namespace exo::drivers
