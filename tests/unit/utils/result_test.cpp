#include "utils/result.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/failing_allocations.hpp"
#include "support/must.hpp"
#include "utils/box.hpp"
#include "utils/object.hpp"
#include "utils/scope.hpp"

namespace exo {
namespace {

Result<u32> half(u32 value) {
    if (value % 2 != 0) return Error::Edom;
    return value / 2;
}
Result<> check_even(u32 value) {
    TRY(half(value));
    return {};
}
Result<u32> nested(u32 value) { return TRY(half(TRY(half(value)))) +TRY(half(value)); }
Result<std::unique_ptr<u32>> boxed(u32 value) {
    auto box = std::make_unique<u32>(TRY(half(value)));
    return box;
}
Result<u32> through_a_box(u32 value) {
    const std::unique_ptr<u32> box = TRY(boxed(value));
    return *box;
}

TEST(result, try_takes_the_value_or_returns_the_error) {
    EXPECT_EQ(MUST(nested(8)), 6U);
    EXPECT_ERROR(Error::Edom, nested(6));
    EXPECT_TRUE(check_even(2).has_value());
    EXPECT_ERROR(Error::Edom, check_even(3));
    EXPECT_EQ(MUST(through_a_box(4)), 2U);
    EXPECT_ERROR(Error::Edom, through_a_box(5));
}

TEST(result, internal_errors_have_an_errno) {
    EXPECT_EQ(to_errno(Error::Enoent), 2);
    EXPECT_EQ(to_errno(Error::NotMapped), 14);
    for (u16 value = 4096; value <= static_cast<u16>(Error::RestartWithBlock); ++value)
        EXPECT_LT(to_errno(static_cast<Error>(value)), 4096);
}

TEST(scope_exit, runs_unless_released) {
    int runs = 0;
    {
        ScopeExit undo{[&] { ++runs; }};
        ScopeExit released{[&] { runs += 10; }};
        released.release();
    }
    EXPECT_EQ(runs, 1);
}

class Counted : public Object {
  public:
    explicit Counted(int& alive) : alive_(alive) { ++alive_; }
    ~Counted() override { --alive_; }

  private:
    int& alive_;
};
class Derived final : public Counted {
    using Counted::Counted;
};

TEST(ref, counts_owners_and_destroys_with_the_last) {
    int alive = 0;
    {
        Ref<Derived> first = MUST(make_ref<Derived>(alive));
        EXPECT_EQ(first->reference_count(), 1U);
        Ref<Counted> base = first;
        EXPECT_EQ(first->reference_count(), 2U);
        Ref<Counted> moved = std::move(base);
        EXPECT_FALSE(base);  // NOLINT(bugprone-use-after-move): that is what is tested
        EXPECT_EQ(first->reference_count(), 2U);
        Counted* const before = moved.get();
        moved = Ref<Counted>(before);
        EXPECT_EQ(moved.get(), before);
        EXPECT_EQ(static_ref_cast<Derived>(moved), first);
        first = nullptr;
        EXPECT_EQ(alive, 1);
        Counted* leaked = moved.leak();
        EXPECT_TRUE(leaked->try_retain());
        leaked->release();
        const Ref<Counted> adopted = Ref<Counted>::adopt(leaked);
        EXPECT_EQ(adopted->reference_count(), 1U);
    }
    EXPECT_EQ(alive, 0);
}

TEST(ref, makers_report_that_memory_is_short) {
    int alive = 0;
    const usize allocations = test::for_each_failing_allocation([&] {
        const auto object = make_ref<Derived>(alive);
        const auto box = make_box<u32>(1U);
        EXPECT_TRUE(object.has_value() || object.error() == Error::Enomem);
        EXPECT_TRUE(box.has_value() || box.error() == Error::Enomem);
        EXPECT_EQ(alive, object.has_value() ? 1 : 0);
    });
    EXPECT_EQ(allocations, 2U);
    EXPECT_EQ(alive, 0);
    const test::NoAllocations guard;
    EXPECT_ERROR(Error::Enomem, make_ref<Derived>(alive));
    EXPECT_ERROR(Error::Enomem, make_box<u32>(2U));
}

}  // namespace
}  // namespace exo
