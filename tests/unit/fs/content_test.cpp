// The content of tmpfs files, its limits and its mount options.
#include <set>

#include "fs/cache/backing_store.hpp"
#include "fs/cache/page_tree.hpp"
#include "fs/machine.hpp"
#include "support/failing_allocations.hpp"
#include "support/random.hpp"

namespace exo::fs {
namespace {

using abi::FallocateMode;
using abi::SeekWhence;
using test::FsMachine;
using test::HostedFrames;

constexpr OpenFlags CREATE = OpenFlags::Creat | OpenFlags::Rdwr;

TEST(page_tree, agrees_with_a_map) {
    const HostedFrames frames(2048);
    const u64 free_before = HostedFrames::free_count();
    {
        PageTree tree;
        std::map<u64, u32> model;
        test::Random random(3);
        for (int i = 0; i < 20'000; ++i) {
            const u64 index = random.one_in(20) ? random.next() >> random.below(64) : random.below(300);
            if (!model.contains(index) && model.size() < 500 && random.one_in(2)) {
                auto frame = MUST(memory::FrameRef::allocate());
                model[index] = frame.number();
                MUST(tree.insert(index, std::move(frame)));
            } else {
                const auto removed = tree.remove(index);
                ASSERT_EQ(removed.number(), model.contains(index) ? model[index] : 0);
                model.erase(index);
            }
            const u64 probe = random.below(400);
            const auto next = model.lower_bound(probe);
            ASSERT_EQ(tree.next_present(probe),
                      next == model.end() ? std::nullopt : std::optional(next->first));
            ASSERT_EQ(tree.find(probe).number(), model.contains(probe) ? model[probe] : 0);
            ASSERT_EQ(tree.count(), model.size());
        }
    }
    EXPECT_EQ(HostedFrames::free_count(), free_before);
}

TEST(page_tree, finds_what_is_dirty_or_being_written) {
    const HostedFrames frames(2048);
    PageTree tree;
    std::map<u64, bool> unstored;  ///< Whether it is being written.
    std::set<u64> present;
    test::Random random(4);
    for (int i = 0; i < 20'000; ++i) {
        const u64 index = random.one_in(20) ? random.next() >> random.below(64) : random.below(300);
        const bool is_there = present.contains(index);
        const bool is_unstored = unstored.contains(index);
        switch (random.below(5)) {
            case 0:
                if (is_there || present.size() == 400) break;
                MUST(tree.insert(index, MUST(memory::FrameRef::allocate()),
                                 random.one_in(2) ? PageTree::Content::Dirty : PageTree::Content::Written));
                present.insert(index);
                if (!tree.is_clean(index)) unstored[index] = false;
                break;
            case 1:
                EXPECT_EQ(static_cast<bool>(tree.remove(index)), is_there);
                present.erase(index);
                unstored.erase(index);
                break;
            case 2:
                tree.mark_dirty(index);
                if (is_there) unstored.try_emplace(index, false);
                break;
            case 3:
                if (!is_unstored || unstored[index]) break;
                EXPECT_TRUE(tree.begin_writing(index));
                unstored[index] = true;
                break;
            default:
                if (!is_unstored || !unstored[index]) break;
                if (random.one_in(2)) {
                    tree.end_writing(index, PageTree::Outcome::Failed);
                    unstored[index] = false;
                } else {
                    tree.end_writing(index, PageTree::Outcome::Stored);
                    unstored.erase(index);
                    // Marked as dirty while it was being written.
                    if (!tree.is_clean(index)) unstored[index] = false;
                }
        }
        ASSERT_EQ(tree.is_writing(index), unstored.contains(index) && unstored[index]);
        ASSERT_EQ(tree.is_clean(index), present.contains(index) && !unstored.contains(index));
        const u64 probe = random.one_in(2) ? random.below(400) : index;
        const auto next = unstored.lower_bound(probe);
        ASSERT_EQ(tree.next_unstored(probe),
                  next == unstored.end() ? std::nullopt : std::optional(next->first));
    }
}

TEST(content, holes_read_as_zeros_and_cost_nothing) {
    const FsMachine machine;
    auto file = MUST(machine.open("/f", CREATE));
    file->set_position(1 << 20);
    MUST(FsMachine::write(*file, "end"));
    EXPECT_EQ(file->inode().attributes().allocated_bytes, PAGE_SIZE);
    file->set_position(0);
    EXPECT_TRUE(MUST(FsMachine::read(*file, 2 << 20)) == std::string(1 << 20, '\0') + "end");
    EXPECT_EQ(MUST(file->seek(0, SeekWhence::Data)), 1U << 20);
    EXPECT_EQ(MUST(file->seek(5, SeekWhence::Hole)), 5U);
    EXPECT_EQ(MUST(file->seek(1 << 20, SeekWhence::Hole)), (1U << 20) + 3);
    EXPECT_ERROR(Error::Enxio, file->seek((1 << 20) + 3, SeekWhence::Data));
}

TEST(content, what_was_cut_off_never_comes_back) {
    const FsMachine machine;
    auto file = MUST(machine.open("/f", CREATE));
    MUST(FsMachine::write(*file, std::string(10'000, 'x')));
    MUST(file->truncate(5'000));
    MUST(file->truncate(9'000));
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), std::string(5'000, 'x') + std::string(4'000, '\0'));
    EXPECT_EQ(file->inode().attributes().allocated_bytes, 2 * PAGE_SIZE);
}

TEST(content, pages_for_mappings) {
    const FsMachine machine;
    auto file = MUST(machine.open("/f", CREATE));
    MUST(FsMachine::write(*file, "mapped"));
    auto source = MUST(file->page_source());
    const memory::FrameRef page = MUST(source->get_page(0, vm::PageAccess::Write));
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(page.data()), 7),
              std::string_view("mapped\0", 7));
    EXPECT_ERROR(Error::Einval, source->get_page(1, vm::PageAccess::Read));
    page.data()[0] = 'M';
    page.data()[100] = '!';
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), "Mapped");
    // What a program wrote behind the end is gone when the file grows.
    MUST(file->truncate(200));
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), "Mapped" + std::string(194, '\0'));
    MUST(file->truncate(0));
    EXPECT_ERROR(Error::Einval, source->get_page(0, vm::PageAccess::Read));
    EXPECT_FALSE(source->peek_page(0));
}

TEST(content, allocation_and_holes) {
    const FsMachine machine({.max_bytes = 16 * PAGE_SIZE, .mode = 0755});
    auto file = MUST(machine.open("/f", CREATE));
    MUST(file->allocate(FallocateMode::KeepSize, 0, 3 * PAGE_SIZE));
    EXPECT_EQ(file->inode().size(), 0U);
    EXPECT_EQ(file->inode().attributes().allocated_bytes, 3 * PAGE_SIZE);
    MUST(file->allocate(FallocateMode::None, 0, 5 * PAGE_SIZE));
    EXPECT_EQ(file->inode().size(), 5 * PAGE_SIZE);
    EXPECT_ERROR(Error::Enospc, file->allocate(FallocateMode::None, 0, 17 * PAGE_SIZE));
    EXPECT_EQ(file->inode().attributes().allocated_bytes, 5 * PAGE_SIZE) << "nothing changed";
    EXPECT_ERROR(Error::Eopnotsupp, file->allocate(FallocateMode::PunchHole, 0, 1));
    EXPECT_ERROR(Error::Eopnotsupp, file->allocate(FallocateMode::ZeroRange, 0, 1));
    EXPECT_ERROR(Error::Einval, file->allocate(FallocateMode::None, 0, 0));
    EXPECT_ERROR(Error::Efbig, file->allocate(FallocateMode::None, 1, ~0ULL >> 1));
    EXPECT_ERROR(Error::Efbig,
                 file->allocate(FallocateMode::None, 0, 8 * PAGE_SIZE, {.size_limit = PAGE_SIZE}));
    file->set_position(0);
    MUST(FsMachine::write(*file, std::string(5 * PAGE_SIZE, 'x')));
    MUST(file->allocate(FallocateMode::PunchHole | FallocateMode::KeepSize, 100, 2 * PAGE_SIZE));
    std::string expected(5 * PAGE_SIZE, 'x');
    std::fill_n(expected.begin() + 100, 2 * PAGE_SIZE, '\0');
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), expected);
    EXPECT_EQ(file->inode().attributes().allocated_bytes, 4 * PAGE_SIZE);
}

TEST(content, limits) {
    const FsMachine machine({.max_bytes = 4 * PAGE_SIZE, .max_inodes = 4, .mode = 0755});
    auto file = MUST(machine.open("/f", CREATE));
    EXPECT_EQ(MUST(FsMachine::write(*file, std::string(5 * PAGE_SIZE, 'x'))), 4 * PAGE_SIZE) << "as much as fits";
    EXPECT_ERROR(Error::Enospc, FsMachine::write(*file, "x"));
    MUST(machine.mkdir("/d"));
    MUST(machine.symlink("x", "/s"));
    EXPECT_ERROR(Error::Enospc, machine.mkdir("/e"));
    MUST(machine.unlink("/s"));
    MUST(machine.mkdir("/e"));
    abi::statfs statistics;
    MUST(fill_statfs(file->inode(), nullptr, statistics));
    EXPECT_EQ(statistics.f_blocks, 4U);
    EXPECT_EQ(statistics.f_bfree, 0U);
    EXPECT_EQ(statistics.f_ffree, 0U);
    MUST(machine.unlink("/f"));
    MUST(fill_statfs(file->inode(), nullptr, statistics));
    EXPECT_EQ(statistics.f_bfree, 0U) << "still open";
    file = nullptr;
    MUST(fill_statfs(MUST(machine.find("/")).inode(), nullptr, statistics));
    EXPECT_EQ(statistics.f_bfree, 4U);
    EXPECT_EQ(statistics.f_ffree, 1U);
}

TEST(content, file_size_limit) {
    const FsMachine machine;
    auto file = MUST(machine.open("/f", CREATE));
    const std::string text(100, 'x');
    const auto write = [&] {
        auto buffer = vm::InBuffer::from_kernel({reinterpret_cast<const u8*>(text.data()), text.size()});
        return file->write(buffer, {.size_limit = 150});
    };
    EXPECT_EQ(MUST(write()), 100U);
    EXPECT_EQ(MUST(write()), 50U);
    EXPECT_ERROR(Error::Efbig, write());
    EXPECT_ERROR(Error::Efbig, file->truncate(151, {.size_limit = 150}));
}

TEST(content, lives_in_the_archive_until_it_is_touched) {
    struct Owner final : Object {};
    std::string archive(3 * PAGE_SIZE + 10, 'a');
    archive[PAGE_SIZE] = 'b';
    const FsMachine machine;
    auto owner = MUST(make_ref<Owner>());
    auto file = MUST(machine.open("/f", CREATE));
    const u64 frames = HostedFrames::free_count();
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(archive.data()), archive.size());
    MUST(file->inode().back_with(*file->inode().content_lock.lock(),
                                 MUST(make_ref<MemoryStore>(bytes, owner))));
    EXPECT_EQ(MUST(FsMachine::read(*file)), archive);
    EXPECT_EQ(HostedFrames::free_count(), frames) << "reading copies nothing";
    EXPECT_EQ(MUST(file->seek(7, SeekWhence::Data)), 7U);
    file->set_position(PAGE_SIZE + 1);
    MUST(FsMachine::write(*file, "new"));
    EXPECT_EQ(archive[PAGE_SIZE + 1], 'a');
    archive.replace(PAGE_SIZE + 1, 3, "new");
    MUST(file->truncate(2 * PAGE_SIZE + 5));
    MUST(file->truncate(4 * PAGE_SIZE));
    std::string expected = archive.substr(0, 2 * PAGE_SIZE + 5);
    expected.resize(4 * PAGE_SIZE);
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), expected);
    MUST(file->allocate(FallocateMode::PunchHole | FallocateMode::KeepSize, 10, 10));
    std::fill_n(expected.begin() + 10, 10, '\0');
    file->set_position(0);
    EXPECT_EQ(MUST(FsMachine::read(*file)), expected);
    file = nullptr;
    EXPECT_EQ(owner->reference_count(), 2U);
    MUST(machine.unlink("/f"));
    EXPECT_EQ(owner->reference_count(), 1U);
}

TEST(tmpfs_options, are_parsed_as_linux_does) {
    const auto parse = [](std::string_view text) { return tmpfs::parse_options(text, {}, 1000 * MIB); };
    EXPECT_EQ(MUST(parse("size=10m")).max_bytes, 10 * MIB);
    EXPECT_EQ(MUST(parse("size=25%,")).max_bytes, 250 * MIB);
    EXPECT_EQ(MUST(parse("nr_blocks=3")).max_bytes, 3 * PAGE_SIZE);
    const auto all = MUST(parse("mode=1750,,uid=7,gid=8,nr_inodes=2k,huge=never,inode64"));
    EXPECT_EQ(all.mode, 01750U);
    EXPECT_EQ(all.uid, 7U);
    EXPECT_EQ(all.gid, 8U);
    EXPECT_EQ(all.max_inodes, 2048U);
    for (const std::string_view bad :
         {"size=", "size=x", "size=1kk", "size=-1", "size=99999999999g", "mode=8", "mode=10000",
          "uid=4294967295", "uid=", "nonsense", "nonsense=1", "huge=always", "inode64=1", "size=1000001%",
          "nr_blocks=9999999999t"})
        EXPECT_ERROR(Error::Einval, parse(bad)) << bad;
}

/// One of everything, whatever fails on the way.
void exercise(const FsMachine& machine) {
    (void)machine.mkdir("/d");
    (void)machine.mkdir("/d/a directory with a name too long to be kept inline");
    (void)machine.make_file("/d/f", std::string(20'000, 'x'));
    (void)machine.symlink("d/f", "/l");
    (void)machine.link("/d/f", "/d/a second name that is too long to be kept inline");
    (void)machine.content("/l");
    (void)machine.rename("/d/f", "/g");
    (void)machine.rename("/g", "/d/a second name that is too long to be kept inline",
                         abi::RenameFlags::Exchange);
    (void)machine.rename("/g", "/d/f");
    (void)machine.make_file("/g", std::string(300'000, 'y'));
    (void)machine.open("/", OpenFlags::Tmpfile | OpenFlags::Rdwr);
    if (auto file = machine.open("/g", OpenFlags::Rdwr)) {
        (void)(*file)->truncate(100);
        (void)(*file)->allocate(FallocateMode::None, 0, 100'000);
    }
    String text;
    if (const auto here = machine.find("/d")) (void)append_path(*here, machine.context->root(), text);
    for (const std::string_view name :
         {"/d/f", "/l", "/g", "/d/a second name that is too long to be kept inline"})
        (void)machine.unlink(name);
    (void)machine.rmdir("/d/a directory with a name too long to be kept inline");
    (void)machine.rmdir("/d");
}

TEST(vfs, every_failing_allocation_leaves_nothing_behind) {
    const FsMachine machine;
    exercise(machine);
    const u64 frames = HostedFrames::free_count();
    // What one run could not remove for want of memory the next one does.
    const usize allocations = test::for_each_failing_allocation([&] { exercise(machine); });
    EXPECT_GT(allocations, 35U);
    exercise(machine);
    EXPECT_EQ(MUST(machine.list("/")).size(), 2U);
    EXPECT_EQ(HostedFrames::free_count(), frames);
}

TEST(content, out_of_frames) {
    const FsMachine machine({.mode = 0755}, 64);
    MUST(machine.make_file("/f"));
    const u64 frames = HostedFrames::free_count();
    auto file = MUST(machine.open("/f", OpenFlags::Rdwr));
    const usize written = MUST(FsMachine::write(*file, std::string(100 * PAGE_SIZE, 'x')));
    EXPECT_EQ(written % PAGE_SIZE, 0U);
    EXPECT_EQ(file->inode().size(), written);
    EXPECT_ERROR(Error::Enomem, FsMachine::write(*file, "x"));
    EXPECT_ERROR(Error::Enomem, file->allocate(FallocateMode::None, 0, 100 * PAGE_SIZE));
    EXPECT_EQ(file->inode().attributes().allocated_bytes, written);
    MUST(file->truncate(0));
    EXPECT_EQ(HostedFrames::free_count(), frames);
}

}  // namespace
}  // namespace exo::fs
