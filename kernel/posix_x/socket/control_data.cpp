#include "posix_x/socket/control_data.hpp"

#include <algorithm>

#include "posix_x/process/process_tree.hpp"

namespace exo::posix_x {

namespace {

using abi::ControlType;
using abi::MessageFlags;
using abi::SocketLevel;

constexpr u64 HEADER_SIZE = sizeof(abi::cmsghdr);
/// LINUX: net.core.optmem_max
constexpr u64 MOST_CONTROL_BYTES = 20480;

u64 aligned(u64 size) { return align_up(size, u64{sizeof(u64)}); }

// ---- In.

/// Adds the capabilities of a list of descriptors. Errors: Einval (too many), Ebadf, Enomem.
Result<> add_descriptors(std::span<const u8> data, ipc::Message& message) {
    const usize count = data.size() / sizeof(i32);
    if (message.capabilities.size() + count > abi::MAX_PASSED_DESCRIPTORS) return Error::Einval;
    TRY(message.capabilities.reserve(message.capabilities.size() + count));
    for (usize i = 0; i < count; ++i) {
        i32 number = 0;
        std::memcpy(&number, data.data() + i * sizeof(number), sizeof(number));
        security::Capability capability = TRY(current_task().files()->copy(static_cast<u32>(number)));
        if (capability.object->object_kind() != ObjectKind::File) return Error::Ebadf;
        message.capabilities.push_within_capacity(std::move(capability));
    }
    return {};
}

/// Sets the message's credentials. LINUX: scm_check_creds. Errors: Einval, Eperm, Esrch (no such process).
Result<> set_credentials(std::span<const u8> data, ipc::Message& message) {
    abi::ucred wanted{};
    if (data.size() != sizeof(wanted)) return Error::Einval;
    std::memcpy(&wanted, data.data(), sizeof(wanted));
    const Task& task = current_task();
    const Identity& own = task.identity();
    const bool may_name_process = wanted.pid == task.process->pid() || own.can(Capability::SysAdmin);
    const bool may_name_user = wanted.uid == own.uid || wanted.uid == own.euid || wanted.uid == own.suid ||
                               own.can(Capability::Setuid);
    const bool may_name_group = wanted.gid == own.gid || wanted.gid == own.egid || wanted.gid == own.sgid ||
                                own.can(Capability::Setgid);
    if (wanted.uid == ~0U || wanted.gid == ~0U) return Error::Einval;
    if (!may_name_process || !may_name_user || !may_name_group) return Error::Eperm;
    if (wanted.pid != task.process->pid() && !PROCESSES.find_by_task(wanted.pid)) return Error::Esrch;
    message.credentials = wanted;
    return {};
}

Result<> read_piece(const abi::cmsghdr& header, std::span<const u8> data, const ipc::Socket& socket,
                    ipc::Message& message) {
    if (header.cmsg_level != static_cast<i32>(SocketLevel::Socket)) {
        if (socket.family() == abi::AddressFamily::Unix) return {};
        ipc::ControlPiece piece{.level = header.cmsg_level, .type = header.cmsg_type};
        piece.size = static_cast<u32>(std::min<usize>(data.size(), ~0U));
        std::memcpy(piece.bytes.data(), data.data(), std::min<usize>(data.size(), piece.bytes.size()));
        TRY(socket.check_control(piece));
        if (data.size() > piece.bytes.size()) return {};
        return message.control.push(piece);
    }
    switch (static_cast<ControlType>(header.cmsg_type)) {
        case ControlType::Rights:
            if (socket.family() != abi::AddressFamily::Unix) return Error::Einval;
            return add_descriptors(data, message);
        case ControlType::Credentials: return set_credentials(data, message);
        default: return Error::Einval;
    }
}

// ---- Out.

/// Writes control data to the program. As on Linux, data whose copy faults is lost.
class ControlWriter {
  public:
    explicit ControlWriter(const abi::msghdr& header)
        : address_(header.msg_control),
          room_(header.msg_controllen) {}

    u64 written() const { return written_; }
    /// How many descriptors would fit.
    u64 room_for_descriptors() const {
        return room_ <= HEADER_SIZE ? 0 : (room_ - HEADER_SIZE) / sizeof(i32);
    }
    u64 data_address() const { return address_ + HEADER_SIZE; }
    /// False: it was cut off, or there was no room at all.
    bool put(i32 level, i32 type, std::span<const u8> data) {
        if (room_ < HEADER_SIZE) return false;
        const u64 fitting = std::min(room_ - HEADER_SIZE, u64{data.size()});
        (void)vm::write_user(data_address(), data.first(fitting));
        finish(level, type, fitting, data.size());
        return fitting == data.size();
    }
    bool put(ControlType type, std::span<const u8> data) {
        return put(static_cast<i32>(SocketLevel::Socket), static_cast<i32>(type), data);
    }
    /// The header of data that has been written.
    void finish(i32 level, i32 type, u64 size, u64 whole_size) {
        const abi::cmsghdr header{HEADER_SIZE + size, level, type};
        (void)vm::UserOut<abi::cmsghdr>(address_).write(header);
        const u64 used = std::min(room_, aligned(HEADER_SIZE + whole_size));
        address_ += used;
        room_ -= used;
        written_ += used;
    }

  private:
    u64 address_;
    u64 room_;
    u64 written_ = 0;
};

/// Makes descriptors for the capabilities. Returns how many. Each number is stored before its descriptor is
/// opened.
usize install(ControlWriter& out, ipc::Message& message) {
    Task& task = current_task();
    const security::OnExec on_exec =
        abi::has(message.flags, MessageFlags::CloseOnExec) ? security::OnExec::Close : security::OnExec::Keep;
    const usize most = std::min<u64>(out.room_for_descriptors(), message.capabilities.size());
    usize count = 0;
    for (; count < most; ++count) {
        Result<security::Reservation> slot = task.files()->reserve(descriptor_limit());
        if (!slot) break;
        const vm::UserOut<u32> place(out.data_address() + count * sizeof(i32));
        if (!place.write(slot->number())) break;
        (void)slot->commit(std::move(message.capabilities[count]), on_exec);
    }
    return count;
}

}  // namespace

Result<> read_control(const abi::msghdr& header, const ipc::Socket& socket, ipc::Message& message) {
    if (header.msg_controllen == 0) return {};
    if (header.msg_controllen > MOST_CONTROL_BYTES) return Error::Enobufs;
    Vector<u8> bytes = TRY(vm::UserArray<u8>(header.msg_control, header.msg_controllen).read());
    for (u64 offset = 0; offset + HEADER_SIZE <= bytes.size();) {
        abi::cmsghdr piece{};
        std::memcpy(&piece, bytes.data() + offset, sizeof(piece));
        if (piece.cmsg_len < HEADER_SIZE || piece.cmsg_len > bytes.size() - offset) return Error::Einval;
        const std::span<const u8> data =
            bytes.span().subspan(offset + HEADER_SIZE, piece.cmsg_len - HEADER_SIZE);
        TRY(read_piece(piece, data, socket, message));
        offset += aligned(piece.cmsg_len);
    }
    return {};
}

u64 write_control(const abi::msghdr& header, ipc::Message& message) {
    const bool has_any =
        message.credentials || !message.capabilities.is_empty() || !message.control.is_empty();
    if (header.msg_control == 0) {
        if (has_any) message.outcome |= MessageFlags::ControlTruncated;
        return 0;
    }
    ControlWriter out(header);
    for (const ipc::ControlPiece& piece : message.control)
        if (!out.put(piece.level, piece.type, std::span(piece.bytes).first(piece.size)))
            message.outcome |= MessageFlags::ControlTruncated;
    if (message.credentials) {
        // SAFETY: three words of 4 bytes, without padding.
        const std::span<const u8> bytes(reinterpret_cast<const u8*>(&*message.credentials),
                                        sizeof(abi::ucred));
        if (!out.put(ControlType::Credentials, bytes)) message.outcome |= MessageFlags::ControlTruncated;
    }
    if (message.capabilities.is_empty()) return out.written();
    const usize installed = install(out, message);
    if (installed < message.capabilities.size()) message.outcome |= MessageFlags::ControlTruncated;
    if (installed != 0)
        out.finish(static_cast<i32>(SocketLevel::Socket), static_cast<i32>(ControlType::Rights),
                   installed * sizeof(i32), installed * sizeof(i32));
    return out.written();
}

}  // namespace exo::posix_x
