#include "vm/anonymous_source.hpp"

#include <algorithm>
#include <utility>

#include "vm/commit.hpp"
#include "vm/shared_memory.hpp"

namespace exo::vm {

Result<Ref<AnonymousSource>> AnonymousSource::create(u64 page_count, bool is_charged) {
    if (is_charged) TRY(charge_commit(page_count));
    auto* raw = new (std::nothrow) AnonymousSource(page_count, is_charged);
    if (raw == nullptr) {
        if (is_charged) uncharge_commit(page_count);
        return Error::Enomem;
    }
    Ref<AnonymousSource> source = Ref<AnonymousSource>::adopt(raw);
    TRY(source->chunks_.unsafe_value().resize(divide_round_up(page_count, CHUNK)));
    return source;
}

AnonymousSource::~AnonymousSource() {
    Chunks& chunks = chunks_.unsafe_value();
    for (u64 index = 0; index < chunks.size() * CHUNK; index += CHUNK) {
        u32* entries = entry(chunks, index);
        for (u64 i = 0; entries != nullptr && i < CHUNK; ++i)
            if (entries[i] != 0) {
                memory::release_frame(entries[i]);
                remove_shared_pages(1);
            }
    }
    if (is_charged_) uncharge_commit(page_count_);
}

u32* AnonymousSource::entry(Chunks& chunks, u64 index) {
    const memory::FrameRef& chunk = chunks[index / CHUNK];
    if (!chunk) return nullptr;
    // SAFETY: the chunk's frame holds CHUNK numbers, all zero at first.
    return reinterpret_cast<u32*>(chunk.data()) + index % CHUNK;
}

memory::FrameRef AnonymousSource::peek_page(u64 index) {
    if (index >= page_count_) return {};
    auto chunks = chunks_.lock();
    const u32* place = entry(*chunks, index);
    if (place == nullptr || *place == 0) return {};
    return memory::FrameRef::share(memory::PhysicalAddress::of_frame(*place));
}

Result<memory::FrameRef> AnonymousSource::get_page(u64 index, PageAccess) {
    if (index >= page_count_) return Error::Einval;
    if (memory::FrameRef found = peek_page(index)) return found;
    // Made without the lock, because making may ask for reclaim; who comes second throws his away.
    memory::FrameRef frame = TRY(memory::FrameRef::allocate_zeroed());
    memory::FrameRef chunk;
    const bool has_chunk = entry(*chunks_.lock(), index) != nullptr;  // once there, it stays
    if (!has_chunk) chunk = TRY(memory::FrameRef::allocate_zeroed());
    auto chunks = chunks_.lock();
    if (entry(*chunks, index) == nullptr) (*chunks)[index / CHUNK] = std::move(chunk);
    u32* place = entry(*chunks, index);
    if (*place != 0) return memory::FrameRef::share(memory::PhysicalAddress::of_frame(*place));
    *place = frame.number();
    add_shared_pages(1);
    memory::FrameRef result = frame;
    (void)frame.leak();
    return result;
}

u32 AnonymousSource::take(u64 index) {
    auto chunks = chunks_.lock();
    u32* place = entry(*chunks, index);
    return place != nullptr ? std::exchange(*place, 0) : 0;
}

Result<> AnonymousSource::remove_content(u64 first, u64 count) {
    const u64 end = std::min(page_count_, first + count);
    // Before, so that a write to a frame that is still mapped is not lost with the frame; after, for those that were
    // mapped in between.
    unmap_pages(first, count, UnmapScope::SourceFramesOnly);
    for (u64 index = first; index < end; ++index) {
        const u32 frame = take(index);
        if (frame == 0) continue;
        memory::release_frame(frame);
        remove_shared_pages(1);
    }
    unmap_pages(first, count, UnmapScope::SourceFramesOnly);
    return {};
}

}  // namespace exo::vm
