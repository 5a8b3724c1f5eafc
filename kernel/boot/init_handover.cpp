#include "boot/init_handover.hpp"

#include <algorithm>
#include <array>

namespace exo::boot {

namespace {

/// Ours first, then Linux's that boot loaders and machine managers often write.
constexpr std::string_view KERNEL_WORD_LIST =
    "console init rdinit norandmaps quiet loglevel panic acpi apic apparmor audit cgroup_disable "
    "clocksource debug default_hugepagesz earlycon earlyprintk edd hpet hugepages hugepagesz "
    "ignore_loglevel intel_iommu iommu ip isolcpus kaslr keep_bootcon lpj lsm maxcpus mce mem memmap "
    "mitigations nmi_watchdog no_timer_check noapic nohz nohz_full noinitrd nokaslr nolapic nomodeset "
    "nopti noreplace_smp nosmap nosmep nosmp nosmt nousb nox2apic noxsave nr_cpus pci printk pti random "
    "rcu_nocbs reboot resume ro root rootdelay rootflags rootfstype rootwait rw security selinux "
    "spectre_v2 swiotlb sysrq_always_enabled transparent_hugepage tsc vga";

consteval usize count_words() {
    usize count = 1;
    for (const char c : KERNEL_WORD_LIST) count += c == ' ' ? 1 : 0;
    return count;
}

consteval auto split_words() {
    std::array<std::string_view, count_words()> words;
    usize start = 0;
    for (std::string_view& word : words) {
        word = KERNEL_WORD_LIST.substr(start, KERNEL_WORD_LIST.find(' ', start) - start);
        start += word.size() + 1;
    }
    return words;
}
constexpr auto KERNEL_WORDS = split_words();

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

bool is_kernel_word(std::string_view key) {
    return std::ranges::any_of(KERNEL_WORDS, [&](std::string_view word) { return is_same_key(word, key); });
}

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
        } else if (is_kernel_word(word->key) || word->key.contains('.')) {
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
