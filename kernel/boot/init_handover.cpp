#include "boot/init_handover.hpp"

#include "boot/kernel_words.hpp"

namespace exo::boot {

namespace {

/// "key=value" or "key": the word as init sees it.
Result<String> spell(const CommandLineWord& word) {
    String text = TRY(String::from(word.key));
    if (word.value) {
        TRY(text.push('='));
        TRY(text.append(*word.value));
    }
    return text;
}

Result<> set_environment(Vector<String>& environment, const CommandLineWord& word) {
    String text = TRY(spell(word));
    const std::string_view key_and_equals = text.view().substr(0, word.key.size() + 1);
    for (String& variable : environment) {
        if (variable.view().starts_with(key_and_equals)) {
            variable = std::move(text);
            return {};
        }
    }
    return environment.push(std::move(text));
}

}  // namespace

Result<InitHandover> InitHandover::create(const CommandLine& command_line) {
    InitHandover handover;
    TRY(set_environment(handover.environment, {"HOME", "/"}));
    TRY(set_environment(handover.environment, {"TERM", "linux"}));
    std::string_view rest = command_line.text();
    while (const auto word = take_word(rest)) {
        if (!word->value && word->key == "--") break;
        if (word->value && (is_same_key(word->key, "init") || is_same_key(word->key, "rdinit"))) {
            (is_same_key(word->key, "init") ? handover.init : handover.rdinit) = word->value;
            // LINUX: a boot loader may put its own words in front; they are not arguments of this program.
            handover.arguments.clear();
        } else if (is_kernel_word(*word) || word->key.contains('.')) {
            continue;
        } else if (word->value) {
            TRY(set_environment(handover.environment, *word));
        } else {
            TRY(handover.arguments.push(TRY(spell(*word))));
        }
    }
    while (const auto word = take_word(rest)) TRY(handover.arguments.push(TRY(spell(*word))));
    return handover;
}

}  // namespace exo::boot
