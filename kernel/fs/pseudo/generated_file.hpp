// An open generated file. It keeps a snapshot of the content, taken when a read starts at offset 0. For a
// file of many records the snapshot is one piece, and a read behind its end makes the next piece.
#pragma once

#include "fs/pseudo/pseudo.hpp"

namespace exo::fs {

class GeneratedOpenFile final : public File {
  public:
    GeneratedOpenFile(OpenRequest&& request, GeneratedFile::Sendfile sendfile)
        : File(std::move(request), {.seek = SeekPolicy::Moving,
                                    .splice = policy_for(sendfile),
                                    .vectors = VectorPolicy::WriteEach}) {}

    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    Result<usize> do_write(vm::InBuffer& from, u64& offset, const WriteContext& context) override;
    Result<u64> do_seek(u64 position, i64 offset, abi::SeekWhence whence) override;
    Result<> truncate(u64, const WriteContext&) override { return {}; }
    Result<> sync() override { return {}; }

  private:
    static SplicePolicy policy_for(GeneratedFile::Sendfile sendfile) {
        return sendfile == GeneratedFile::Sendfile::Works ? SplicePolicy::GivesAndTakes
                                                          : SplicePolicy::Refused;
    }
    struct Snapshot {
        String text;
        u64 start = 0;   ///< The offset of `text` in the file.
        u64 cursor = 0;  ///< The cursor of the next piece.
        GeneratedFile::More more = GeneratedFile::More::No;
        bool is_taken = false;
    };
    Result<> take_first(Snapshot& snapshot);
    Result<> take_next(Snapshot& snapshot);
    GeneratedFile& generated() const { return static_cast<GeneratedFile&>(inode()); }

    /// Has the rank of a file position, so that generators may take all other locks under it.
    scheduler::Mutex<Snapshot, sync::LockRank::FilePosition> snapshot_;
};

}  // namespace exo::fs
