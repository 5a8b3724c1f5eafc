// The machine of the tests that run on several CPUs.
#pragma once

#include "fs/machine.hpp"
#include "ipc/pipe.hpp"
#include "support/scheduled_cpus.hpp"

namespace exo::ipc {

/// Made before the CPUs' first thread, and never destroyed.
inline test::FsMachine& concurrent_machine() {
    static test::FsMachine& the_machine = [] -> test::FsMachine& {
        auto& fs = *new test::FsMachine{{.mode = 0777}, 8192};
        test::start_cpus();
        MUST(init());
        return fs;
    }();
    return the_machine;
}

}  // namespace exo::ipc
