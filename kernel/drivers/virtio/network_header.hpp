// The header that virtio-net has before each frame, and the features that give its fields a meaning (virtio 1.2,
// section 5.1).
#pragma once

#include <span>

#include "drivers/net/network_device.hpp"

namespace exo::drivers {

inline constexpr u64 NETWORK_FEATURE_CHECKSUM = 1ULL << 0;
inline constexpr u64 NETWORK_FEATURE_GUEST_CHECKSUM = 1ULL << 1;
inline constexpr u64 NETWORK_FEATURE_MTU = 1ULL << 3;
inline constexpr u64 NETWORK_FEATURE_ADDRESS = 1ULL << 5;
inline constexpr u64 NETWORK_FEATURE_GUEST_TSO4 = 1ULL << 7;
inline constexpr u64 NETWORK_FEATURE_HOST_TSO4 = 1ULL << 11;
inline constexpr u64 NETWORK_FEATURE_MERGED_BUFFERS = 1ULL << 15;
inline constexpr u64 NETWORK_FEATURE_STATUS = 1ULL << 16;

/// The features that the driver uses, of those that the device offers. Some need others.
u64 choose_network_features(u64 offered);

// Offsets in the configuration space.
inline constexpr u32 NETWORK_ADDRESS_OFFSET = 0;
inline constexpr u32 NETWORK_STATUS_OFFSET = 6;
inline constexpr u32 NETWORK_MTU_OFFSET = 10;

inline constexpr u16 NETWORK_STATUS_LINK_UP = 1;

inline constexpr u8 NETWORK_HEADER_NEEDS_CHECKSUM = 1;
inline constexpr u8 NETWORK_HEADER_IS_CHECKED = 2;

enum class NetworkSegmentation : u8 { None = 0, TcpIpv4 = 1, Udp = 3, TcpIpv6 = 4 };

struct NetworkHeader {
    u8 flags = 0;
    NetworkSegmentation segmentation = NetworkSegmentation::None;
    u16 header_size = 0;
    u16 segment_size = 0;
    u16 checksum_start = 0;
    u16 checksum_offset = 0;
    u16 buffers = 0;  ///< How many buffers the frame fills, if the device merges buffers.
};
static_assert(sizeof(NetworkHeader) == 12);

inline constexpr usize ETHERNET_HEADER_SIZE = 14;

/// What a received header says of its frame. Errors: Eproto (it contradicts the features or the frame).
Result<FrameOffload> read_network_header(const NetworkHeader& header, std::span<const u8> frame,
                                         u64 features);

/// The header for a frame of `size` bytes that is sent.
/// Errors: Einval (the offload contradicts itself or the size), Eopnotsupp (the features do not allow it).
Result<NetworkHeader> make_network_header(const FrameOffload& offload, usize size, u64 features);

}  // namespace exo::drivers
