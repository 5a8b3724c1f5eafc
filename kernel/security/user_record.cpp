#include "security/user_record.hpp"

#include "sync/spin_lock.hpp"

namespace exo::security {

namespace {

/// Without references of its own: a record goes with its last holder.
constinit sync::SpinLocked<UserRecord::Records, sync::LockRank::SpinLeaf> all_records;

}  // namespace

Result<Ref<UserRecord>> UserRecord::of(UserId user) {
    {
        auto records = all_records.lock();
        UserRecord* found = records->find(user);
        if (found != nullptr && found->try_retain()) return Ref<UserRecord>::adopt(found);
    }
    Ref<UserRecord> fresh = TRY(make_ref<UserRecord>(user));
    auto records = all_records.lock();
    if (UserRecord* found = records->find(user)) {
        if (found->try_retain()) {
            records.unlock();  // `fresh` takes the lock when it goes
            return Ref<UserRecord>::adopt(found);
        }
        records->remove(*found);  // its last holder has gone, and is about to take it out
    }
    records->insert(*fresh);
    return fresh;
}

void UserRecord::destroy() {
    {
        auto records = all_records.lock();
        if (link_.is_linked()) records->remove(*this);
    }
    delete this;
}

}  // namespace exo::security
