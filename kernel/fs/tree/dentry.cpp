#include "fs/tree/dentry.hpp"

#include <cstring>

#include "scheduler/preemption.hpp"
#include "sync/spin_lock.hpp"

namespace exo::fs {

/// Dentries without references, which are destroyed one after the other in a loop. Each drops its parent, and
/// recursion over thousands of deleted directories would overflow the kernel stack.
struct DentryGraveyard {
    List<Dentry, &Dentry::cache_link> dying;
    bool is_being_emptied = false;

    static void bury(Dentry& dentry);
};

namespace {
constinit sync::SpinLocked<DentryGraveyard, sync::LockRank::SpinLeaf> graveyard;
}  // namespace

void DentryGraveyard::bury(Dentry& dentry) {
    {
        auto yard = graveyard.lock();
        yard->dying.push_back(dentry);
        if (yard->is_being_emptied) return;
        yard->is_being_emptied = true;
    }
    while (true) {
        Dentry* next = nullptr;
        {
            auto yard = graveyard.lock();
            next = yard->dying.pop_front();
            if (next == nullptr) {
                yard->is_being_emptied = false;
                return;
            }
        }
        delete next;
        scheduler::preempt_point();
    }
}

Result<> Dentry::set_name(std::string_view name) {
    char* storage = inline_name_;
    if (name.size() > INLINE_NAME_SIZE) {
        storage = new (std::nothrow) char[name.size()];
        if (storage == nullptr) return Error::Enomem;
    }
    std::memcpy(storage, name.data(), name.size());
    name_ = storage;
    name_length_ = static_cast<u16>(name.size());
    return {};
}

Result<Ref<Dentry>> Dentry::create(Ref<Dentry> parent, const HashedName& name) {
    Dentry* dentry = new (std::nothrow) Dentry;
    if (dentry == nullptr) return Error::Enomem;
    auto ref = Ref<Dentry>::adopt(dentry);
    TRY(dentry->set_name(name.text));
    dentry->hash_ = name.hash;
    dentry->first_word_ = name.first_word;
    dentry->parent_ = parent.leak();
    return ref;
}

Result<Ref<Dentry>> Dentry::create_root(Ref<Inode> inode) {
    Dentry* dentry = new (std::nothrow) Dentry;
    if (dentry == nullptr) return Error::Enomem;
    dentry->inode_ = std::move(inode);
    return Ref<Dentry>::adopt(dentry);
}

Dentry::~Dentry() {
    DEBUG_ASSERT(!is_cached_);
    if (name_ != inline_name_) delete[] name_;
    if (parent_ != nullptr) parent_->release();
}

void Dentry::destroy() { DentryGraveyard::bury(*this); }

}  // namespace exo::fs
