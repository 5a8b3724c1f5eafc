#include "posix_x/process/identity.hpp"

namespace exo::posix_x {

Result<Ref<Identity>> Identity::clone() const {
    Ref<Identity> copy = TRY(make_ref<Identity>());
    copy->uid = uid;
    copy->user = user;
    copy->euid = euid;
    copy->suid = suid;
    copy->fsuid = fsuid;
    copy->gid = gid;
    copy->egid = egid;
    copy->sgid = sgid;
    copy->fsgid = fsgid;
    copy->group_list = group_list;
    copy->effective = effective;
    copy->permitted = permitted;
    copy->inheritable = inheritable;
    copy->bounding = bounding;
    copy->ambient = ambient;
    copy->keeps_capabilities = keeps_capabilities;
    copy->no_new_privileges = no_new_privileges;
    return copy;
}

}  // namespace exo::posix_x
