#pragma once
// The error messages of strerror(3).

#include "text.hpp"

/// The message for `error` (a positive errno); "Unknown error" for one that this program cannot meet.
Text error_message(int error);
