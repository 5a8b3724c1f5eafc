#include "utils/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "support/random.hpp"

namespace exo {
namespace {

/// An interval that keeps the greatest end below it, as address spaces do: a summary that most changes leave alone.
struct Interval {
    u64 start;
    u64 end;
    u64 greatest_end = 0;
    TreeNode link{};
    Interval(u64 s, u64 e) : start(s), end(e) {}
};

struct ByStart {
    static u64 key(const Interval& interval) { return interval.start; }
};
struct Summary {
    static bool update(Interval& interval);
};
using Intervals = Tree<Interval, &Interval::link, ByStart, Summary>;

bool Summary::update(Interval& interval) {
    u64 greatest = interval.end;
    for (const Interval* child : {Intervals::left(interval), Intervals::right(interval)})
        if (child != nullptr) greatest = std::max(greatest, child->greatest_end);
    return std::exchange(interval.greatest_end, greatest) != greatest;
}

struct Checked {
    i32 height = 0;
    u64 greatest_end = 0;
};

/// Balance, heights, parents and summaries of a whole subtree, computed anew.
Checked check(const Interval* item, const TreeNode* parent) {
    if (item == nullptr) return {};
    EXPECT_EQ(item->link.parent, parent);
    const Checked left = check(Intervals::left(*item), &item->link);
    const Checked right = check(Intervals::right(*item), &item->link);
    EXPECT_LE(std::abs(left.height - right.height), 1);
    const Checked all{std::max(left.height, right.height) + 1,
                      std::max({item->end, left.greatest_end, right.greatest_end})};
    EXPECT_EQ(item->link.height, all.height);
    EXPECT_EQ(item->greatest_end, all.greatest_end);
    return all;
}

class TreeModel {
  public:
    void insert(u64 start, u64 end) {
        auto item = std::make_unique<Interval>(start, end);
        const bool is_new = !items_.contains(start);
        ASSERT_EQ(tree_.insert(*item), is_new);
        ASSERT_EQ(item->link.is_linked(), is_new);
        if (is_new) items_.emplace(start, std::move(item));
    }
    void insert_behind(u64 start, u64 end) {
        if (items_.contains(start)) return;
        auto item = std::make_unique<Interval>(start, end);
        tree_.insert_behind(tree_.floor(start), *item);
        ASSERT_TRUE(item->link.is_linked());
        items_.emplace(start, std::move(item));
    }
    void remove(u64 start) {
        const auto found = items_.find(start);
        ASSERT_EQ(tree_.find(start), found == items_.end() ? nullptr : found->second.get());
        if (found == items_.end()) return;
        tree_.remove(*found->second);
        ASSERT_FALSE(found->second->link.is_linked());
        items_.erase(found);
    }
    void change_end(u64 start, u64 end) {
        const auto found = items_.find(start);
        if (found == items_.end()) return;
        found->second->end = end;
        Intervals::summary_changed(*found->second);
    }
    void check_bounds(u64 key) {
        const auto lower = items_.lower_bound(key);
        ASSERT_EQ(tree_.lower_bound(key), lower == items_.end() ? nullptr : lower->second.get());
        const auto upper = items_.upper_bound(key);
        ASSERT_EQ(tree_.floor(key), upper == items_.begin() ? nullptr : std::prev(upper)->second.get());
    }
    void check_all() {
        ASSERT_EQ(tree_.size(), items_.size());
        check(tree_.root(), nullptr);
        ASSERT_EQ(tree_.size(), items_.size());
        Interval* item = tree_.first();
        const Interval* previous = nullptr;
        for (const auto& [start, expected] : items_) {
            ASSERT_EQ(item, expected.get());
            ASSERT_EQ(Intervals::previous(*item), previous);
            previous = item;
            item = Intervals::next(*item);
        }
        ASSERT_EQ(item, nullptr);
        ASSERT_EQ(tree_.last(), previous);
    }

  private:
    Intervals tree_;
    std::map<u64, std::unique_ptr<Interval>> items_;
};

TEST(tree, behaves_like_its_model_under_random_operations) {
    for (const usize keys : {10U, 100U, 1000U}) {
        test::Random random(keys);
        TreeModel model;
        for (int step = 0; step < 5'000; ++step) {
            const u64 key = random.below(keys);
            switch (random.below(5)) {
                case 0: model.insert(key, key + random.below(50)); break;
                case 1: model.insert_behind(key, key + random.below(50)); break;
                case 2: model.remove(key); break;
                case 3: model.change_end(key, key + random.below(5000)); break;
                case 4: model.check_bounds(key); break;
            }
            if (step % 8 == 0) model.check_all();
        }
        model.check_all();
    }
}

TEST(tree, stays_balanced_when_keys_come_in_order) {
    TreeModel model;
    for (u64 key = 0; key < 1000; ++key) model.insert(key, key);
    model.check_all();
    for (u64 key = 0; key < 1000; key += 2) model.remove(key);
    model.check_all();
    for (u64 key = 1000; key-- > 0;) model.remove(key);
    model.check_all();
}

}  // namespace
}  // namespace exo
