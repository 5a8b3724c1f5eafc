// MUST(expression): the value of a Result, or the test fails here and now.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "utils/result.hpp"

namespace exo::test {

template <class T> T must(Result<T> result, const char* expression, const char* file, int line) {
    if (!result.has_value()) {
        throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + expression +
                                 " failed with error " +
                                 std::to_string(static_cast<unsigned>(result.error())));
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T> testing::AssertionResult has_error(const Result<T>& result, Error expected) {
    if (result.has_value())
        return testing::AssertionFailure()
               << "succeeded, error expected: " << static_cast<unsigned>(expected);
    if (result.error() == expected) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "error " << static_cast<unsigned>(result.error()) << ", expected "
                                       << static_cast<unsigned>(expected);
}

}  // namespace exo::test

#define MUST(...) ::exo::test::must((__VA_ARGS__), #__VA_ARGS__, __FILE_NAME__, __LINE__)

/// `EXPECT_ERROR(Error::Enoent, lookup("x")) << "more words";`
#define EXPECT_ERROR(expected, ...) \
    EXPECT_TRUE(::exo::test::has_error((__VA_ARGS__), expected)) << #__VA_ARGS__
