// A writer of newc archives.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "utils/types.hpp"

namespace exo::test {

struct ArchiveEntry {
    std::string name;
    u32 mode = 0100644;
    std::string data{};
    u32 inode = 1;
    u32 links = 1;
};

class ArchiveBuilder {
  public:
    explicit ArchiveBuilder(std::string_view magic = "070701") : magic_(magic) {}

    ArchiveBuilder& add(const ArchiveEntry& entry) {
        u32 sum = 0;
        for (const char c : entry.data) sum += static_cast<u8>(c);
        char header[128];
        std::snprintf(header, sizeof(header), "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
                      magic_.c_str(), entry.inode, entry.mode, 1000U, 100U, entry.links, 0x5f000000U,
                      static_cast<u32>(entry.data.size()), 8U, 1U, 5U, 7U,
                      static_cast<u32>(entry.name.size() + 1), magic_ == "070702" ? sum : 0U);
        append(header);
        append(entry.name);
        bytes.push_back(0);
        pad(4);
        append(entry.data);
        pad(4);
        return *this;
    }
    ArchiveBuilder& trailer() { return add({.name = "TRAILER!!!", .mode = 0, .inode = 0}); }
    ArchiveBuilder& pad(usize alignment) {
        while (bytes.size() % alignment != 0) bytes.push_back(0);
        return *this;
    }
    ArchiveBuilder& append(std::string_view raw) {
        bytes.insert(bytes.end(), raw.begin(), raw.end());
        return *this;
    }

    std::vector<u8> bytes;

  private:
    std::string magic_;
};

}  // namespace exo::test
