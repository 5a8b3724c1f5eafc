// Prints what all system calls take and answer, as JSON: docs/call_descriptions.md says what it means.
//
// It links the kernel's portable part (the hosted build), registers the calls as main.cpp does, and walks the table. It is a
// tool of its own and no test, because ./exo calls, the trace decoder and the generator of programs read its output.
#include <cstdio>

#include "call_table/json.hpp"
#include "posix_x/syscalls/families.hpp"
#include "syscall/syscall.hpp"

namespace {

using namespace exo;

void print_call(call_table::Json& json, const syscall::CallDescription& call) {
    json.begin_object();
    json.field("number", u64{call.number});
    json.field("name", call.name);
    // From the root of the sources on, however the compiler was told of it.
    const std::string_view file = call.handler->file;
    const std::string_view source = file.substr(file.rfind("kernel/"));
    const std::string_view name = source.substr(source.rfind('/') + 1);
    json.field("family", name.substr(0, name.find('.')));
    json.field("source", source);
    json.field("fast_path", call.has_fast_path);
    json.key("result");
    call_table::print(json, call.handler->answer);
    json.key("arguments");
    call_table::print(json, call.handler->arguments);
    json.end_object();
}

}  // namespace

int main() {
    if (const Result<> registered = posix_x::register_all_calls(); !registered) {
        std::fprintf(stderr, "call_table: registering failed: error %d\n",
                     static_cast<int>(registered.error()));
        return 1;
    }
    call_table::Json json;
    json.begin_object();
    json.key("calls");
    json.begin_array();
    syscall::for_each_call([&](const syscall::CallDescription& call) { print_call(json, call); });
    json.end_array();
    json.end_object();
    std::puts(json.text().c_str());
    return 0;
}
