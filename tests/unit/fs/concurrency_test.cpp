// The tree of names, tmpfs and its pages, used by several CPUs at once: meant for the thread sanitizer.
//
// What it leaves out: the same bytes of a file read and written at once. As on Linux, a read of tmpfs takes no lock, and what
// it gets is up to the programs; so here nobody reads bytes that another CPU writes.
#include <algorithm>
#include <map>

#include "fs/machine.hpp"
#include "fs/tree/name_tree.hpp"
#include "support/random.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::fs {
namespace {

using abi::RenameFlags;
using test::CPUS;
using test::FsMachine;
using test::Random;
using test::Threads;

/// What a change may answer while others make theirs. Anything else is a mistake.
template <class T> bool is_one_of(const Result<T>& result, std::initializer_list<Error> errors) {
    return result || std::ranges::find(errors, result.error()) != errors.end();
}

struct Counts {
    explicit Counts(const FsMachine& machine) {
        shrink_dentry_cache();
        abi::statfs statistics;
        MUST(fill_statfs(MUST(machine.find("/")).inode(), nullptr, statistics));
        blocks = statistics.f_bfree;
        inodes = statistics.f_ffree;
        frames = test::HostedFrames::free_count();
    }
    friend bool operator==(const Counts&, const Counts&) = default;
    u64 blocks;
    u64 inodes;
    u64 frames;
};

/// Walks the whole tree: every listed name is found, link counts are right. Then takes it all away.
class Sweep {
  public:
    explicit Sweep(const FsMachine& machine) : machine_(machine) {}

    void check_below(const std::string& directory) {
        u64 folders = 0;
        for (const std::string& name : names_in(directory)) {
            const std::string path = directory + "/" + name;
            const abi::stat stat = stat_of(path);
            if (abi::is_directory(stat.st_mode)) {
                ++folders;
                check_below(path);
            } else {
                ++names_of_[stat.st_ino];
                links_of_[stat.st_ino] = stat.st_nlink;
            }
        }
        EXPECT_EQ(stat_of(directory).st_nlink, 2 + folders) << directory;
    }
    void check_links() const { EXPECT_EQ(names_of_, links_of_); }
    void remove_below(const std::string& directory) {
        for (const std::string& name : names_in(directory)) {
            const std::string path = directory + "/" + name;
            if (abi::is_directory(stat_of(path).st_mode)) {
                remove_below(path);
                MUST(machine_.rmdir(path));
            } else {
                MUST(machine_.unlink(path));
            }
        }
    }

  private:
    std::vector<std::string> names_in(const std::string& directory) const {
        std::vector<std::string> names = MUST(machine_.list(directory));
        std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
        return names;
    }
    abi::stat stat_of(const std::string& path) const {
        abi::stat stat;
        fill_stat(MUST(machine_.find(path, WalkFlags::None)).inode(), stat);
        return stat;
    }
    const FsMachine& machine_;
    std::map<u64, u64> names_of_;
    std::map<u64, u64> links_of_;
};

class Worker {
  public:
    Worker(const FsMachine& machine, u32 cpu) : machine_(machine), random_(cpu) {}

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            const std::string path = some_path();
            const std::string other = some_path();
            switch (random_.below(9)) {
                case 0: write_file(path); break;
                case 1: open_file(path); break;
                case 2:
                    expect(machine_.unlink(path), {Error::Enoent, Error::Enotdir, Error::Eisdir}, "unlink");
                    break;
                case 3:
                    expect(machine_.mkdir(path), {Error::Enoent, Error::Enotdir, Error::Eexist}, "mkdir");
                    break;
                case 4:
                    expect(machine_.rmdir(path), {Error::Enoent, Error::Enotdir, Error::Enotempty}, "rmdir");
                    break;
                case 5:
                    expect(machine_.link(path, other),
                           {Error::Enoent, Error::Enotdir, Error::Eexist, Error::Eperm}, "link");
                    break;
                case 6: list(path); break;
                default: rename(path, other);
            }
        }
    }

  private:
    template <class T>
    void expect(const Result<T>& result, std::initializer_list<Error> errors, const char* what) {
        EXPECT_TRUE(is_one_of(result, errors)) << what << ": " << static_cast<u32>(result.error());
    }
    std::string some_path() {
        std::string path = "/w/" + std::string(1, static_cast<char>('a' + random_.below(3)));
        for (usize depth = random_.below(3); depth != 0; --depth)
            path += "/" + std::string(1, static_cast<char>('a' + random_.below(4)));
        return path;
    }
    void rename(const std::string& from, const std::string& to) {
        const RenameFlags flags[] = {RenameFlags::None, RenameFlags::Noreplace, RenameFlags::Exchange};
        expect(machine_.rename(from, to, flags[random_.below(3)]),
               {Error::Enoent, Error::Enotdir, Error::Eisdir, Error::Eexist, Error::Enotempty, Error::Einval},
               "rename");
    }
    void write_file(const std::string& path) {
        const auto file = machine_.open(path, OpenFlags::Wronly | OpenFlags::Creat);
        expect(file, {Error::Enoent, Error::Enotdir, Error::Eisdir}, "create");
        if (file) MUST(FsMachine::write(**file, std::string(1 + random_.below(6000), 'x')));
    }
    void open_file(const std::string& path) {
        const auto file = machine_.open(path);
        expect(file, {Error::Enoent, Error::Enotdir}, "open");
        if (!file) return;
        abi::stat stat;
        fill_stat((*file)->inode(), stat);
        EXPECT_LE(stat.st_size, 6000);
    }
    void list(const std::string& path) {
        const auto names = machine_.list(path);
        expect(names, {Error::Enoent, Error::Enotdir}, "list");
        if (names) EXPECT_LE(names->size(), 6U);
    }
    const FsMachine& machine_;
    Random random_;
};

TEST(concurrency, a_tree_that_all_cpus_change) {
    test::start_cpus();
    const FsMachine machine;
    const Counts before(machine);
    MUST(machine.mkdir("/w"));
    Threads threads;
    threads.start_on_all([&](u32 cpu) { Worker(machine, cpu).run(2500); });
    threads.join();
    Sweep sweep(machine);
    sweep.check_below("/w");
    sweep.check_links();
    sweep.remove_below("/w");
    MUST(machine.rmdir("/w"));
    EXPECT_EQ(Counts(machine), before);
}

/// Files that everybody moves about: each is in one place at the end, with its own content.
TEST(concurrency, renames_lose_and_double_nothing) {
    constexpr u32 FILES = 12;
    test::start_cpus();
    const FsMachine machine;
    for (u32 i = 0; i < 4; ++i) MUST(machine.mkdir("/d" + std::to_string(i)));
    const auto place = [](u64 index) {
        return "/d" + std::to_string(index / 8) + "/" + std::to_string(index % 8);
    };
    for (u32 i = 0; i < FILES; ++i) MUST(machine.make_file(place(2 * i), std::to_string(i)));
    Threads threads;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu);
        for (u32 step = 0; step < 2500; ++step) {
            const auto flags = random.one_in(3) ? RenameFlags::Exchange : RenameFlags::Noreplace;
            const auto moved = machine.rename(place(random.below(32)), place(random.below(32)), flags);
            EXPECT_TRUE(is_one_of(moved, {Error::Enoent, Error::Eexist}));
        }
    });
    threads.join();
    std::vector<std::string> contents;
    for (u64 index = 0; index < 32; ++index)
        if (const auto content = machine.content(place(index))) contents.push_back(*content);
    std::ranges::sort(contents);
    EXPECT_EQ(contents.size(), FILES);
    EXPECT_EQ(std::ranges::adjacent_find(contents), contents.end());
}

/// One file, whose pages belong to the CPUs in turn: every word in it says where it stands, or is a hole.
TEST(concurrency, one_file_read_written_and_truncated) {
    constexpr u64 PAGES = 40;
    constexpr u64 WORDS = PAGE_SIZE / 8;
    test::start_cpus();
    const FsMachine machine;
    const Counts before(machine);
    MUST(machine.make_file("/f"));
    Threads threads;
    threads.start_on_all([&](u32 cpu) {
        Random random(cpu);
        const auto file = MUST(machine.open("/f", OpenFlags::Rdwr));
        std::vector<u64> words(WORDS);
        for (u32 step = 0; step < 3000; ++step) {
            const u64 page = random.below(PAGES / CPUS) * CPUS + cpu;
            const u64 skipped = random.below(WORDS);
            const u64 first = page * WORDS + skipped;
            const std::span<u64> piece(words.data(), 1 + random.below(WORDS - skipped));
            const std::span<u8> bytes(reinterpret_cast<u8*>(piece.data()), piece.size_bytes());
            if (random.one_in(12)) {
                MUST(file->truncate(PAGE_SIZE *
                                    random.below(PAGES)));  // no page is cut: that would be a write
            } else if (random.one_in(2)) {
                for (usize i = 0; i < piece.size(); ++i) piece[i] = first + i + 1;
                auto in = vm::InBuffer::from_kernel(bytes);
                ASSERT_EQ(MUST(file->write_at(in, 8 * first)), bytes.size());
            } else {
                auto out = vm::OutBuffer::from_kernel(bytes);
                const usize size = MUST(file->read_at(out, 8 * first));
                ASSERT_EQ(size % 8, 0U);
                for (usize i = 0; i < size / 8; ++i) ASSERT_TRUE(piece[i] == 0 || piece[i] == first + i + 1);
            }
        }
    });
    threads.join();
    MUST(machine.unlink("/f"));
    EXPECT_EQ(Counts(machine), before);
}

}  // namespace
}  // namespace exo::fs
