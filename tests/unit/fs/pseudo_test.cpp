#include "fs/pseudo/pseudo.hpp"

#include "fs/machine.hpp"

namespace exo::fs {
namespace {

using test::FsMachine;

struct Counter {
    static inline int generated = 0;
    static inline std::string accepted;
};

/// Names that come and go, as processes do.
class Numbers final : public GeneratedDirectory {
  public:
    explicit Numbers(Ref<FileSystem> file_system)
        : GeneratedDirectory(file_system, file_system->next_inode_number(), 0555) {}
    Result<Ref<Inode>> find(std::string_view name) override {
        for (const u64 number : alive) {
            if (name == std::to_string(number))
                return Ref<Inode>(TRY(make_ref<Numbers>(Ref<FileSystem>(&file_system()))));
        }
        return Ref<Inode>();
    }
    Result<> list(u64 cookie, DirectorySink sink) override {
        for (const u64 number : alive) {
            if (number + FIRST_COOKIE < cookie) continue;
            if (!sink({std::to_string(number), number, abi::mode::DIRECTORY, number + FIRST_COOKIE + 1}))
                break;
        }
        return {};
    }
    static inline std::vector<u64> alive{1, 5, 9};
};

TEST(pseudo, generated_content) {
    const FsMachine machine;
    MUST(init_procfs());
    StaticDirectory& root = *procfs().directory;
    MUST(root.add_file(
        "count", 0644, [](String& out) { return format_append(out, "generated {}\n", ++Counter::generated); },
        [](std::span<const u8> bytes, const Credentials&) -> Result<> {
            Counter::accepted.assign(bytes.begin(), bytes.end());
            return {};
        }));
    MUST(root.add_link("self", [](String& out) { return out.append("5"); }));
    Ref<StaticDirectory> sys = MUST(root.add_directory("sys"));
    EXPECT_EQ(MUST(root.add_directory("sys")), sys);
    EXPECT_ERROR(Error::Enotdir, root.add_directory("count"));
    EXPECT_ERROR(Error::Eexist, root.add("count", sys));
    root.set_fallback(MUST(make_ref<Numbers>(procfs().file_system)));
    MUST(machine.mkdir("/proc"));
    MUST(fs::mount(*machine.mounts, {"proc", MUST(machine.find("/proc")), "proc", {}, ""}));

    auto file = MUST(machine.open("/proc/count", OpenFlags::Rdwr));
    EXPECT_EQ(MUST(FsMachine::read(*file, 4)), "gene");
    EXPECT_EQ(MUST(FsMachine::read(*file)), "rated 1\n") << "one snapshot";
    EXPECT_EQ(MUST(FsMachine::read(*file)), "");
    MUST(file->seek(0, abi::SeekWhence::Set));
    EXPECT_EQ(MUST(FsMachine::read(*file)), "generated 2\n");
    MUST(FsMachine::write(*file, "42\n"));
    EXPECT_EQ(Counter::accepted, "42\n");
    EXPECT_EQ(file->inode().size(), 0U);

    const std::vector<std::string> all{".", "..", "count", "self", "sys", "1", "5", "9"};
    EXPECT_EQ(MUST(machine.list("/proc")), all);
    EXPECT_EQ(machine.path_of(MUST(machine.find("/proc/self"))), "/proc/5");
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/2"));
    Numbers::alive = {2};
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/5")) << "the name is not cached";
    EXPECT_TRUE(machine.find("/proc/2").has_value());
    EXPECT_ERROR(Error::Enoent, machine.find("/proc/self"));
    // LINUX: a name that is not there cannot even be looked up.
    EXPECT_ERROR(Error::Enoent, machine.make_file("/proc/new"));
    EXPECT_ERROR(Error::Enoent, machine.mkdir("/proc/new"));
    EXPECT_ERROR(Error::Eperm, machine.unlink("/proc/count"));
    EXPECT_ERROR(Error::Enoent, machine.rename("/proc/count", "/proc/other"));
}

}  // namespace
}  // namespace exo::fs
