// The types for the signatures of system call handlers. Headers of system calls include this one.
#pragma once

#include "syscall/syscall.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

// From syscall/answer.hpp.
using syscall::Answer;
using syscall::ByCommand;

// From syscall/argument.hpp.
using syscall::OrNull;

// From syscall/syscall.hpp.
using syscall::call;
using syscall::Context;

// From syscall/numbers.hpp.
using syscall::AddressAnswer;
using syscall::Boolean;
using syscall::CapabilityNumber;
using syscall::ChoiceWith;
using syscall::ClockTicks;
using syscall::Count;
using syscall::Count32;
using syscall::CpuMask;
using syscall::CpuNumber;
using syscall::Device;
using syscall::EpochSeconds;
using syscall::ExitCode;
using syscall::FileOffset;
using syscall::FilePosition;
using syscall::Gid;
using syscall::GidOrUnchanged;
using syscall::IdUse;
using syscall::IntegerInMemory;
using syscall::Known;
using syscall::MagicNumber;
using syscall::Milliseconds;
using syscall::Mode;
using syscall::ModeMask;
using syscall::ModeUse;
using syscall::MustBeZero;
using syscall::NiceDistance;
using syscall::NiceValue;
using syscall::NodeMode;
using syscall::Number;
using syscall::PidOf;
using syscall::PidUse;
using syscall::ProtocolNumber;
using syscall::Seconds;
using syscall::SelectedId;
using syscall::SignalMask;
using syscall::SignalNumber;
using syscall::SignalOrNone;
using syscall::SignalSetSize;
using syscall::SignalUse;
using syscall::SignedCount;
using syscall::SignedSize;
using syscall::Size;
using syscall::Size32;
using syscall::SizeUse;
using syscall::StaticPriority;
using syscall::StatusWord;
using syscall::TimerNumber;
using syscall::TypedByte;
using syscall::Uid;
using syscall::UidOrUnchanged;
using syscall::Unused;

// From syscall/pointers.hpp.
using syscall::ArrayArgument;
using syscall::BufferArgument;
using syscall::BytesArgument;
using syscall::Descriptor;
using syscall::DescriptorNumber;
using syscall::DescriptorOf;
using syscall::DescriptorSet;
using syscall::DescriptorUse;
using syscall::DirectoryDescriptor;
using syscall::DirectoryPath;
using syscall::ExistingPath;
using syscall::FixedArray;
using syscall::InArray;
using syscall::InBytes;
using syscall::InOutArray;
using syscall::InVectors;
using syscall::LengthUnit;
using syscall::NewDescriptor;
using syscall::NewPath;
using syscall::OutArray;
using syscall::OutBytePerPage;
using syscall::OutBytes;
using syscall::OutVectors;
using syscall::PathArgument;
using syscall::PathOf;
using syscall::PathUse;
using syscall::RangeStart;
using syscall::Readable;
using syscall::Seekable;
using syscall::Start;
using syscall::TextArgument;
using syscall::TextsArgument;
using syscall::UserAddress;
using syscall::VectorsArgument;
using syscall::Writable;

// From syscall/commands.hpp.
using syscall::CommandCode;
using syscall::CommandList;
using syscall::CommandSet;
using syscall::CommandWord;
using syscall::On;

// From syscall/description.hpp.
using syscall::Description;
using syscall::Direction;
using syscall::Kind;

// From syscall/enumerators.hpp.
using syscall::enumerators;
using syscall::name_of_type;

}  // namespace exo::posix_x
