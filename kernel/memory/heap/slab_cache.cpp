#include "memory/heap/slab_cache.hpp"

#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "utils/kasan.hpp"

namespace exo::memory {

namespace {

/// The content of `index` in a slab's record: allocated objects (16 bits), position + 1 of the first free
/// object (16 bits). The first word of a free object is the position + 1 of the next one.
struct SlabWord {
    u32 out;
    u32 first_free;
    static SlabWord of(const FrameRecord& record) {
        return {static_cast<u32>(record.index() & 0xffff), static_cast<u32>(record.index() >> 16 & 0xffff)};
    }
    void store(FrameRecord& record) const { record.set_index(u64{first_free} << 16 | out); }
};

}  // namespace

u8* SlabCache::object_at(u32 frame, u32 index) const {
    return static_cast<u8*>(direct_map(PhysicalAddress::of_frame(frame))) + usize{index} * size_;
}

void SlabCache::link(State& state, u32 frame) {
    FrameRecord& record = record_of(frame);
    record.previous = 0;
    record.next = state.first;
    if (record.next != 0) record_of(record.next).previous = frame;
    state.first = frame;
}

void SlabCache::unlink(State& state, u32 frame) {
    FrameRecord& record = record_of(frame);
    if (record.previous != 0)
        record_of(record.previous).next = record.next;
    else
        state.first = record.next;
    if (record.next != 0) record_of(record.next).previous = record.previous;
}

void SlabCache::add_slab(State& state, u32 frame) {
    for (u32 i = 0; i < objects_per_slab(); ++i) {
        const u64 next = i + 1 < objects_per_slab() ? i + 2 : 0;
        *new (object_at(frame, i)) u64 = next;
    }
    FrameRecord& record = record_of(frame);
    record.set_owner(this);
    SlabWord{0, 1}.store(record);
    link(state, frame);
    ++state.slabs;
    ++state.empty;
}

u32 SlabCache::take_from_slabs(State& state, FreeObject*& chain, u32 count) {
    u32 taken = 0;
    while (taken < count && state.first != 0) {
        const u32 frame = state.first;
        FrameRecord& record = record_of(frame);
        SlabWord word = SlabWord::of(record);
        if (word.out == 0) --state.empty;
        while (taken < count && word.first_free != 0) {
            u8* memory = object_at(frame, word.first_free - 1);
            // SAFETY: a free object starts with the word that add_slab or give_one wrote.
            word.first_free = static_cast<u32>(*reinterpret_cast<const u64*>(memory));
            chain = new (memory) FreeObject{chain};
            ++word.out;
            ++taken;
        }
        word.store(record);
        if (word.first_free == 0) unlink(state, frame);
    }
    state.objects_out += taken;
    return taken;
}

u32 SlabCache::take(FreeObject*& chain, u32 count) {
    {
        auto state = state_.lock();
        if (const u32 taken = take_from_slabs(*state, chain, count)) return taken;
    }
    const auto frame = frames.alloc_frame();
    if (!frame) return 0;
    kasan::heap_grew(direct_map(*frame), PAGE_SIZE);
    auto state = state_.lock();
    add_slab(*state, static_cast<u32>(frame->frame_number()));
    return take_from_slabs(*state, chain, count);
}

/// The frame to be freed when its slab became empty and there is an empty one already; else 0.
u32 SlabCache::give_one(State& state, FreeObject* object) {
    const u32 frame = static_cast<u32>(physical_of(object).frame_number());
    FrameRecord& record = record_of(frame);
    DEBUG_ASSERT(record.owner() == this);
    SlabWord word = SlabWord::of(record);
    ASSERT(word.out != 0 && "slab: freed twice");
    const u32 position = static_cast<u32>((physical_of(object).value() & (PAGE_SIZE - 1)) / size_);
    *new (static_cast<void*>(object)) u64 = word.first_free;
    const bool was_full = word.first_free == 0;
    word.first_free = position + 1;
    --word.out;
    --state.objects_out;
    word.store(record);
    if (was_full) link(state, frame);
    if (word.out != 0) return 0;
    if (state.empty != 0) {
        unlink(state, frame);
        --state.slabs;
        return frame;
    }
    ++state.empty;
    return 0;
}

void SlabCache::give(FreeObject* chain) {
    while (chain != nullptr) {
        u32 freed = 0;
        {
            auto state = state_.lock();
            while (chain != nullptr && freed == 0) {
                FreeObject* object = chain;
                chain = object->next;
                freed = give_one(*state, object);
            }
        }
        if (freed == 0) continue;
        record_of(freed).set_owner(nullptr);
        release_frame(freed);
    }
}

SlabCache::Stats SlabCache::stats() {
    auto state = state_.lock();
    return {state->slabs, state->objects_out};
}

void SlabCache::trim() {
    for (;;) {
        u32 frame;
        {
            auto state = state_.lock();
            if (state->empty == 0) return;
            for (frame = state->first; SlabWord::of(record_of(frame)).out != 0;)
                frame = record_of(frame).next;
            unlink(*state, frame);
            --state->empty;
            --state->slabs;
        }
        record_of(frame).set_owner(nullptr);
        release_frame(frame);
    }
}

}  // namespace exo::memory
