// What every test of vm starts from: memory, the kernel's table, the zero frame; and a file that is easy to check.
#pragma once

#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"
#include "vm/address_space.hpp"
#include "vm/commit.hpp"
#include "vm/user_memory.hpp"

namespace exo::vm::test {

inline constexpr Protection NO_ACCESS = Protection::None;
inline constexpr Protection READ = Protection::Read;
inline constexpr Protection READ_WRITE = Protection::Read | Protection::Write;
inline constexpr MapFlags PRIVATE = MapFlags::Private | MapFlags::Anonymous;
inline constexpr MapFlags SHARED = MapFlags::Shared | MapFlags::Anonymous;
inline constexpr u64 BASE = 0x10'0000'0000;

struct Machine {
    exo::test::HostedFrames ram;
    explicit Machine(usize pages = 6000) : ram(pages) {
        EXPECT_TRUE(memory::initialise_kernel_map({}).has_value());
        EXPECT_TRUE(vm::initialise().has_value());
    }
    ~Machine() { memory::kernel_table().activate(); }
    u64 free_count() const { return exo::test::HostedFrames::free_count(); }
};

/// Frames and promises are the same at the end as at the beginning.
class NothingLeaks {
  public:
    NothingLeaks() : frames_(exo::test::HostedFrames::free_count()), committed_(committed_pages()) {}
    ~NothingLeaks() {
        EXPECT_EQ(exo::test::HostedFrames::free_count(), frames_);
        EXPECT_EQ(committed_pages(), committed_);
    }

  private:
    u64 frames_;
    u64 committed_;
};

inline Ref<AddressSpace> new_space(SpaceLayout layout = {.map_top = BASE + 4 * GIB,
                                                         .brk_start = BASE + 8 * GIB}) {
    return MUST(AddressSpace::create(layout));
}

inline MapRequest anonymous(u64 length, Protection protection = READ_WRITE, MapFlags flags = PRIVATE) {
    MapRequest request;
    request.length = length;
    request.protection = protection;
    request.flags = flags;
    return request;
}
inline MapRequest at(u64 address, MapRequest request) {
    request.address = address;
    request.flags |= MapFlags::Fixed;
    return request;
}

/// One byte of the current space, as its program would see it.
inline Result<u8> peek(u64 address) {
    u8 byte = 0;
    TRY(read_user(address, {&byte, 1}));
    return byte;
}
inline Result<> poke(u64 address, u8 byte) { return write_user(address, {&byte, 1}); }

/// A file of whole pages in memory.
class FakeFile final : public PageSource {
  public:
    explicit FakeFile(u64 pages) : size_(pages) {}
    Result<memory::FrameRef> get_page(u64 index, PageAccess access) override {
        ++gets;
        if (access == PageAccess::Write) ++writes;
        if (fails) return Error::Eio;
        if (index >= size_) return Error::Einval;
        if (!pages_[index]) {
            pages_[index] = TRY(memory::FrameRef::allocate_zeroed());
            pages_[index].data()[0] = static_cast<u8>(index + 1);
        }
        return pages_[index];
    }
    memory::FrameRef peek_page(u64 index) override {
        return index < size_ && has_neighbours ? pages_[index] : memory::FrameRef();
    }
    bool wants_write_faults() const override { return is_tracking; }
    Result<> sync_pages(u64 first, u64 count) override {
        synced += count;
        first_synced = first;
        return {};
    }
    u8& byte(u64 index) { return MUST(get_page(index, PageAccess::Read)).data()[0]; }
    void truncate(u64 pages) {
        size_ = pages;
        unmap_pages(pages, ~0ULL, UnmapScope::CopiesToo);
        for (u64 i = pages; i < pages_.size(); ++i) pages_[i] = {};
    }
    void punch(u64 index) {
        unmap_pages(index, 1, UnmapScope::SourceFramesOnly);
        pages_[index] = {};
    }

    int gets = 0;
    int writes = 0;
    u64 synced = 0;
    u64 first_synced = 0;
    bool fails = false;
    bool is_tracking = false;
    bool has_neighbours = false;

  private:
    std::array<memory::FrameRef, 64> pages_;
    u64 size_;
};

inline MapRequest of_file(const Ref<FakeFile>& file, u64 length, Protection protection, MapFlags flags,
                          u64 offset = 0) {
    MapRequest request = anonymous(length, protection, flags);
    request.source = file;
    request.offset = offset;
    return request;
}

}  // namespace exo::vm::test
