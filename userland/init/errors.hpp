#pragma once
// The words that strerror(3) has for an errno.

#include "text.hpp"

/// The message for `error` (a positive errno); "Unknown error" for one that this program cannot meet.
Text error_message(int error);
