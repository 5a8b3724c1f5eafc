#include "posix_x/socket/use_socket.hpp"

#include <algorithm>

namespace exo::posix_x {

Error why_no_socket(Descriptor fd, Error error) {
    const Result<FileUse> any = use_file(fd, Rights::Control);
    return any && !ipc::as_socket(**any) ? Error::Enotsock : error;
}

Result<ipc::Address> read_address(u64 address, i32 size) {
    if (size < 0 || static_cast<usize>(size) > abi::MAX_ADDRESS_SIZE) return Error::Einval;
    ipc::Address result;
    result.size = static_cast<u32>(size);
    if (size != 0) TRY(vm::read_user(address, std::span(result.bytes).first(result.size)));
    return result;
}

Result<> write_address(const ipc::Address& value, u64 address, AddressSizeInOut size) {
    const i32 room = TRY(size.read());
    if (room < 0) return Error::Einval;
    const u32 fitting = std::min(static_cast<u32>(room), value.size);
    if (fitting != 0) TRY(vm::write_user(address, std::span(value.bytes).first(fitting)));
    return size.write(static_cast<i32>(value.size));
}

abi::ucred real_credentials() {
    const Task& task = current_task();
    return {task.process->pid(), task.identity().uid, task.identity().gid};
}

abi::ucred effective_credentials() {
    const Task& task = current_task();
    return {task.process->pid(), task.identity().euid, task.identity().egid};
}

ipc::Sender sender_of(Task& task) {
    const bool is_bounded =
        !task.identity().can(Capability::SysResource) && !task.identity().can(Capability::SysAdmin);
    return {.self = real_credentials(),
            .payer = task.credentials().payer,
            .most_in_flight = is_bounded ? task.process->limit(Resource::OpenFiles) : NO_LIMIT};
}

}  // namespace exo::posix_x
