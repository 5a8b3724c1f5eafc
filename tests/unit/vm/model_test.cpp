// Random sequences of all calls on several spaces, against a model that knows each page by itself.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "machine.hpp"
#include "support/failing_allocations.hpp"

using namespace exo;
using namespace exo::vm;
using namespace exo::vm::test;

namespace {

constexpr u64 P = PAGE_SIZE;
constexpr u64 FILE_PAGES = 24;
constexpr u64 WINDOW = 96;                              ///< Pages that the calls are about.
constexpr u64 START = 0x20'0000'0000 - 40 * PAGE_SIZE;  ///< Across a boundary of upper tables.

/// Shared content: a page each of a file or of a shared anonymous mapping.
using Shared = std::shared_ptr<std::map<u64, u8>>;

struct Page {
    u32 protection = 0;
    bool is_shared = false;
    Shared source;  ///< Null: private anonymous.
    u64 index = 0;  ///< In the source.
    u64 source_pages = 0;
    bool has_own = false;
    u8 own = 0;
    bool dont_fork = false;
};

struct SpaceModel {
    std::map<u64, Page> pages;  ///< By page number.

    /// What reading the first byte gives; nothing: a fault.
    std::optional<u8> read(u64 page) const {
        const auto it = pages.find(page);
        if (it == pages.end() || it->second.protection == 0) return std::nullopt;
        const Page& p = it->second;
        if (p.has_own) return p.own;
        if (!p.source) return u8{0};
        if (p.index >= p.source_pages) return std::nullopt;
        return (*p.source)[p.index];
    }
    bool write(u64 page, u8 value) {
        const auto it = pages.find(page);
        if (it == pages.end() || (it->second.protection & 2) == 0) return false;
        Page& p = it->second;
        if (!p.has_own && p.source && p.index >= p.source_pages) return false;
        if (p.is_shared) {
            (*p.source)[p.index] = value;
        } else {
            p.has_own = true;
            p.own = value;
        }
        return true;
    }
};

class Duel {
  public:
    explicit Duel(u32 seed) : random_(seed) {
        file_ = MUST(make_ref<FakeFile>(FILE_PAGES));
        file_->is_tracking = seed % 2 == 0;
        file_->has_neighbours = seed % 3 == 0;
        content_ = std::make_shared<std::map<u64, u8>>();
        for (u64 i = 0; i < FILE_PAGES; ++i) (*content_)[i] = static_cast<u8>(i + 1);
        spaces_.push_back({new_space(), {}});
    }
    ~Duel() { memory::kernel_table().activate(); }

    void run(int steps) {
        for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
            step();
            if (i % 40 == 0) compare_all();
        }
        compare_all();
    }

  private:
    struct Side {
        Ref<AddressSpace> space;
        SpaceModel model;
    };

    u64 below(u64 bound) { return random_() % bound; }

    void step() {
        Side& side = spaces_[below(spaces_.size())];
        const u64 first = below(WINDOW);
        const u64 count = 1 + below(below(4) == 0 ? WINDOW - first : std::min<u64>(8, WINDOW - first));
        switch (below(13)) {
            case 0:
            case 1: return map(side, first, count);
            case 2: return unmap(side, first, count);
            case 3: return protect(side, first, count);
            case 4: return remap(side, first, count);
            case 5: return fork_or_exit();
            case 6: return discard(side, first, count);
            case 7: return read(side, first);
            case 8: return dont_fork(side, first, count);
            case 9: return punch();
            default: return write(side, first);
        }
    }

    void map(Side& side, u64 first, u64 count) {
        const u32 protection = static_cast<u32>(below(4) == 0 ? 0 : below(3) == 0 ? 1 : 3);
        const u64 kind = below(4);
        MapRequest request =
            anonymous(count * P, static_cast<Protection>(protection), kind % 2 == 0 ? PRIVATE : SHARED);
        Page page;
        page.protection = protection;
        page.is_shared = kind % 2 == 1;
        if (kind >= 2) {
            page.index = below(FILE_PAGES);
            page.source = content_;
            page.source_pages = FILE_PAGES;
            request.source = file_;
            request.offset = page.index * P;
            request.flags = kind == 2 ? MapFlags::Private : MapFlags::Shared;
        } else if (kind == 1) {
            page.source = std::make_shared<std::map<u64, u8>>();
            page.source_pages = count;
        }
        const u64 address = MUST(side.space->map(at(START + first * P, request)));
        ASSERT_EQ(address, START + first * P);
        for (u64 i = 0; i < count; ++i, ++page.index) side.model.pages[first + i] = page;
    }

    /// A page of the file is new again, wherever it is mapped; copies of it stay.
    void punch() {
        const u64 index = below(FILE_PAGES);
        file_->punch(index);
        (*content_)[index] = static_cast<u8>(index + 1);
    }

    void unmap(Side& side, u64 first, u64 count) {
        MUST(side.space->unmap(START + first * P, count * P));
        for (u64 i = 0; i < count; ++i) side.model.pages.erase(first + i);
    }

    void protect(Side& side, u64 first, u64 count) {
        const u32 protection = std::array<u32, 4>{0, 1, 3, 3}[below(4)];
        const auto result =
            side.space->protect(START + first * P, count * P, static_cast<Protection>(protection));
        u64 reached = first;
        while (reached < first + count && side.model.pages.contains(reached))
            side.model.pages[reached++].protection = protection;
        ASSERT_EQ(result.has_value(), reached == first + count);
        if (!result) ASSERT_EQ(result.error(), Error::Enomem);
    }

    void remap(Side& side, u64 first, u64 count) {
        const u64 new_count = 1 + below(12);
        const u64 target = below(WINDOW);
        if (target + new_count > WINDOW) return;
        const auto result = side.space->remap(START + first * P, count * P, new_count * P,
                                              RemapFlags::Maymove | RemapFlags::Fixed, START + target * P);
        if (!result) {
            // A mapping made of several areas, a hole, or overlap: the model has no opinion, but nothing may have changed
            // in the source range. The target may have gone, as on Linux, and so may a cut-off end.
            resynchronise(side, first, count, new_count, target);
            return;
        }
        ASSERT_EQ(*result, START + target * P);
        std::map<u64, Page> moved;
        const Page last = side.model.pages.at(first);
        for (u64 i = 0; i < new_count; ++i) {
            if (i < count) {
                moved[target + i] = side.model.pages.at(first + i);
            } else {
                // New pages continue the area.
                Page page = last;
                page.has_own = false;
                page.index = last.source ? last.index + i : 0;
                moved[target + i] = page;
            }
        }
        for (u64 i = 0; i < count; ++i) side.model.pages.erase(first + i);
        for (u64 i = 0; i < new_count; ++i) side.model.pages.erase(target + i);
        for (auto& [number, page] : moved) side.model.pages[number] = page;
    }

    /// After a refused mremap: forget what it may have unmapped, by asking which pages are still there.
    void resynchronise(Side& side, u64 first, u64 count, u64 new_count, u64 target) {
        const auto check = [&](u64 page) {
            const auto area = side.space->area_above(START + page * P);
            const bool is_there = area && area->start <= START + page * P;
            if (!is_there) side.model.pages.erase(page);
        };
        for (u64 i = 0; i < new_count; ++i) check(target + i);
        for (u64 i = new_count; i < count; ++i) check(first + i);
    }

    void fork_or_exit() {
        if (spaces_.size() < 4) {
            Side& parent = spaces_[below(spaces_.size())];
            Side child{ MUST(parent.space->clone()), parent.model};
            std::erase_if(child.model.pages, [](const auto& entry) { return entry.second.dont_fork; });
            spaces_.push_back(std::move(child));
        } else {
            spaces_.erase(spaces_.begin() + static_cast<long>(below(spaces_.size())));
        }
    }

    void discard(Side& side, u64 first, u64 count) {
        (void)side.space->advise(START + first * P, count * P, exo::abi::Advice::Dontneed);
        for (u64 i = 0; i < count; ++i)
            if (side.model.pages.contains(first + i)) side.model.pages[first + i].has_own = false;
    }

    void dont_fork(Side& side, u64 first, u64 count) {
        const bool is_set = below(2) == 0;
        (void)side.space->advise(START + first * P, count * P,
                                 is_set ? exo::abi::Advice::Dontfork : exo::abi::Advice::Dofork);
        for (u64 i = 0; i < count; ++i)
            if (side.model.pages.contains(first + i)) side.model.pages[first + i].dont_fork = is_set;
    }

    void read(Side& side, u64 page) {
        switch_address_space(*side.space);
        const auto expected = side.model.read(page);
        const auto got = peek(START + page * P);
        ASSERT_EQ(got.has_value(), expected.has_value()) << "page " << page;
        if (got) ASSERT_EQ(*got, *expected) << "page " << page;
    }

    void write(Side& side, u64 page) {
        switch_address_space(*side.space);
        const auto value = static_cast<u8>(random_());
        ASSERT_EQ(poke(START + page * P, value).has_value(), side.model.write(page, value))
            << "page " << page;
    }

    void compare_all() {
        for (Side& side : spaces_) {
            for (u64 page = 0; page < WINDOW; ++page) ASSERT_NO_FATAL_FAILURE(read(side, page));
            const SpaceStatistics statistics = side.space->statistics();
            ASSERT_EQ(statistics.virtual_pages, side.model.pages.size());
            u64 own = 0;
            for (const auto& [number, page] : side.model.pages) own += page.has_own ? 1 : 0;
            ASSERT_EQ(statistics.resident_anonymous, own);
        }
        for (const auto& [index, value] : *content_) ASSERT_EQ(file_->byte(index), value);
    }

    std::mt19937 random_;
    Ref<FakeFile> file_;
    Shared content_;
    std::vector<Side> spaces_;
};

TEST(model, agrees_under_random_calls) {
    for (u32 seed = 1; seed <= 24; ++seed) {
        const Machine machine;
        const NothingLeaks guard;
        Duel duel(seed);
        duel.run(600);
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

/// A bit of everything; errors are welcome.
void exercise() {
    auto file_result = make_ref<FakeFile>(8u);
    if (!file_result) return;
    const Ref<FakeFile> file = *file_result;
    auto space_result = AddressSpace::create({.map_top = BASE + 4 * GIB, .brk_start = BASE + 8 * GIB});
    if (!space_result) return;
    const Ref<AddressSpace> space = *space_result;
    switch_address_space(*space);
    (void)space->map(at(BASE, anonymous(20 * P)));
    (void)space->map(at(BASE + 5 * P, of_file(file, 4 * P, READ_WRITE, MapFlags::Private)));
    (void)space->map(at(BASE + 12 * P, anonymous(4 * P, READ_WRITE, SHARED)));
    for (u64 i = 0; i < 20; ++i) (void)poke(BASE + i * P, static_cast<u8>(i));
    (void)space->brk(BASE + 8 * GIB + 3 * P);
    (void)poke(BASE + 8 * GIB, 1);
    (void)space->protect(BASE + 3 * P, 10 * P, READ);
    auto child = space->clone();
    (void)space->protect(BASE + 3 * P, 10 * P, READ_WRITE);
    (void)space->remap(BASE, 3 * P, 600 * P, RemapFlags::Maymove, 0);
    (void)space->remap(BASE + 14 * P, 4 * P, 4 * P, RemapFlags::Maymove | RemapFlags::Fixed, BASE + GIB);
    for (u64 i = 0; i < 20; ++i) (void)poke(BASE + i * P, static_cast<u8>(i));
    if (child) {
        switch_address_space(**child);
        for (u64 i = 0; i < 20; ++i) (void)poke(BASE + i * P, static_cast<u8>(i));
        (void)(*child)->unmap(BASE + 4 * P, 3 * P);
    }
    file->truncate(2);
    memory::kernel_table().activate();
}

TEST(short_memory, every_frame_that_is_missing_once) {
    const Machine machine(1000);
    exercise();
    const NothingLeaks guard;
    std::vector<memory::PhysicalAddress> hoard;
    while (const auto frame = memory::alloc_frame()) hoard.push_back(*frame);
    for (usize spare = 0; spare < 90; ++spare) {
        ASSERT_EQ(machine.free_count(), spare);
        exercise();
        ASSERT_EQ(machine.free_count(), spare);
        ASSERT_TRUE(memory::free_frame(hoard.back()).has_value());
        hoard.pop_back();
    }
    for (const auto frame : hoard) ASSERT_TRUE(memory::free_frame(frame).has_value());
}

TEST(short_memory, a_move_that_fails_half_way_goes_back) {
    const Machine machine(3000);
    const NothingLeaks guard;
    const auto space = new_space();
    switch_address_space(*space);
    // Four leaf tables' worth, so that the move needs tables one after another.
    constexpr u64 SIZE = 4 * 512 * P;
    MUST(space->map(at(BASE, anonymous(SIZE))));
    for (u64 i = 0; i < 4; ++i) MUST(poke(BASE + (i * 512 + i) * P, static_cast<u8>(i + 1)));
    std::vector<memory::PhysicalAddress> hoard;
    while (const auto frame = memory::alloc_frame()) hoard.push_back(*frame);
    usize failures = 0;
    for (;; ++failures) {
        const u64 free = machine.free_count();
        const auto moved =
            space->remap(BASE, SIZE, SIZE, RemapFlags::Maymove | RemapFlags::Fixed, BASE + 700 * GIB);
        if (moved) break;
        ASSERT_EQ(moved.error(), Error::Enomem);
        ASSERT_EQ(machine.free_count(), free);
        ASSERT_EQ(space->statistics().resident_anonymous, 4u);
        for (u64 i = 0; i < 4; ++i) ASSERT_EQ(MUST(peek(BASE + (i * 512 + i) * P)), i + 1) << failures;
        ASSERT_TRUE(memory::free_frame(hoard.back()).has_value());
        hoard.pop_back();
    }
    EXPECT_EQ(failures, 6u);  // four leaf tables and two above them
    for (u64 i = 0; i < 4; ++i) EXPECT_EQ(MUST(peek(BASE + 700 * GIB + (i * 512 + i) * P)), i + 1);
    EXPECT_ERROR(Error::Efault, peek(BASE));
    for (const auto frame : hoard) ASSERT_TRUE(memory::free_frame(frame).has_value());
}

TEST(short_memory, every_object_that_is_missing_once) {
    const Machine machine(1000);
    exercise();
    const NothingLeaks guard;
    const usize count = exo::test::for_each_failing_allocation([] { exercise(); });
    EXPECT_GT(count, 15u);
}

}  // namespace
