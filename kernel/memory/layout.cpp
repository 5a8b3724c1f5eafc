#include "memory/layout.hpp"

namespace exo::memory {

constinit Layout layout;

}  // namespace exo::memory
