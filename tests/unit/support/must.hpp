// MUST(expression): the value of a Result, or the test fails here and now.
#pragma once

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

}  // namespace exo::test

#define MUST(...) ::exo::test::must((__VA_ARGS__), #__VA_ARGS__, __FILE_NAME__, __LINE__)

/// `EXPECT_ERROR(Error::Enoent, lookup("x"))`.
#define EXPECT_ERROR(expected, ...)                                        \
    do {                                                                   \
        const auto expect_error_result_ = (__VA_ARGS__);                   \
        ASSERT_FALSE(expect_error_result_.has_value()) << #__VA_ARGS__;    \
        EXPECT_EQ(expect_error_result_.error(), expected) << #__VA_ARGS__; \
    } while (false)
