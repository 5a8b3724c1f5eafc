// Types for descriptors, paths, and user memory whose size is not part of its type.
#pragma once

#include "syscall/argument.hpp"

namespace exo::syscall {

// ---- Descriptors.

enum class DescriptorUse : u8 {
    File,       ///< Any open descriptor.
    Readable,   ///< Open for reading.
    Writable,   ///< Open for writing.
    Seekable,   ///< Has a position.
    Directory,  ///< An open directory.
    Start,      ///< The directory of a relative path (dirfd): an open directory, or AT_FDCWD.
    Number,     ///< An index of the table, open or not.
    New,        ///< An answer: the lowest descriptor that was free.
};

/// A descriptor as the program passed it: 32 bits, including -1 and AT_FDCWD.
struct Descriptor {
    using Word = u32;
    static constexpr Description DESCRIPTION{
        .kind = Kind::Descriptor, .size = 4, .is_signed = true, .of = enumerator<DescriptorUse::File>().name};
    static constexpr Descriptor from_word(u64 word) { return Descriptor(word); }

    explicit constexpr Descriptor(u64 word) : value(static_cast<i32>(word)) {}
    i32 value;
};

template <DescriptorUse USE> struct DescriptorOf : Descriptor {
    static constexpr Description DESCRIPTION{
        .kind = Kind::Descriptor, .size = 4, .is_signed = true, .of = enumerator<USE>().name};
    static constexpr DescriptorOf from_word(u64 word) { return DescriptorOf(word); }
    using Descriptor::Descriptor;
};

using Readable = DescriptorOf<DescriptorUse::Readable>;
using Writable = DescriptorOf<DescriptorUse::Writable>;
using Seekable = DescriptorOf<DescriptorUse::Seekable>;
using DirectoryDescriptor = DescriptorOf<DescriptorUse::Directory>;
using Start = DescriptorOf<DescriptorUse::Start>;
using DescriptorNumber = DescriptorOf<DescriptorUse::Number>;
using NewDescriptor = DescriptorOf<DescriptorUse::New>;

// ---- Paths and texts.

enum class PathUse : u8 {
    Existing,
    Directory,         ///< Must be a directory.
    Symlink,           ///< Must be a symbolic link.
    Program,           ///< A program for execve.
    Opened,            ///< Created if the flags say so.
    Created,           ///< Must not exist.
    Removed,           ///< A name that is removed; not a directory.
    RemovedDirectory,  ///< An empty directory that is removed.
    Moved,             ///< A name that is removed, of any type.
    Replaced,          ///< May exist, and is replaced then.
    LinkText,          ///< Any text: the target of a symbolic link.
};

/// A path in user memory. posix_x copies it.
struct PathArgument {
    explicit constexpr PathArgument(u64 word) : address(word) {}
    u64 address;
};

template <PathUse USE> struct PathOf : PathArgument {
    static constexpr Description DESCRIPTION{
        .kind = Kind::Path, .direction = Direction::In, .of = enumerator<USE>().name};
    static constexpr PathOf from_word(u64 word) { return PathOf(word); }
    using PathArgument::PathArgument;
};

using ExistingPath = PathOf<PathUse::Existing>;
using DirectoryPath = PathOf<PathUse::Directory>;
using NewPath = PathOf<PathUse::Created>;

/// A text that is not a path, terminated by a NUL.
struct TextArgument {
    static constexpr Description DESCRIPTION{.kind = Kind::Text, .direction = Direction::In};
    static constexpr TextArgument from_word(u64 word) { return TextArgument(word); }
    explicit constexpr TextArgument(u64 word) : address(word) {}
    u64 address;
};

/// An array of pointers to texts, terminated by a null pointer.
struct TextsArgument {
    static constexpr Description DESCRIPTION{.kind = Kind::Texts, .direction = Direction::In};
    static constexpr TextsArgument from_word(u64 word) { return TextsArgument(word); }
    explicit constexpr TextsArgument(u64 word) : address(word) {}
    u64 address;
};

// ---- Addresses that the call does not dereference.

struct UserAddress {
    static constexpr Description DESCRIPTION{.kind = Kind::Address, .size = 8};
    static constexpr UserAddress from_word(u64 word) { return UserAddress(word); }
    explicit constexpr UserAddress(u64 word) : value(word) {}
    u64 value;
};

/// The start of an address range. Argument number LENGTH is its length in bytes.
template <i8 LENGTH> struct RangeStart : UserAddress {
    static constexpr Description DESCRIPTION{
        .kind = Kind::AddressRange, .size = 8, .length_argument = LENGTH};
    static constexpr RangeStart from_word(u64 word) { return RangeStart(word); }
    using UserAddress::UserAddress;
};

// ---- Memory whose size is in another argument.

struct BufferArgument {
    explicit constexpr BufferArgument(u64 word) : address(word) {}
    u64 address;
};

enum class LengthUnit : u8 { Bytes, Pages };

template <Direction DIRECTION, i8 LENGTH, LengthUnit UNIT = LengthUnit::Bytes>
struct BytesArgument : BufferArgument {
    static constexpr Description DESCRIPTION{.kind = Kind::Buffer,
                                             .direction = DIRECTION,
                                             .of = enumerator<UNIT>().name,
                                             .length_argument = LENGTH};
    static constexpr BytesArgument from_word(u64 word) { return BytesArgument(word); }
    using BufferArgument::BufferArgument;
};
/// Bytes that the call reads or writes. Argument number LENGTH, counted from 0, is their number.
template <i8 LENGTH> using InBytes = BytesArgument<Direction::In, LENGTH>;
template <i8 LENGTH> using OutBytes = BytesArgument<Direction::Out, LENGTH>;
/// One byte for each page. Argument number LENGTH is the length in bytes of the range of these pages.
template <i8 LENGTH> using OutBytePerPage = BytesArgument<Direction::Out, LENGTH, LengthUnit::Pages>;

template <class T, Direction DIRECTION, i8 LENGTH> struct ArrayArgument : BufferArgument {
    static_assert(POINTEE_SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION{.kind = Kind::Array,
                                             .direction = DIRECTION,
                                             .element = &Pointee<T>::DESCRIPTION,
                                             .length_argument = LENGTH};
    static constexpr ArrayArgument from_word(u64 word) { return ArrayArgument(word); }
    using BufferArgument::BufferArgument;
};
/// An array of T. Argument number LENGTH is the number of elements.
template <class T, i8 LENGTH> using InArray = ArrayArgument<T, Direction::In, LENGTH>;
template <class T, i8 LENGTH> using OutArray = ArrayArgument<T, Direction::Out, LENGTH>;
template <class T, i8 LENGTH> using InOutArray = ArrayArgument<T, Direction::Inout, LENGTH>;

/// An array of COUNT values of type T.
template <class T, Direction DIRECTION, u32 COUNT> struct FixedArray : BufferArgument {
    static_assert(POINTEE_SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION{
        .kind = Kind::Array, .direction = DIRECTION, .element = &Pointee<T>::DESCRIPTION, .count = COUNT};
    static constexpr FixedArray from_word(u64 word) { return FixedArray(word); }
    using BufferArgument::BufferArgument;
};

/// An array of iovec structures. Argument number LENGTH is their number; DIRECTION is that of the bytes to
/// which they point.
template <Direction DIRECTION, i8 LENGTH> struct VectorsArgument : BufferArgument {
    static constexpr Description DESCRIPTION{
        .kind = Kind::IoVectors, .direction = DIRECTION, .length_argument = LENGTH};
    static constexpr VectorsArgument from_word(u64 word) { return VectorsArgument(word); }
    using BufferArgument::BufferArgument;
};
template <i8 LENGTH> using InVectors = VectorsArgument<Direction::In, LENGTH>;
template <i8 LENGTH> using OutVectors = VectorsArgument<Direction::Out, LENGTH>;

/// A descriptor set of select: one bit for each descriptor below argument number LENGTH. May be null.
template <i8 LENGTH> struct DescriptorSet : UserAddress {
    static constexpr Description DESCRIPTION{.kind = Kind::DescriptorSet,
                                             .may_be_null = true,
                                             .direction = Direction::Inout,
                                             .length_argument = LENGTH};
    static constexpr DescriptorSet from_word(u64 word) { return DescriptorSet(word); }
    using UserAddress::UserAddress;
};

}  // namespace exo::syscall
