// memfd_create.
#include "posix_x/files/memfd.hpp"

#include "fs/tmpfs/memory_file.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

using abi::MemfdFlags;

Answer<NewDescriptor> sys_memfd_create(Context&, TextArgument name, MemfdFlags flags) {
    constexpr auto KNOWN = MemfdFlags::Cloexec | MemfdFlags::AllowSealing | MemfdFlags::Hugetlb;
    constexpr auto HUGE_SIZE = static_cast<MemfdFlags>(abi::MEMFD_HUGE_SIZE);
    const bool is_huge = has(flags, MemfdFlags::Hugetlb);
    if (has(flags, ~(is_huge ? KNOWN | HUGE_SIZE : KNOWN))) return Error::Einval;
    // LINUX: MFD_NAME_MAX_LEN: with "memfd:" before it, it is as long as a name may be. The NUL comes behind.
    constexpr usize LONGEST = 249;
    [[clang::uninitialized]] char text[LONGEST + 1];
    const usize length = TRY(vm::read_user_string(name.address, text));
    if (length > LONGEST) return Error::Einval;
    if (is_huge) return Error::Enosys;  // there are no huge pages. LINUX: as without CONFIG_HUGETLBFS
    Task& task = current_task();
    auto slot = TRY(task.files()->reserve(descriptor_limit()));
    TRY(fs::check_open_file_count(task.credentials()));
    using fs::tmpfs::Sealing;
    Ref<fs::File> file = TRY(fs::tmpfs::create_memory_file(
        {text, length}, has(flags, MemfdFlags::AllowSealing) ? Sealing::Allowed : Sealing::Forbidden,
        task.credentials()));
    const Rights rights = file->rights();
    return slot.commit({std::move(file), rights},
                       has(flags, MemfdFlags::Cloexec) ? security::OnExec::Close : security::OnExec::Keep);
}

}  // namespace exo::posix_x
