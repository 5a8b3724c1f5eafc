#include "utils/list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "support/random.hpp"

namespace exo {
namespace {

struct Task {
    u32 number = 0;
    ListNode run_link{};
    ListNode all_link{};
};
using RunList = List<Task, &Task::run_link>;
using AllList = List<Task, &Task::all_link>;

void expect_equal(RunList& list, const std::list<u32>& model) {
    ASSERT_EQ(list.count(), model.size());
    ASSERT_EQ(list.is_empty(), model.empty());
    auto expected = model.begin();
    for (const Task& task : list) ASSERT_EQ(task.number, *expected++);
    if (model.empty()) {
        ASSERT_EQ(list.front(), nullptr);
        ASSERT_EQ(list.back(), nullptr);
    } else {
        ASSERT_EQ(list.front()->number, model.front());
        ASSERT_EQ(list.back()->number, model.back());
    }
}

TEST(list, behaves_like_its_model_under_random_operations) {
    test::Random random;
    std::vector<Task> tasks(32);
    for (u32 i = 0; i < tasks.size(); ++i) tasks[i].number = i;
    RunList lists[2];
    std::list<u32> models[2];
    for (int step = 0; step < 50'000; ++step) {
        const usize which = random.below(2);
        RunList& list = lists[which];
        std::list<u32>& model = models[which];
        Task& task = tasks[random.below(tasks.size())];
        const auto place = std::ranges::find(model, task.number);
        if (place != model.end()) {
            RunList::remove(task);
            model.erase(place);
        } else if (!task.run_link.is_linked()) {
            switch (random.below(3)) {
                case 0:
                    list.push_back(task);
                    model.push_back(task.number);
                    break;
                case 1:
                    list.push_front(task);
                    model.push_front(task.number);
                    break;
                case 2:
                    if (!model.empty()) {
                        list.insert_before(*list.back(), task);
                        model.insert(std::prev(model.end()), task.number);
                    }
                    break;
            }
        } else if (random.one_in(4)) {
            list.splice_back(lists[1 - which]);
            model.splice(model.end(), models[1 - which]);
        } else if (!model.empty()) {
            ASSERT_EQ(list.pop_front()->number, model.front());
            model.pop_front();
        }
        expect_equal(lists[0], models[0]);
        expect_equal(lists[1], models[1]);
    }
}

TEST(list, lets_a_loop_remove_the_current_item) {
    std::vector<Task> tasks(10);
    RunList list;
    for (u32 i = 0; i < tasks.size(); ++i) {
        tasks[i].number = i;
        list.push_back(tasks[i]);
    }
    for (Task& task : list) {
        if (task.number % 2 == 0) task.run_link.unlink();
    }
    expect_equal(list, {1, 3, 5, 7, 9});
}

TEST(list, an_item_can_be_in_one_list_per_link) {
    Task task;
    RunList run;
    AllList all;
    run.push_back(task);
    all.push_back(task);
    EXPECT_EQ(run.front(), all.front());
    EXPECT_EQ(run.pop_front(), &task);
    EXPECT_EQ(all.front(), &task);
}

TEST(list_death, debug_builds_refuse_a_second_list_for_one_link) {
    Task task;
    RunList one;
    RunList other;
    one.push_back(task);
    EXPECT_DEATH(other.push_back(task), "");
}

}  // namespace
}  // namespace exo
