// Prints what all system calls take and answer, as JSON: docs/call_descriptions.md says what it means.
//
// It links the kernel's portable part (the hosted build) and walks the table. It is a
// tool of its own and no test, because ./exo calls, the trace decoder and the generator of programs read its output.
#include <cstdio>

#include "call_table/json.hpp"
#include "posix_x/call_table.hpp"

namespace {

using namespace exo;

void print_call(call_table::Json& json, const syscall::Call& call) {
    json.begin_object();
    json.field("number", u64{call.number});
    json.field("name", call.name);
    json.field("family", call.family->name);
    json.field("source", call.family->source);
    json.field("fast_path", call.fast != nullptr);
    json.key("result");
    call_table::print(json, call.description->answer);
    json.key("arguments");
    call_table::print(json, call.description->arguments);
    json.end_object();
}

}  // namespace

int main() {
    call_table::Json json;
    json.begin_object();
    json.key("calls");
    json.begin_array();
    for (const syscall::Call& call : posix_x::all_calls()) print_call(json, call);
    json.end_array();
    json.end_object();
    std::puts(json.text().c_str());
    return 0;
}
