// Object: the base class of every reference-counted kernel object. Ref<T>: a counted pointer to one.
//
// The count starts at 1, owned by the Ref that make_ref returns. Dropping the last Ref destroys the object in
// the calling context, so a destructor must not sleep if the Ref may be dropped under a spin lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include "utils/assert.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo {

template <class T> class Ref;

/// The class of an object, for checked down-casts without RTTI. Every class of objects in capabilities has
/// one.
enum class ObjectKind : u8 {
    Plain,
    File,
    Inode,
    Dentry,
    Mount,
    AddressSpace,
    Process,
    Thread,
    CapabilityTable,
    Ring,
    Device,
};

class Object {
  public:
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;

    ObjectKind object_kind() const { return kind_; }
    /// For tests and statistics: the count may be outdated at once.
    u32 reference_count() const { return count_.load(std::memory_order_relaxed); }

    void retain() const {
        const u32 before = count_.fetch_add(1, std::memory_order_relaxed);
        DEBUG_ASSERT(before != 0);
        if (before >= SATURATED) [[unlikely]]
            saturate();
    }
    /// Takes a reference unless the last one is gone. For lookups through weak pointers.
    bool try_retain() const {
        u32 count = count_.load(std::memory_order_relaxed);
        while (count != 0) {
            if (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) continue;
            if (count >= SATURATED) [[unlikely]]
                saturate();
            return true;
        }
        return false;
    }
    void release() const {
        // acq_rel: the writes before each release happen before the destructor, which the last release runs
        const u32 before = count_.fetch_sub(1, std::memory_order_acq_rel);
        if (before == 1) const_cast<Object*>(this)->destroy();
        if (before >= SATURATED) [[unlikely]]
            saturate();
    }

  protected:
    explicit Object(ObjectKind kind = ObjectKind::Plain) : kind_(kind) {}
    /// Called when the last reference is gone. Caches override it to keep the object or to destroy it later.
    virtual void destroy() { delete this; }

  private:
    /// INVARIANT: a count that has reached this number stays at or above it. Such an object is never
    /// destroyed, which is better than destroying it too early after the count has wrapped. Half of the range
    /// on either side is room for CPUs that count at the same time.
    static constexpr u32 SATURATED = 1U << 31;
    void saturate() const { count_.store(SATURATED + SATURATED / 2, std::memory_order_relaxed); }

    mutable std::atomic<u32> count_{1};
    ObjectKind kind_;
};

template <class T> class Ref {
  public:
    Ref() = default;
    Ref(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
    /// Takes a new reference.
    explicit Ref(T* object) : object_(object) {
        if (object_ != nullptr) object_->retain();
    }
    /// Takes over a reference that the caller owns.
    static Ref adopt(T* object) {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    Ref(const Ref& other) : Ref(other.object_) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U>
        requires std::is_convertible_v<U*, T*>
    Ref(const Ref<U>& other) : Ref(static_cast<T*>(other.get())) {}  // NOLINT(google-explicit-constructor)
    template <class U>
        requires std::is_convertible_v<U*, T*>
    Ref(Ref<U>&& other) noexcept : object_(other.leak()) {}  // NOLINT(google-explicit-constructor)
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ != nullptr) object_->release();
    }

    T* get() const { return object_; }
    T* operator->() const {
        DEBUG_ASSERT(object_ != nullptr);
        return object_;
    }
    T& operator*() const {
        DEBUG_ASSERT(object_ != nullptr);
        return *object_;
    }
    explicit operator bool() const { return object_ != nullptr; }
    /// Passes the reference to the caller, who must release it.
    [[nodiscard]] T* leak() { return std::exchange(object_, nullptr); }
    friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

  private:
    T* object_ = nullptr;
};

/// Makes an object. Errors: Enomem.
template <class T, class... Args> Result<Ref<T>> make_ref(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (object == nullptr) return Error::Enomem;
    return Ref<T>::adopt(object);
}

template <class T, class U> Ref<T> static_ref_cast(const Ref<U>& ref) {
    return Ref<T>(static_cast<T*>(ref.get()));
}

}  // namespace exo
