// Who is whose child, in which group and session, and which numbers are free.
#include "posix_x/process/process_tree.hpp"

#include <vector>

#include "support/must.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {
namespace {

/// A tree with process 1; all leave it at the end.
class ProcessTreeTest : public testing::Test {
  protected:
    ProcessTreeTest() {
        tree.set_most(20'000);
        init = make(nullptr);
    }
    ~ProcessTreeTest() override {
        while (const Ref<Process> process = next_to(init)) reap(process.get());
        reap(init);
    }

    /// A child of `parent`, in its group and session; without one, process 1.
    Process* make(Process* parent, Relation relation = Relation::Child, Signal exit_signal = Signal::Chld) {
        const Ref<Process> process = MUST(make_ref<Process>(MUST(tree.reserve_pid())));
        process->signals.lock()->leader = make_task(*process, process->pid());
        if (parent == nullptr) {
            tree.add_first(*process);
        } else {
            const Ref<Task> creator = parent->signals.lock()->leader;
            tree.add(*process, *creator, relation, exit_signal);
        }
        return process.get();
    }
    Ref<Task> make_task(Process& process, Pid tid) {
        Ref<Task> task = MUST(make_ref<Task>(Ref<Process>(&process), tid));
        EXPECT_TRUE(user->charge_process(~0ULL));
        task->charged_user = user;
        return task;
    }
    /// As when it ends and is waited for: process 1 gets its children.
    void reap(Process* process) {
        ReapedProcess reaped;
        auto state = tree.lock();
        auto& children = process->links(*state).children;
        while (Process* child = children.lower_bound(u64{0})) {
            children.remove(*child);
            state->adopt(*init, *child);
        }
        reaped = tree.remove_locked(*state, *process);
        state.unlock();
    }
    Ref<Process> next_to(Process* process) {
        return Ref<Process>(tree.lock()->by_pid.lower_bound(process->pid() + 1));
    }
    void move(Process* process, Pid group, Pid session) {
        auto state = tree.lock();
        MUST(state->move_to(*process, group, session));
    }
    /// It leads a session and a group of its own.
    Process* make_leader(Process* parent) {
        Process* process = make(parent);
        move(process, process->pid(), process->pid());
        return process;
    }
    /// A child in a group of its own.
    Process* make_job(Process* parent) {
        Process* process = make(parent);
        move(process, process->pid(), session_of(parent));
        return process;
    }
    Pid session_of(Process* process) { return process->links(*tree.lock()).session; }
    void adopt(Process* parent, Process* child) {
        auto state = tree.lock();
        Process* old = child->links(*state).parent;
        old->links(*state).children.remove(*child);
        state->adopt(*parent, *child);
    }
    std::vector<Pid> children_of(Process* parent) {
        std::vector<Pid> pids;
        tree.any_child(*parent, [&](TreeState&, Process& child) {
            pids.push_back(child.pid());
            return false;
        });
        return pids;
    }
    std::vector<Pid> members_of(Pid group) {
        std::vector<Pid> pids;
        for (const Ref<Process>& member : MUST(tree.members_of(group))) pids.push_back(member->pid());
        return pids;
    }

    Ref<UserRecord> user = MUST(UserRecord::of(0));
    ProcessTree tree;
    Process* init;
};

TEST_F(ProcessTreeTest, children_are_in_the_order_in_which_they_became_children) {
    Process* a = make(init);
    Process* b = make(init);
    Process* grandchild = make(a);
    Process* c = make(init);
    EXPECT_EQ(children_of(init), (std::vector{a->pid(), b->pid(), c->pid()}));
    EXPECT_EQ(grandchild->parent_pid(), a->pid());
    adopt(init, grandchild);
    EXPECT_EQ(grandchild->parent_pid(), 1);
    EXPECT_EQ(children_of(init), (std::vector{a->pid(), b->pid(), c->pid(), grandchild->pid()}))
        << "the adopted one is the youngest, whatever its number";
    const Pid reaped = b->pid();
    reap(b);
    EXPECT_EQ(children_of(init), (std::vector{a->pid(), c->pid(), grandchild->pid()}));
    EXPECT_FALSE(tree.find(reaped));
}

TEST_F(ProcessTreeTest, a_walk_over_many_children_visits_each_once) {
    std::vector<Pid> pids;
    for (int i = 0; i < 1000; ++i) pids.push_back(make(init)->pid());
    EXPECT_EQ(children_of(init), pids) << "although it lets go of the lock";
    u32 visits = 0;
    EXPECT_TRUE(tree.any_child(*init, [&](TreeState&, Process& child) {
        ++visits;
        return child.pid() == pids[600];
    }));
    EXPECT_EQ(visits, 601U);
    EXPECT_EQ(members_of(0).size(), 1001U);
    EXPECT_EQ(
        MUST(tree.all_that([](const Process& process) { return process.pid() % 2 == 0; })).size(), 500U);
}

TEST_F(ProcessTreeTest, a_task_is_found_by_its_number) {
    Process* process = make(init);
    const Ref<Task> leader = tree.find_task(process->pid());
    ASSERT_TRUE(leader);
    EXPECT_EQ(leader->process.get(), process);
    EXPECT_EQ(tree.find_by_task(process->pid()).get(), process);

    const Ref<Task> task = make_task(*process, MUST(tree.reserve_pid()));
    const Pid tid = task->tid();
    EXPECT_FALSE(tree.find_task(tid)) << "it is not in the tree yet";
    tree.add_thread(*task);
    EXPECT_EQ(tree.find_task(tid).get(), task.get());
    EXPECT_EQ(tree.find_by_task(tid).get(), process);
    EXPECT_FALSE(tree.find(tid)) << "it is no process";
    tree.remove_thread(*task);
    EXPECT_FALSE(tree.find_task(tid));
    EXPECT_FALSE(tree.find_by_task(tid));
}

/// execve by a task that is not the leader.
TEST_F(ProcessTreeTest, a_new_leader_takes_the_number_of_the_old_one) {
    Process* process = make(init);
    const Ref<Task> task = make_task(*process, MUST(tree.reserve_pid()));
    const Pid tid = task->tid();
    tree.add_thread(*task);
    const Ref<Task> old = tree.find_task(process->pid());
    EXPECT_EQ(tree.become_leader(*task).get(), old.get());
    EXPECT_EQ(task->tid(), process->pid());
    EXPECT_EQ(tree.find_task(process->pid()).get(), task.get());
    EXPECT_FALSE(tree.find_task(tid)) << "its own number is free";
    EXPECT_EQ(tree.become_leader(*task).get(), task.get()) << "it is the leader already";
}

/// CLONE_PARENT.
TEST_F(ProcessTreeTest, a_sibling_has_its_creators_parent_and_exit_signal) {
    Process* parent = make(init);
    Process* creator = make(parent, Relation::Child, Signal::Usr1);
    Process* sibling = make(creator, Relation::Sibling, Signal::Usr2);
    EXPECT_EQ(sibling->parent_pid(), parent->pid());
    EXPECT_EQ(sibling->links(*tree.lock()).exit_signal, Signal::Usr1);
    EXPECT_EQ(children_of(creator), std::vector<Pid>{});
    Process* inits = make(init, Relation::Sibling, Signal::Usr2);
    EXPECT_EQ(inits->parent_pid(), 1) << "process 1 has no parent";
    EXPECT_EQ(inits->links(*tree.lock()).exit_signal, Signal::Usr2);
}

TEST_F(ProcessTreeTest, a_group_lives_as_long_as_it_has_members) {
    Process* leader = make_leader(init);
    Process* member = make(leader);
    const Pid group = leader->pid();
    EXPECT_EQ(members_of(group), (std::vector{leader->pid(), member->pid()}));
    move(leader, group, group);
    EXPECT_EQ(members_of(group), (std::vector{leader->pid(), member->pid()})) << "it joins what it is in";
    Process* job = make_job(leader);
    EXPECT_TRUE(tree.lock()->group_is_in_session(job->pid(), group));
    EXPECT_FALSE(tree.lock()->group_is_in_session(job->pid(), 0));
    const Pid job_group = job->pid();
    move(job, group, group);
    EXPECT_FALSE(tree.lock()->has_group(job_group));
    EXPECT_EQ(members_of(group), (std::vector{leader->pid(), member->pid(), job->pid()}));
    EXPECT_EQ(members_of(job_group), std::vector<Pid>{});
    reap(job);
    reap(member);
    reap(leader);
    EXPECT_FALSE(tree.lock()->has_group(group));
    EXPECT_FALSE(tree.lock()->has_session(group));
    EXPECT_TRUE(tree.lock()->has_session(0));
}

TEST_F(ProcessTreeTest, a_group_is_orphaned_without_a_parent_in_another_group_of_its_session) {
    Process* shell = make_leader(init);
    EXPECT_TRUE(tree.is_orphaned(shell->pid())) << "process 1 controls no jobs";
    Process* job = make_job(shell);
    EXPECT_FALSE(tree.is_orphaned(job->pid()));
    Process* worker = make(job);  // its parent is in the same group
    EXPECT_FALSE(tree.is_orphaned(job->pid()));
    job->state = ProcessState::Zombie;
    EXPECT_TRUE(tree.is_orphaned(job->pid())) << "a zombie ties nothing";
    job->state = ProcessState::Running;
    adopt(init, job);
    EXPECT_TRUE(tree.is_orphaned(job->pid()));
    adopt(shell, worker);
    EXPECT_FALSE(tree.is_orphaned(job->pid())) << "one member is enough";
    Process* daemon = make_leader(shell);
    EXPECT_TRUE(tree.is_orphaned(daemon->pid())) << "the parent is in another session";
    EXPECT_TRUE(tree.is_orphaned(12345)) << "there is no such group";
}

TEST_F(ProcessTreeTest, orphans_go_to_the_nearest_living_subreaper) {
    Process* outer = make(init);
    Process* inner = make(outer);
    Process* parent = make(inner);
    const auto reaper = [&] { return tree.reaper_of(*parent)->pid(); };
    EXPECT_EQ(reaper(), 1);
    parent->links(*tree.lock()).is_subreaper = true;
    EXPECT_EQ(reaper(), 1) << "who ends takes no children";
    outer->links(*tree.lock()).is_subreaper = true;
    EXPECT_EQ(reaper(), outer->pid());
    inner->links(*tree.lock()).is_subreaper = true;
    EXPECT_EQ(reaper(), inner->pid());
    inner->state = ProcessState::Zombie;
    EXPECT_EQ(reaper(), outer->pid());
}

TEST_F(ProcessTreeTest, a_subreaper_is_found_behind_many_generations) {
    Process* reaper = make(init);
    reaper->links(*tree.lock()).is_subreaper = true;
    Process* youngest = reaper;
    for (int i = 0; i < 1000; ++i) youngest = make(youngest);
    EXPECT_EQ(tree.reaper_of(*youngest)->pid(), reaper->pid());
}

/// pid_max is one for all trees.
class PidTest : public ProcessTreeTest {
  protected:
    PidTest() { pid_max.store(310); }
    ~PidTest() override { pid_max.store(MAX_PID); }
    void skip_to(Pid last) { tree.lock()->last_pid = last; }
};

TEST_F(PidTest, numbers_wrap_to_300_and_skip_what_is_taken) {
    skip_to(299);
    Process* leader = make_leader(init);  // 300
    Process* member = make(leader);       // 301
    Process* other = make(init);          // 302
    EXPECT_EQ(other->pid(), 302);
    skip_to(308);
    EXPECT_EQ(make(init)->pid(), 309);
    EXPECT_EQ(make(init)->pid(), 303) << "below 310, behind what is taken";
    // The leader's number is taken as long as its group is there, although no process has it.
    reap(leader);
    reap(other);
    skip_to(309);
    EXPECT_EQ(make(init)->pid(), 302);
    reap(member);
    skip_to(309);
    EXPECT_EQ(make(init)->pid(), 300);
}

TEST_F(PidTest, a_session_keeps_its_leaders_number_taken) {
    skip_to(299);
    Process* leader = make_leader(init);  // 300
    Process* job = make_job(leader);      // 301, another group of session 300
    reap(leader);
    skip_to(309);
    EXPECT_EQ(make(init)->pid(), 302);
    move(job, 0, 0);
    skip_to(309);
    EXPECT_EQ(make(init)->pid(), 300);
}

TEST_F(PidTest, there_are_as_many_numbers_as_fit) {
    skip_to(299);
    for (int i = 0; i < 9; ++i) make(init);  // with process 1, 10 of 310 - 300
    EXPECT_ERROR(Error::Eagain, tree.reserve_pid());
    tree.release_pid(0);
    EXPECT_EQ(MUST(tree.reserve_pid()), 309);
    EXPECT_ERROR(Error::Eagain, tree.reserve_pid());
    tree.release_pid(309);
}

TEST_F(ProcessTreeTest, there_are_no_more_processes_than_most) {
    tree.set_most(0);
    EXPECT_EQ(tree.most(), 20U) << "the least that it can be";
    std::vector<Process*> children;
    for (int i = 1; i < 20; ++i) children.push_back(make(init));
    EXPECT_ERROR(Error::Eagain, tree.reserve_pid());
    reap(children[3]);
    EXPECT_TRUE(tree.reserve_pid().has_value());
    tree.release_pid(0);
}

}  // namespace
}  // namespace exo::posix_x
