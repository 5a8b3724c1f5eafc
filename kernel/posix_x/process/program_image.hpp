// ProgramImage: data about the program in an address space, besides its areas. All tasks with that address
// space share it.
#pragma once

#include <atomic>

#include "fs/file/file.hpp"
#include "posix_x/process/stack_places.hpp"
#include "utils/object.hpp"

namespace exo::posix_x {

/// LINUX: the parts of mm_struct that describe the program: exe_file, arg_start to env_end, MMF_DUMPABLE,
/// membarrier_state.
class ProgramImage final : public Object {
  public:
    /// The image of process 1 before its execve. All fields are empty.
    ProgramImage() = default;
    /// `program` was opened with Inode::deny_write. Writers are refused as long as the image lives.
    ProgramImage(Ref<fs::File> program, const StackPlaces& stack_places)
        : executable(std::move(program)),
          places(stack_places) {}
    ~ProgramImage() override {
        if (executable) executable->inode().end_deny_write();
    }

    /// Makes a copy for a child. Errors: Enomem.
    Result<Ref<ProgramImage>> clone() const {
        Ref<ProgramImage> copy = TRY(make_ref<ProgramImage>(executable, places));
        // Writers are already refused because of this image, so the call cannot fail.
        if (executable) (void)executable->inode().deny_write();
        copy->is_dumpable.store(is_dumpable.load(std::memory_order_relaxed), std::memory_order_relaxed);
        copy->barriers.store(barriers.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return copy;
    }

    const Ref<fs::File> executable;  ///< /proc/PID/exe; null before the first execve.
    const StackPlaces places;        ///< The places of arguments and environment, for /proc.
    std::atomic<bool> is_dumpable{true};
    std::atomic<u32> barriers{0};  ///< membarrier(2): the commands for which the program has registered.
};

}  // namespace exo::posix_x
