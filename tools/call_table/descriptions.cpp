// Descriptions as JSON. What is nothing special is left out: docs/call_descriptions.md says what its absence means.
#include "call_table/json.hpp"
#include "syscall/enumerators.hpp"

namespace exo::call_table {

namespace {

using syscall::Command;
using syscall::Description;
using syscall::Direction;
using syscall::Field;
using syscall::Kind;
using syscall::NamedValue;

template <class Enum> std::string name_of(Enum value) {
    for (const NamedValue& one : syscall::enumerators<Enum>())
        if (one.value == static_cast<u64>(value)) return snake_case(one.name);
    return "?";
}

void print_value(Json& json, const NamedValue& one, bool is_signed) {
    json.begin_object();
    json.field("name", one.name);
    if (is_signed)
        json.field("value", static_cast<i64>(one.value));
    else
        json.field("value", one.value);
    json.end_object();
}

void print_values(Json& json, std::string_view key, std::span<const NamedValue> values, bool is_signed) {
    if (values.empty()) return;
    json.key(key);
    json.begin_array();
    for (const NamedValue& one : values) print_value(json, one, is_signed);
    json.end_array();
}

void print_field(Json& json, const Field& field) {
    std::string name;
    for (u32 i = 0; i < field.depth; ++i) name.append(field.owners[i]).append(".");
    name.append(field.name);
    json.begin_object();
    json.field("name", std::string_view(name));
    json.field("type", field.type);
    json.field("offset", u64{field.offset});
    json.field("size", u64{field.size});
    if (field.is_signed) json.field("signed", true);
    json.end_object();
}

void print_fields(Json& json, std::span<const Field> fields) {
    if (fields.empty()) return;
    json.key("fields");
    json.begin_array();
    for (const Field& field : fields) print_field(json, field);
    json.end_array();
}

void print_commands(Json& json, std::span<const Command> commands) {
    if (commands.empty()) return;
    json.key("commands");
    json.begin_array();
    for (const Command& command : commands) {
        json.begin_object();
        json.field("name", command.code.name);
        json.field("value", command.code.value);
        json.key("arguments");
        print(json, command.arguments);
        json.key("result");
        print(json, command.answer);
        json.end_object();
    }
    json.end_array();
}

void print_memory(Json& json, const Description& description) {
    if (description.direction != Direction::None)
        json.field("direction", std::string_view(name_of(description.direction)));
    if (description.may_be_null) json.field("null", true);
    if (description.length_argument >= 0) json.field("length_argument", i64{description.length_argument});
    if (description.selecting_argument >= 0)
        json.field("selecting_argument", i64{description.selecting_argument});
    if (description.count > 0) json.field("count", u64{description.count});
    if (description.element != nullptr) {
        json.key("element");
        print(json, *description.element);
    }
}

}  // namespace

void print(Json& json, const Description& description) {
    json.begin_object();
    json.field("kind", std::string_view(name_of(description.kind)));
    if (!description.of.empty()) json.field("of", std::string_view(snake_case(description.of)));
    if (!description.type.empty()) json.field("type", description.type);
    if (description.size > 0) json.field("size", u64{description.size});
    if (description.is_signed) json.field("signed", true);
    if (description.is_checked) json.field("checked", true);
    print_memory(json, description);
    print_values(json, "values", description.values, description.is_signed);
    print_values(json, "flags", description.flags, description.is_signed);
    print_fields(json, description.fields);
    print_commands(json, description.commands);
    json.end_object();
}

void print(Json& json, std::span<const Description> descriptions) {
    json.begin_array();
    for (const Description& description : descriptions) print(json, description);
    json.end_array();
}

}  // namespace exo::call_table
