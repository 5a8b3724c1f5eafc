// Every errno that the manual pages of mmap, munmap, mprotect, mremap, madvise, msync and mincore promise and that can be
// reached from here, in Linux's order of checks.
#include <gtest/gtest.h>

#include "machine.hpp"

using namespace exo;
using namespace exo::vm;
using namespace exo::vm::test;

namespace {

constexpr u64 P = PAGE_SIZE;
constexpr u64 TOO_LONG = memory::USER_END + P;

TEST(errnos, mmap) {
    const Machine machine;
    const NothingLeaks guard;
    auto file = MUST(make_ref<FakeFile>(4u));
    const auto space = new_space();
    const auto request = [&](u64 length, MapFlags flags, u64 address = 0, u64 offset = 0) {
        MapRequest r = anonymous(length, READ_WRITE, flags);
        r.address = address;
        r.offset = offset;
        return space->map(std::move(r));
    };
    EXPECT_ERROR(Error::Einval, request(0, PRIVATE));
    EXPECT_ERROR(Error::Einval, request(P, PRIVATE, 0, 100));
    EXPECT_ERROR(Error::Enomem, request(~0ULL, PRIVATE));
    EXPECT_ERROR(Error::Enomem, request(TOO_LONG, PRIVATE));
    EXPECT_ERROR(Error::Enomem, request(TOO_LONG, MapFlags::Anonymous));  // before the type is looked at
    EXPECT_ERROR(Error::Einval, request(P, MapFlags::Anonymous));
    EXPECT_ERROR(Error::Einval, request(P, MapFlags::SharedValidate | MapFlags::Anonymous));
    EXPECT_ERROR(Error::Einval, request(P, static_cast<MapFlags>(0x24)));
    EXPECT_ERROR(Error::Einval, request(P, PRIVATE | MapFlags::Fixed, BASE + 1));
    EXPECT_ERROR(Error::Enomem, request(2 * P, PRIVATE | MapFlags::Fixed, memory::USER_END - P));
    EXPECT_ERROR(Error::Enomem, request(P, PRIVATE | MapFlags::Fixed, memory::USER_END));
    EXPECT_ERROR(Error::Enomem, request(P, PRIVATE | MapFlags::Fixed, 0xffff'8000'0000'0000));
    EXPECT_ERROR(Error::Eperm, request(P, PRIVATE | MapFlags::Fixed, 0));
    EXPECT_ERROR(Error::Einval, request(P, SHARED | MapFlags::Growsdown));
    EXPECT_ERROR(Error::Enomem, request(2 * MIB, PRIVATE | MapFlags::Hugetlb));
    EXPECT_EQ(MUST(request(P, PRIVATE | MapFlags::Fixed, memory::USER_END - P)), memory::USER_END - P);
    EXPECT_EQ(MUST(request(P, PRIVATE | MapFlags::FixedNoreplace, BASE)), BASE);
    EXPECT_ERROR(Error::Eexist, request(3 * P, PRIVATE | MapFlags::FixedNoreplace, BASE - P));
    // A hint that is taken goes elsewhere, one that is free is used, one that is too low is lifted.
    EXPECT_NE(MUST(request(P, PRIVATE, BASE)), BASE);
    EXPECT_EQ(MUST(request(P, PRIVATE, BASE + 5 * P + 7)), BASE + 5 * P);
    EXPECT_EQ(MUST(request(P, PRIVATE, P + 5)), MIN_MAP_ADDRESS);
    EXPECT_LT(MUST(request(P, PRIVATE | MapFlags::Low32bit)), 2 * GIB);

    const auto mapped = [&](Protection protection, MapFlags flags, Protection allowed, u64 offset = 0,
                            u64 length = P) {
        MapRequest r = of_file(file, length, protection, flags, offset);
        r.allowed = allowed;
        return space->map(std::move(r));
    };
    EXPECT_ERROR(Error::Eacces, mapped(READ_WRITE, MapFlags::Shared, READ));
    EXPECT_ERROR(Error::Einval, mapped(READ, MapFlags::Private | MapFlags::Growsdown, READ));
    EXPECT_ERROR(Error::Eopnotsupp, mapped(READ, MapFlags::SharedValidate | MapFlags::Sync, READ));
    EXPECT_ERROR(Error::Eoverflow, mapped(READ, MapFlags::Shared, READ, ~0ULL - P + 1));
    EXPECT_ERROR(Error::Einval, mapped(READ, MapFlags::Shared | MapFlags::Hugetlb, READ));
    const u64 read_only = MUST(mapped(READ, MapFlags::Shared, READ));
    EXPECT_ERROR(Error::Eacces, space->protect(read_only, P, READ_WRITE));
}

TEST(errnos, munmap) {
    const Machine machine;
    const auto space = new_space();
    const u64 start = MUST(space->map(anonymous(4 * P)));
    EXPECT_ERROR(Error::Einval, space->unmap(start + 1, P));
    EXPECT_ERROR(Error::Einval, space->unmap(start, 0));
    EXPECT_ERROR(Error::Einval, space->unmap(start, ~0ULL));
    EXPECT_ERROR(Error::Einval, space->unmap(memory::USER_END, P));
    MUST(space->unmap(start + 100 * P, P));  // nothing there: no error
    MUST(space->unmap(start, 1));
    EXPECT_EQ(space->statistics().virtual_pages, 3u);
}

TEST(errnos, too_many_areas) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    // Every second page is of another kind.
    for (u64 i = 0; i < AreaSet::MAX_AREAS; ++i)
        MUST(space->map(
            at(BASE + i * P, anonymous(P, i % 2 == 0 ? READ : NO_ACCESS, PRIVATE | MapFlags::Noreserve))));
    EXPECT_EQ(space->statistics().areas, AreaSet::MAX_AREAS);
    EXPECT_ERROR(Error::Enomem, space->map(anonymous(P)));
    MUST(space->unmap(BASE, P));
    MUST(space->map(at(BASE + AreaSet::MAX_AREAS * P, anonymous(3 * P))));
    EXPECT_ERROR(Error::Enomem, space->unmap(BASE + (AreaSet::MAX_AREAS + 1) * P, P));
    EXPECT_ERROR(Error::Enomem, space->protect(BASE + (AreaSet::MAX_AREAS + 1) * P, P, READ));
    EXPECT_ERROR(Error::Enomem,
                 space->remap(BASE + P, P, P, RemapFlags::Maymove | RemapFlags::Fixed, BASE - GIB));
}

TEST(errnos, mprotect) {
    const Machine machine;
    const auto space = new_space();
    const u64 start = MUST(space->map(at(BASE, anonymous(4 * P))));
    EXPECT_ERROR(Error::Einval, space->protect(start + 1, P, READ));
    MUST(space->protect(start, 0, READ));
    EXPECT_ERROR(Error::Enomem, space->protect(start, ~0ULL, READ));
    EXPECT_ERROR(Error::Einval, space->protect(start, P, static_cast<Protection>(16)));
    EXPECT_ERROR(Error::Einval, space->protect(start, P, READ | Protection::Growsdown));
    EXPECT_ERROR(Error::Einval, space->protect(start, P, READ | Protection::Growsdown | Protection::Growsup));
    EXPECT_ERROR(Error::Einval, space->protect(start, P, READ | Protection::Growsup));
    EXPECT_ERROR(Error::Enomem, space->protect(start - P, P, READ));
    EXPECT_ERROR(Error::Enomem, space->protect(0xffff'8000'0000'0000, P, READ));
    // What comes before a hole is changed.
    EXPECT_ERROR(Error::Enomem, space->protect(start + 2 * P, 4 * P, READ));
    switch_address_space(*space);
    EXPECT_ERROR(Error::Efault, poke(start + 3 * P, 1));
    MUST(poke(start + P, 1));
    MUST(space->protect(start, P, READ | Protection::Sem));
}

TEST(errnos, mremap) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    const u64 start = MUST(space->map(at(BASE, anonymous(4 * P))));
    const RemapFlags move = RemapFlags::Maymove;
    const RemapFlags fixed = RemapFlags::Maymove | RemapFlags::Fixed;
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 8 * P, static_cast<RemapFlags>(8), 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 8 * P, move | RemapFlags::Dontunmap, 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 4 * P, RemapFlags::Dontunmap, 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 8 * P, RemapFlags::Fixed, BASE + GIB));
    EXPECT_ERROR(Error::Einval, space->remap(start + 1, 4 * P, 8 * P, move, 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 0, move, 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 0, 4 * P, move, 0));
    EXPECT_ERROR(Error::Efault, space->remap(start - P, P, 2 * P, move, 0));
    EXPECT_ERROR(Error::Efault, space->remap(start, 5 * P, 8 * P, move, 0));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 4 * P, fixed, BASE + GIB + 1));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 4 * P, fixed, start + P));
    EXPECT_ERROR(Error::Einval, space->remap(start, 4 * P, 4 * P, fixed, memory::USER_END - P));
    MUST(space->map(at(start + 4 * P, anonymous(P, READ))));
    EXPECT_ERROR(Error::Enomem, space->remap(start, 4 * P, 8 * P, RemapFlags::None, 0));
    EXPECT_ERROR(Error::Enomem, space->remap(start, 4 * P, TOO_LONG, move, 0));
    EXPECT_EQ(MUST(space->remap(start, 4 * P, 2 * P, RemapFlags::None, 0)), start);
    EXPECT_EQ(MUST(space->remap(start, 2 * P, 4 * P, RemapFlags::None, 0)), start);
    EXPECT_NE(MUST(space->remap(start, 4 * P, 8 * P, move, 0)), start);
}

TEST(errnos, madvise_msync) {
    const Machine machine;
    auto file = MUST(make_ref<FakeFile>(4u));
    const auto space = new_space();
    const u64 start = MUST(space->map(at(BASE, anonymous(4 * P))));
    MUST(space->map(at(BASE + 6 * P, of_file(file, 2 * P, READ_WRITE, MapFlags::Shared, P))));
    using exo::abi::Advice;
    using exo::abi::SyncFlags;
    EXPECT_ERROR(Error::Einval, space->advise(start + 1, P, Advice::Normal));
    EXPECT_ERROR(Error::Einval, space->advise(start, P, static_cast<Advice>(77)));
    EXPECT_ERROR(Error::Einval, space->advise(start, P, static_cast<Advice>(14)));
    EXPECT_ERROR(Error::Einval, space->advise(start, ~0ULL, Advice::Normal));
    EXPECT_ERROR(Error::Enomem, space->advise(start + 3 * P, 2 * P, Advice::Dontneed));
    EXPECT_ERROR(Error::Enomem, space->advise(start + 3 * P, 4 * P, Advice::Dontneed));
    EXPECT_ERROR(Error::Einval, space->advise(BASE + 6 * P, P, Advice::Free));
    EXPECT_ERROR(Error::Einval, space->advise(BASE + 6 * P, P, Advice::Wipeonfork));
    EXPECT_ERROR(Error::Eopnotsupp, space->advise(BASE + 6 * P, P, Advice::Remove));
    EXPECT_ERROR(Error::Einval, space->advise(start, P, Advice::Remove));
    EXPECT_ERROR(Error::Enomem, space->advise(BASE + 20 * P, P, Advice::PopulateRead));
    MUST(space->advise(start, 4 * P, Advice::PopulateWrite));
    EXPECT_EQ(space->statistics().resident_anonymous, 4u);
    MUST(space->protect(start, P, READ));
    EXPECT_ERROR(Error::Einval, space->advise(start, P, Advice::PopulateWrite));
    MUST(space->advise(start, 0, Advice::Dontneed));
    MUST(space->advise(start, P, Advice::Willneed));

    EXPECT_ERROR(Error::Einval, space->sync(start + 1, P, SyncFlags::Sync));
    EXPECT_ERROR(Error::Einval, space->sync(start, P, static_cast<SyncFlags>(8)));
    EXPECT_ERROR(Error::Einval, space->sync(start, P, SyncFlags::Sync | SyncFlags::Async));
    MUST(space->sync(start, ~0ULL, SyncFlags::Sync));  // wraps to nothing
    EXPECT_ERROR(Error::Enomem, space->sync(start, ~0ULL - P, SyncFlags::Sync));
    EXPECT_ERROR(Error::Enomem, space->sync(start, 5 * P, SyncFlags::Sync));
    EXPECT_EQ(file->synced, 0u);
    EXPECT_ERROR(Error::Enomem, space->sync(start, 7 * P, SyncFlags::Sync));
    EXPECT_EQ(file->synced, 1u);
    MUST(space->sync(BASE + 7 * P, P, SyncFlags::Sync));
    EXPECT_EQ(file->first_synced, 2u);
    MUST(space->sync(start, 0, SyncFlags::Async));
}

TEST(errnos, flags_of_fork) {
    const Machine machine;
    const NothingLeaks guard;
    const auto space = new_space();
    switch_address_space(*space);
    const u64 start = MUST(space->map(anonymous(3 * P)));
    for (u64 i = 0; i < 3; ++i) MUST(poke(start + i * P, 9));
    MUST(space->advise(start, P, exo::abi::Advice::Dontfork));
    MUST(space->advise(start + P, P, exo::abi::Advice::Wipeonfork));
    const auto child = MUST(space->clone());
    switch_address_space(*child);
    EXPECT_ERROR(Error::Efault, peek(start));
    EXPECT_EQ(MUST(peek(start + P)), 0);
    EXPECT_EQ(MUST(peek(start + 2 * P)), 9);
    MUST(space->advise(start, P, exo::abi::Advice::Dofork));
    MUST(space->advise(start + P, P, exo::abi::Advice::Keeponfork));
    EXPECT_EQ(space->statistics().areas, 1u);
}

}  // namespace
