#include "attributes.hpp"

#include "request.hpp"
#include "system.hpp"

namespace {

constexpr const char* ATTRIBUTES = "/.exo/attributes";

/// Reads the numbers and strings of a record. A string has its length before it and a zero byte after it.
class Reader {
  public:
    explicit Reader(const File& file) : at_(file.data), end_(file.data + file.size) {}

    bool is_at_end() const { return at_ == end_; }
    bool is_broken() const { return is_broken_; }

    u32 number() {
        u32 value = 0;
        if (take(sizeof value)) __builtin_memcpy(&value, at_ - sizeof value, sizeof value);
        return value;
    }
    Text string() {
        const usize size = number();
        return take(size + 1) ? Text{at_ - size - 1, size} : Text{"", 0};
    }

  private:
    bool take(usize bytes) {
        if (bytes > static_cast<usize>(end_ - at_)) is_broken_ = true;
        if (!is_broken_) at_ += bytes;
        return !is_broken_;
    }

    const char* at_;
    const char* end_;
    bool is_broken_ = false;
};

int set_modified(const char* path, u32 seconds, u32 nanoseconds) {
    const linux::TimeSpec time{static_cast<isize>(seconds), static_cast<isize>(nanoseconds)};
    const linux::TimeSpec both[2] = {time, time};
    return static_cast<int>(-sys::utimensat(path, both));
}

/// Applies the record of one file: its path, its time, and its attributes.
SettingError apply_one(Reader& reader) {
    const Text path = reader.string();
    const u32 seconds = reader.number();
    const u32 nanoseconds = reader.number();
    int error = 0;
    for (u32 count = reader.number(); count > 0 && !reader.is_broken(); --count) {
        const Text name = reader.string();
        const Text value = reader.string();
        if (reader.is_broken() || error != 0) continue;
        error = static_cast<int>(-sys::lsetxattr(path.data, name.data, value.data, value.size));
    }
    if (reader.is_broken()) return {linux::EINVAL, ATTRIBUTES};
    if (error == 0) error = set_modified(path.data, seconds, nanoseconds);
    return {error, path};
}

}  // namespace

SettingError apply_attributes() {
    File file;
    const isize result = read_file(ATTRIBUTES, file);
    if (result == -linux::ENOENT) return {};
    if (sys::failed(result)) return {static_cast<int>(-result), ATTRIBUTES};
    sys::unlink(ATTRIBUTES);
    for (Reader reader(file); !reader.is_at_end();) {
        const SettingError failed = apply_one(reader);
        if (failed.error != 0) return failed;
    }
    return {};
}
