// What execve makes of the caller's identity: set-id bits, capabilities, and what takes them away.
#include "posix_x/credentials/gained.hpp"

#include "fs/machine.hpp"
#include "posix_x/process/process_tree.hpp"
#include "support/failing_allocations.hpp"

namespace exo::posix_x {
namespace {

using test::FsMachine;

constexpr UserId USER = 1000;
constexpr UserId OTHER = 1001;
constexpr GroupId GROUP = 100;
constexpr GroupId OTHER_GROUP = 101;
constexpr CapabilitySet bit(Capability capability) { return 1ULL << static_cast<u32>(capability); }
constexpr CapabilitySet KILL = bit(Capability::Kill);
constexpr CapabilitySet SETUID = bit(Capability::Setuid);
constexpr CapabilitySet NICE = bit(Capability::SysNice);

/// A task that executes programs, and what it is before that.
class Gained : public testing::Test {
  protected:
    Gained() {
        process = MUST(make_ref<Process>(50));
        task = MUST(make_ref<Task>(process, 50));
        task->resources.lock()->paths = machine.context;
        fs::tmpfs::init(64 * MIB);
        MUST(machine.mkdir("/nosuid"));
        MUST(fs::mount(*machine.mounts,
                       {"tmpfs", MUST(machine.find("/nosuid")), "tmpfs", abi::MountFlags::Nosuid, ""}));
        become(USER, GROUP, 0);
    }

    Ref<Identity> become(UserId uid, GroupId gid, CapabilitySet permitted) {
        auto next = MUST(make_ref<Identity>());
        next->uid = next->euid = next->suid = next->fsuid = uid;
        next->gid = next->egid = next->sgid = next->fsgid = gid;
        next->effective = next->permitted = permitted;
        task->set_identity(next);
        return next;
    }
    Result<NewCredentials> try_execute(u32 mode, UserId owner, GroupId group, std::string_view folder) {
        const std::string path = std::string(folder) + "/program";
        (void)machine.unlink(path);
        MUST(machine.make_file(path));
        const fs::Target target(MUST(machine.find(path)));
        MUST(fs::change_owner(target, owner, group, {.groups = {}}));
        MUST(fs::change_mode(target, mode, {.groups = {}}));
        const Ref<fs::File> file = MUST(machine.open(path));
        return credentials_for(*task, *file);
    }
    NewCredentials execute(u32 mode, UserId owner = 0, GroupId group = 0, std::string_view folder = "") {
        return MUST(try_execute(mode, owner, group, folder));
    }

    FsMachine machine;
    Ref<Process> process;
    Ref<Task> task;
};

TEST_F(Gained, an_ordinary_program_leaves_the_caller_what_it_is) {
    const NewCredentials gained = execute(0755);
    const Identity& next = *gained.identity;
    EXPECT_EQ(next.uid, USER);
    EXPECT_EQ(next.euid, USER);
    EXPECT_EQ(next.egid, GROUP);
    EXPECT_EQ(next.permitted | next.effective, 0U);
    EXPECT_FALSE(gained.is_secure || gained.has_gained || gained.is_another);
    EXPECT_TRUE(gained.is_dumpable);
}

TEST_F(Gained, a_set_user_bit_gives_the_owners_id_and_roots_capabilities) {
    become(USER, GROUP, 0)->bounding = ALL_CAPABILITIES & ~NICE;
    const NewCredentials gained = execute(04755);
    const Identity& next = *gained.identity;
    EXPECT_EQ(next.uid, USER);
    EXPECT_EQ(next.euid, 0U);
    EXPECT_EQ(next.suid, 0U);
    EXPECT_EQ(next.fsuid, 0U);
    EXPECT_EQ(next.egid, GROUP);
    EXPECT_EQ(next.permitted, ALL_CAPABILITIES & ~NICE) << "the bounding set bounds them";
    EXPECT_EQ(next.effective, next.permitted);
    EXPECT_TRUE(gained.is_secure && gained.has_gained && gained.is_another);
    EXPECT_FALSE(gained.is_dumpable);
}

TEST_F(Gained, another_users_set_user_bit_gives_no_capability) {
    const NewCredentials gained = execute(04755, OTHER);
    EXPECT_EQ(gained.identity->euid, OTHER);
    EXPECT_EQ(gained.identity->suid, OTHER);
    EXPECT_EQ(gained.identity->permitted, 0U);
    EXPECT_TRUE(gained.is_secure);
}

/// LINUX: without the group's right to execute, the bit means mandatory locking.
TEST_F(Gained, a_set_group_bit_counts_with_the_groups_right_to_execute) {
    const NewCredentials gained = execute(02755, OTHER, OTHER_GROUP);
    EXPECT_EQ(gained.identity->euid, USER);
    EXPECT_EQ(gained.identity->egid, OTHER_GROUP);
    EXPECT_EQ(gained.identity->sgid, OTHER_GROUP);
    EXPECT_EQ(gained.identity->fsgid, OTHER_GROUP);
    EXPECT_EQ(gained.identity->gid, GROUP);
    EXPECT_TRUE(gained.is_secure);
    const NewCredentials locking = execute(02745, OTHER, OTHER_GROUP);
    EXPECT_EQ(locking.identity->egid, GROUP);
    EXPECT_FALSE(locking.is_secure || locking.has_gained);
}

TEST_F(Gained, nosuid_mounts_and_no_new_privileges_take_the_bits_away) {
    const NewCredentials on_nosuid = execute(06755, 0, 0, "/nosuid");
    EXPECT_EQ(on_nosuid.identity->euid, USER);
    EXPECT_EQ(on_nosuid.identity->egid, GROUP);
    EXPECT_FALSE(on_nosuid.is_secure || on_nosuid.has_gained);
    become(USER, GROUP, 0)->no_new_privileges = true;
    const NewCredentials without = execute(06755);
    EXPECT_EQ(without.identity->euid, USER);
    EXPECT_EQ(without.identity->egid, GROUP);
    EXPECT_EQ(without.identity->permitted, 0U);
    EXPECT_FALSE(without.is_secure || without.has_gained);
    EXPECT_TRUE(without.identity->no_new_privileges);
}

TEST_F(Gained, no_new_privileges_keeps_root_from_capabilities_that_it_gave_up) {
    become(0, 0, KILL)->no_new_privileges = true;
    EXPECT_EQ(execute(0755).identity->permitted, KILL);
    become(0, 0, KILL);
    EXPECT_EQ(execute(0755).identity->permitted, ALL_CAPABILITIES);
}

TEST_F(Gained, capabilities_pass_through_the_ambient_set_only) {
    const Ref<Identity> old = become(USER, GROUP, KILL | SETUID);
    old->ambient = old->inheritable = KILL;
    old->keeps_capabilities = true;
    const NewCredentials gained = execute(0755);
    EXPECT_EQ(gained.identity->permitted, KILL);
    EXPECT_EQ(gained.identity->effective, KILL);
    EXPECT_EQ(gained.identity->ambient, KILL);
    EXPECT_EQ(gained.identity->inheritable, KILL);
    EXPECT_FALSE(gained.identity->keeps_capabilities);
    EXPECT_FALSE(gained.is_secure || gained.is_another);
    const NewCredentials secure = execute(04755, OTHER);
    EXPECT_EQ(secure.identity->ambient | secure.identity->permitted, 0U) << "a set-id program starts without";
}

TEST_F(Gained, inheritable_capabilities_are_roots_beyond_the_bounding_set) {
    const Ref<Identity> old = become(0, 0, KILL | NICE);
    old->bounding = SETUID;
    old->inheritable = NICE;
    EXPECT_EQ(execute(0755).identity->effective, SETUID | NICE);
}

/// The real user is root: permitted, and with an effective user who is not, nothing of it is in effect.
TEST_F(Gained, root_in_a_set_user_program_of_another_has_nothing_in_effect) {
    become(0, 0, ALL_CAPABILITIES);
    const NewCredentials gained = execute(04755, USER);
    EXPECT_EQ(gained.identity->euid, USER);
    EXPECT_EQ(gained.identity->permitted, ALL_CAPABILITIES);
    EXPECT_EQ(gained.identity->effective, 0U);
    EXPECT_TRUE(gained.is_secure);
    EXPECT_FALSE(gained.is_dumpable);
}

TEST_F(Gained, a_caller_with_another_effective_id_is_not_dumpable) {
    const Ref<Identity> old = become(USER, GROUP, 0);
    old->euid = old->fsuid = OTHER;
    const NewCredentials gained = execute(0755);
    EXPECT_EQ(gained.identity->euid, OTHER);
    EXPECT_EQ(gained.identity->suid, OTHER) << "the saved id follows the effective one";
    EXPECT_TRUE(gained.is_secure);
    EXPECT_FALSE(gained.is_dumpable);
    EXPECT_FALSE(gained.has_gained);
}

/// Another process with the same working directory and root could move them under a set-id program (CLONE_FS).
TEST_F(Gained, shared_paths_keep_set_id_bits_from_counting) {
    const Ref<UserRecord> user = MUST(UserRecord::of(0));
    const Ref<Process> other = MUST(make_ref<Process>(1));
    const Ref<Task> others_task = MUST(make_ref<Task>(other, 1));
    others_task->resources.lock()->paths = machine.context;
    other->signals.lock()->add_task(*others_task);
    EXPECT_TRUE(user->charge_process(1000));
    others_task->charged_user = user;
    PROCESSES.add_first(*other);

    const NewCredentials shared = execute(06755);
    EXPECT_EQ(shared.identity->euid, USER);
    EXPECT_EQ(shared.identity->egid, GROUP);
    EXPECT_EQ(shared.identity->permitted, 0U);
    EXPECT_TRUE(shared.is_secure) << "LINUX: AT_SECURE tells what the bits asked for";
    become(USER, GROUP, SETUID);
    const NewCredentials with_setuid = execute(04755);
    EXPECT_EQ(with_setuid.identity->euid, 0U);
    EXPECT_EQ(with_setuid.identity->permitted, SETUID) << "no more than before";

    become(USER, GROUP, 0);
    others_task->resources.lock()->paths = MUST(make_ref<fs::PathContext>(machine.mounts->root()));
    EXPECT_EQ(execute(04755).identity->euid, 0U) << "paths of its own";

    ReapedProcess reaped;
    auto tree = PROCESSES.lock();
    reaped = PROCESSES.remove_locked(*tree, *other);
    tree->init = nullptr;
    tree.unlock();
    other->signals.lock()->tasks.remove(*others_task);
}

TEST_F(Gained, a_failing_allocation_changes_nothing) {
    {
        const Ref<fs::File> file = [&] {
            (void)execute(04755);
            return MUST(machine.open("/program"));
        }();
        test::for_each_failing_allocation([&] {
            const auto gained = credentials_for(*task, *file);
            if (!gained) EXPECT_EQ(gained.error(), Error::Enomem);
        });
    }
    EXPECT_EQ(task->identity().euid, USER);
}

}  // namespace
}  // namespace exo::posix_x
