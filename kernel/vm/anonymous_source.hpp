// AnonymousSource: shared anonymous memory (mmap with MAP_SHARED | MAP_ANONYMOUS). It lives as long as a mapping of it.
#pragma once

#include "utils/vector.hpp"
#include "vm/page_source.hpp"

namespace exo::vm {

class AnonymousSource final : public PageSource {
  public:
    /// `page_count` pages, all holes; `is_charged`: promised to the program (commit.hpp). Errors: Enomem.
    static Result<Ref<AnonymousSource>> create(u64 page_count, bool is_charged);
    ~AnonymousSource() override;

    /// Errors: Enomem; Einval behind the end.
    Result<memory::FrameRef> get_page(u64 index, PageAccess access) override;
    memory::FrameRef peek_page(u64 index) override;
    Result<> remove_content(u64 first, u64 count) override;

  private:
    /// Frame numbers that fit into one frame; 0 is a hole. Such frames are made when first needed.
    static constexpr u64 CHUNK = PAGE_SIZE / sizeof(u32);
    using Chunks = Vector<memory::FrameRef>;

    AnonymousSource(u64 page_count, bool is_charged) : page_count_(page_count), is_charged_(is_charged) {}
    /// The entry for a page, or null if its chunk is not there yet.
    static u32* entry(Chunks& chunks, u64 index);
    /// The frame of a page, which becomes a hole; 0: it was one.
    u32 take(u64 index);

    u64 page_count_;
    bool is_charged_;
    sync::SpinLocked<Chunks, sync::LockRank::SpinLeaf> chunks_;
};

}  // namespace exo::vm
