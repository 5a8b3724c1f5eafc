#include "errors.hpp"

namespace {

struct Message {
    int error;
    Text text;
};

// The wording of glibc 2.36, so that what `exo` prints reads like what a shell on Debian prints.
constexpr Message MESSAGES[] = {
    {1, "Operation not permitted"},
    {2, "No such file or directory"},
    {4, "Interrupted system call"},
    {5, "Input/output error"},
    {6, "No such device or address"},
    {7, "Argument list too long"},
    {8, "Exec format error"},
    {9, "Bad file descriptor"},
    {10, "No child processes"},
    {11, "Resource temporarily unavailable"},
    {12, "Cannot allocate memory"},
    {13, "Permission denied"},
    {14, "Bad address"},
    {16, "Device or resource busy"},
    {17, "File exists"},
    {19, "No such device"},
    {20, "Not a directory"},
    {21, "Is a directory"},
    {22, "Invalid argument"},
    {23, "Too many open files in system"},
    {24, "Too many open files"},
    {25, "Inappropriate ioctl for device"},
    {26, "Text file busy"},
    {28, "No space left on device"},
    {30, "Read-only file system"},
    {32, "Broken pipe"},
    {36, "File name too long"},
    {38, "Function not implemented"},
    {40, "Too many levels of symbolic links"},
    {80, "Accessing a corrupted shared library"},
};

}  // namespace

Text error_message(int error) {
    for (const Message& message : MESSAGES) {
        if (message.error == error) return message.text;
    }
    return "Unknown error";
}
