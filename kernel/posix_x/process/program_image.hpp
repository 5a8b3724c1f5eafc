// ProgramImage: what is known of the program in an address space, beside its areas. All tasks that share the address space share it.
#pragma once

#include <atomic>

#include "fs/file/file.hpp"
#include "posix_x/process/stack_places.hpp"
#include "utils/object.hpp"

namespace exo::posix_x {

/// LINUX: the parts of mm_struct that concern the program: exe_file, arg_start to env_end, MMF_DUMPABLE, membarrier_state.
class ProgramImage final : public Object {
  public:
    /// Nothing is known: the memory of process 1 before its execve.
    ProgramImage() = default;
    /// `program` was opened with writers kept out (Inode::deny_write). They stay out as long as the image lives.
    ProgramImage(Ref<fs::File> program, const StackPlaces& stack_places)
        : executable(std::move(program)),
          places(stack_places) {}
    ~ProgramImage() override {
        if (executable) executable->inode().end_deny_write();
    }

    /// A child's, as of now. Errors: Enomem.
    Result<Ref<ProgramImage>> clone() const {
        Ref<ProgramImage> copy = TRY(make_ref<ProgramImage>(executable, places));
        // The program is being executed already, so writers are kept out and this cannot fail.
        if (executable) (void)executable->inode().deny_write();
        copy->is_dumpable.store(is_dumpable.load(std::memory_order_relaxed), std::memory_order_relaxed);
        copy->barriers.store(barriers.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return copy;
    }

    const Ref<fs::File> executable;  ///< /proc/PID/exe; null before the first execve.
    const StackPlaces places;        ///< Of arguments and environment, for /proc.
    std::atomic<bool> is_dumpable{true};
    std::atomic<u32> barriers{0};  ///< membarrier(2): the commands that the program has registered for.
};

}  // namespace exo::posix_x
