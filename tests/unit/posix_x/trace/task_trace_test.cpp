// What a task's trace keeps of copies: continued ones, long ones, and those beyond a call's share.
#include "posix_x/trace/task_trace.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "support/hosted_frames.hpp"
#include "support/must.hpp"

namespace exo::posix_x {
namespace {

using namespace trace;
using upcalls::UserCopy;

constexpr Pid TID = 7;
constexpr usize CAPTURE = 512;
constexpr u64 ADDRESS = 0x7000;

struct Taken {
    RecordHeader header;
    CopyBody copy;
    std::vector<u8> data;
};

/// A trace that keeps its records to itself, so that nothing is queued.
struct HeldTrace {
    test::HostedFrames frames{256};
    Ref<TaskTrace> trace = MUST(TaskTrace::create(TID, CAPTURE));
    HeldTrace() {
        trace->hold();
        trace->begin_call();
    }
    void copy(UserCopy kind, u64 address, const std::vector<u8>& bytes) {
        trace->append_copy(kind, address, bytes.data(), bytes.size());
    }
    std::vector<Taken> take() {
        std::vector<u8> bytes(trace->capacity());
        const usize size = trace->take(bytes);
        std::vector<Taken> records;
        for (usize at = 0; at < size;) {
            Taken& record = records.emplace_back();
            std::memcpy(&record.header, bytes.data() + at, sizeof(record.header));
            EXPECT_EQ(record.header.size % 8, 0U);
            EXPECT_LE(at + record.header.size, size);
            if (record.header.kind == RecordKind::Copy) {
                std::memcpy(&record.copy, bytes.data() + at + sizeof(RecordHeader), sizeof(record.copy));
                const u8* data = bytes.data() + at + sizeof(RecordHeader) + sizeof(CopyBody);
                record.data.assign(data, data + record.copy.captured);
            }
            at += record.header.size;
        }
        return records;
    }
};

std::vector<u8> counting(usize size) {
    std::vector<u8> bytes(size);
    for (usize i = 0; i < size; ++i) bytes[i] = static_cast<u8>(i * 7);
    return bytes;
}

TEST(task_trace, keeps_a_copy_with_its_address_and_its_bytes) {
    HeldTrace held;
    held.copy(UserCopy::FromUser, ADDRESS, counting(13));
    const auto records = held.take();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].header.tid, TID);
    EXPECT_EQ(records[0].header.detail, static_cast<u32>(UserCopy::FromUser));
    EXPECT_EQ(records[0].copy.address, ADDRESS);
    EXPECT_EQ(records[0].copy.size, 13U);
    EXPECT_EQ(records[0].data, counting(13));
}

TEST(task_trace, continues_a_copy_where_it_ended) {
    HeldTrace held;
    const auto bytes = counting(100);
    for (usize at = 0; at < 100; at += 25)
        held.copy(UserCopy::ToUser, ADDRESS + at,
                  {bytes.begin() + static_cast<isize>(at), bytes.begin() + static_cast<isize>(at) + 25});
    held.copy(UserCopy::FromUser, ADDRESS + 100, counting(3));  // the other direction
    held.copy(UserCopy::FromUser, ADDRESS + 200, counting(3));  // somewhere else
    const auto records = held.take();
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].copy.size, 100U);
    EXPECT_EQ(records[0].data, bytes);
}

TEST(task_trace, captures_the_front_of_a_long_copy_and_counts_the_rest) {
    HeldTrace held;
    for (u64 page = 0; page < 64; ++page)
        held.copy(UserCopy::FromUser, ADDRESS + page * PAGE_SIZE, counting(PAGE_SIZE));
    const auto records = held.take();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].copy.size, 64 * PAGE_SIZE);
    auto front = counting(PAGE_SIZE);
    front.resize(CAPTURE);
    EXPECT_EQ(records[0].data, front);
}

TEST(task_trace, keeps_nothing_behind_a_gap_in_what_it_captured) {
    HeldTrace held;
    held.copy(UserCopy::FromUser, ADDRESS, counting(CAPTURE + 10));
    held.copy(UserCopy::FromUser, ADDRESS + CAPTURE + 10, counting(10));
    const auto records = held.take();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].copy.size, CAPTURE + 20);
    EXPECT_EQ(records[0].data.size(), CAPTURE);
}

TEST(task_trace, shows_strings_longer_than_buffers) {
    HeldTrace held;
    held.copy(UserCopy::StringFromUser, ADDRESS, counting(3000));
    EXPECT_EQ(held.take().at(0).data, counting(3000));
}

TEST(task_trace, never_exceeds_a_calls_share_and_has_room_for_its_end) {
    HeldTrace held;
    for (u64 i = 0; i < 5000; ++i) held.copy(UserCopy::FromUser, ADDRESS + 64 * i, counting(17));
    EXPECT_LT(held.trace->share_left(), 128U);
    held.trace->end_call();
    held.trace->append(RecordKind::Exit, 0, ExitBody{.result = 1});
    const auto records = held.take();
    EXPECT_EQ(records.back().header.kind, RecordKind::Exit);
    EXPECT_GT(records.size(), 50U);
}

TEST(task_trace, zeros_take_no_room) {
    HeldTrace held;
    held.trace->append_copy(UserCopy::ZerosToUser, ADDRESS, nullptr, 1 << 20);
    const auto records = held.take();
    EXPECT_EQ(records.at(0).copy.size, 1U << 20);
    EXPECT_TRUE(records.at(0).data.empty());
}

TEST(task_trace, goes_on_in_a_new_record_when_the_last_one_was_sent) {
    HeldTrace held;
    held.copy(UserCopy::ToUser, ADDRESS, counting(8));
    EXPECT_EQ(held.take().size(), 1U);
    held.copy(UserCopy::ToUser, ADDRESS + 8, counting(8));
    const auto records = held.take();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].copy.address, ADDRESS + 8);
}

TEST(task_trace, forgets_what_is_discarded) {
    HeldTrace held;
    held.copy(UserCopy::ToUser, ADDRESS, counting(8));
    held.trace->discard();
    EXPECT_TRUE(held.take().empty());
}

TEST(task_trace, remembers_the_last_ignored_signal_of_each_number) {
    HeldTrace held;
    held.trace->note_ignored({.signal = Signal::Chld, .sender = 1});
    held.trace->note_ignored({.signal = Signal::Winch});
    held.trace->note_ignored({.signal = Signal::Chld, .sender = 2});
    SignalInfo info;
    ASSERT_TRUE(held.trace->take_ignored(info));
    EXPECT_EQ(info.sender, 2);
    ASSERT_TRUE(held.trace->take_ignored(info));
    EXPECT_EQ(info.signal, Signal::Winch);
    EXPECT_FALSE(held.trace->take_ignored(info));
}

}  // namespace
}  // namespace exo::posix_x
