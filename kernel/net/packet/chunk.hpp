// Chunk: memory for the bytes of packets, counted, so that a queue for retransmission, a packet under way and a
// receive queue may refer to the same bytes. Slice: a piece of a chunk.
//
// Bytes that a slice shows never change. Whoever fills a chunk may add bytes behind those that are in use.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "utils/assert.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::net {

class Chunk {
  public:
    /// The largest capacity.
    static constexpr u32 MOST_BYTES = 64 * 1024;
    /// The capacity of chunks for many bytes. The heap has 8 KiB at hand for the chunk and its head.
    static constexpr u32 USUAL_BYTES = 8 * 1024 - 16;

    /// Makes a chunk with one reference. Its bytes are not initialised. Errors: Enomem.
    static Result<Chunk*> create(u32 capacity) {
        ASSERT(capacity <= MOST_BYTES);
        void* memory = ::operator new(sizeof(Chunk) + capacity, std::nothrow);
        if (memory == nullptr) return Error::Enomem;
        return new (memory) Chunk(capacity);
    }
    void retain() { count_.fetch_add(1, std::memory_order_relaxed); }
    void release() {
        // acq_rel: all uses of the bytes happen before the memory is freed
        if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(this);
    }
    u32 capacity() const { return capacity_; }
    u8* bytes() {
        // SAFETY: create has allocated `capacity` bytes behind the object.
        return reinterpret_cast<u8*>(this + 1);
    }

  private:
    explicit Chunk(u32 capacity) : capacity_(capacity) {}

    std::atomic<u32> count_{1};
    const u32 capacity_;
};
static_assert(sizeof(Chunk) <= 16);

/// A counted reference to a chunk.
class ChunkRef {
  public:
    ChunkRef() = default;
    static ChunkRef adopt(Chunk* chunk) { return ChunkRef(chunk); }
    /// Errors: Enomem.
    static Result<ChunkRef> create(u32 capacity) { return adopt(TRY(Chunk::create(capacity))); }
    ChunkRef(const ChunkRef& other) : chunk_(other.chunk_) {
        if (chunk_ != nullptr) chunk_->retain();
    }
    ChunkRef(ChunkRef&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
    ChunkRef& operator=(ChunkRef other) noexcept {
        std::swap(chunk_, other.chunk_);
        return *this;
    }
    ~ChunkRef() {
        if (chunk_ != nullptr) chunk_->release();
    }
    Chunk* get() const { return chunk_; }
    Chunk* operator->() const { return chunk_; }
    explicit operator bool() const { return chunk_ != nullptr; }

  private:
    explicit ChunkRef(Chunk* chunk) : chunk_(chunk) {}
    Chunk* chunk_ = nullptr;
};

/// A piece of a chunk.
struct Slice {
    ChunkRef chunk;
    u32 offset = 0;
    u32 size = 0;

    std::span<const u8> bytes() const { return {chunk->bytes() + offset, size}; }
    /// The `length` bytes from `start` on, which must lie inside.
    Slice part(u32 start, u32 length) const {
        DEBUG_ASSERT(u64{start} + length <= size);
        return {chunk, offset + start, length};
    }
};

/// Up to N slices, of which only those in use are constructed.
template <usize N> class SliceList {
  public:
    SliceList() {}  // NOLINT(modernize-use-equals-default): the slices are not constructed
    SliceList(const SliceList&) = delete;
    SliceList& operator=(const SliceList&) = delete;
    ~SliceList() {
        for (usize i = 0; i < size_; ++i) std::destroy_at(&slices_[i]);
    }

    usize size() const { return size_; }
    bool is_full() const { return size_ == N; }
    Slice& operator[](usize index) {
        DEBUG_ASSERT(index < size_);
        return slices_[index];
    }
    void push(Slice slice) {
        ASSERT(size_ < N);
        std::construct_at(&slices_[size_++], std::move(slice));
    }

  private:
    usize size_ = 0;
    union {
        std::array<Slice, N> slices_;
    };
};

}  // namespace exo::net
