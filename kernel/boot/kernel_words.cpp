#include "boot/kernel_words.hpp"

#include <algorithm>

namespace exo::boot {

namespace {

/// The parameters that Debian's Linux 6.1 (linux-image-cloud-amd64) registers, out of its sections .init.setup and __param.
/// Those that end in '=' it knows with a value only, those that end in '!' without one only. Names with a dot are not
/// listed, because no such word reaches init. What Linux only searches the whole line for, such as nokaslr, reaches init.
constexpr std::string_view KERNEL_WORDS =
    "acpi acpi_apic_instance acpi_backlight= acpi_enforce_resources= acpi_force_32bit_fadt_addr "
    "acpi_force_table_verification acpi_irq_balance acpi_irq_isa= acpi_irq_nobalance acpi_irq_pci= "
    "acpi_mask_gpe= acpi_no_auto_serialize acpi_no_memhotplug acpi_no_static_ssdt acpi_no_watchdog "
    "acpi_os_name= "
    "acpi_osi= acpi_pm_good acpi_rev_override acpi_rsdp acpi_sci acpi_skip_timer_override acpi_sleep= "
    "acpi_use_timer_override acpica_no_return_repair add_efi_memmap align_va_addr= alloc_snapshot amd_pstate "
    "apic apic_extnmi apicpmtimer apparmor= audit= audit_backlog_limit= bert_disable bgrt_disable boot_delay "
    "bootconfig ca_keys= cgroup_debug cgroup_disable= cgroup_no_v1= checkreqprot= clearcpuid= clock= "
    "clocksource= coherent_pool console= console_msg_format= consoleblank coredump_filter= cpu0_hotplug "
    "cpu_init_udelay crash_kexec_post_notifiers crashkernel debug debug-alternative debug_boot_weak_hash "
    "debugfs "
    "debugpat default_hugepagesz= deferred_probe_timeout= delayacct dhash_entries= disable_cpu_apicid "
    "disable_mtrr_cleanup disable_mtrr_trim disable_timer_pin_1 disableapic driver_async_probe= "
    "dump_apple_properties dyndbg= early_ioremap_debug earlycon earlyprintk efi efi_no_storage_paranoia "
    "efivar_ssdt= elevator= elfcorehdr enable_mtrr_cleanup enforcing= erst_disable evm= fb_tunnels= fbcon= "
    "fips= "
    "ftrace= ftrace_boot_snapshot ftrace_dump_on_oops ftrace_filter= ftrace_graph_filter= "
    "ftrace_graph_max_depth= ftrace_graph_notrace= ftrace_notrace= fw_devlink gather_data_sampling gbpages "
    "gpt "
    "hardened_usercopy= hashdist= hest_disable hibernate= highres= hostname hpet= hpet_mmap= hugepages= "
    "hugepagesz= hugetlb_free_vmemmap hv_nopvspin idle ignore_loglevel ignore_rlimit_data ihash_entries= "
    "ima_appraise ima_appraise_tcb ima_canonical_fmt ima_hash= ima_policy= ima_tcb ima_template= "
    "ima_template_fmt= indirect_target_selection init= init_on_alloc init_on_free init_pkru= "
    "initcall_blacklist= "
    "initcall_debug initramfs_async= initramfs_options= initrd initrdmem int_pln_enable integrity_audit= "
    "intel_iommu= intel_pstate intremap io_delay iomem= iommu ipcmni_extend irqaffinity= irqfixup irqpoll "
    "isolcpus= keep_bootcon kernelcore kprobe_event= l1d_flush l1tf lapic lapic_timer_c2_ok load_ramdisk= "
    "lockdown log_buf_len loglevel lpj= lsm= maxcpus mds mem mem_sleep_default= memblock "
    "memhp_default_state= "
    "memmap mhash_entries= mitigations mmio_stale_data module_blacklist movable_node movablecore "
    "mphash_entries= "
    "mtrr_chunk_size mtrr_cleanup_debug mtrr_gran_size mtrr_spare_reg_nr nmi_watchdog= no-kvmapf no-kvmclock "
    "no-kvmclock-vsyscall no-scroll no-steal-acc no-vmw-sched-clock no_console_suspend no_file_caps "
    "no_hash_pointers no_ipi_broadcast= no_timer_check noapic noapictimer noautogroup noefi noexec32= "
    "nofsgsbase! nogbpages nohibernate nohpet nohugeiomap nohugevmalloc nohz= nohz_full= noinitrd nointremap "
    "noinvpcid noirqdebug nolapic nolapic_timer nomodule nonmi_ipi nopat nopcid nopku nopv nopvspin "
    "norandmaps "
    "noreplace-smp noresume nosgx nosmp nosmt nosoftlockup nospectre_v1 notsc nowatchdog nox2apic nr_cpus "
    "ntp_tick_adj= numa numa_balancing= oops panic panic_on_taint panic_on_warn panic_print pause_on_oops "
    "pci "
    "pcie_aspm= pcie_pme= pcie_port_pm= pcie_ports= percpu_alloc pmtmr= pnp_reserve_dma= pnp_reserve_io= "
    "pnp_reserve_irq= pnp_reserve_mem= pnpacpi= possible_cpus preempt= print-fatal-signals= profile= psi= "
    "quiet "
    "randomize_kstack_offset ras rcu_nocb_poll rcu_nocbs rdinit= rdrand rdt reboot= reg_file_data_sampling "
    "relax_domain_level= resched_latency_warn_ms= reserve= reset_devices resume= resume_offset= resumedelay= "
    "resumewait retain_initrd! retbleed ring3mwait= ro! rodata root= rootdelay= rootflags= rootfstype= "
    "rootwait! "
    "rw! sched_thermal_decay_shift= sched_verbose schedstats= security= sev= show_lapic= skew_tick "
    "slab_merge "
    "slab_nomerge slub_debug slub_max_order= slub_merge slub_min_objects= slub_min_order= slub_nomerge "
    "softlockup_panic= spec_rstack_overflow spectre_bhi srbds stack_depot_disable stack_guard_gap= "
    "stacktrace "
    "strict_sas_size! swapaccount= swiotlb sysrq_always_enabled tcpmhash_entries= thash_entries= threadirqs "
    "TOMOYO_loader= TOMOYO_trigger= tp_printk tp_printk_stop_on_boot trace_buf_size= trace_clock= "
    "trace_event= "
    "trace_options= traceoff_on_warning tracing_thresh= transparent_hugepage= tsa tsc= tsc_early_khz "
    "tsx_async_abort uhash_entries= unknown_nmi_panic userpte vdso32= vdso= video= vmscape vsyscall "
    "watchdog_thresh= x2apic_phys xen_emul_unplug xen_legacy_crash xen_msr_safe xen_no_vector_callback "
    "xen_nopv "
    "xen_nopvspin xen_scrub_pages xen_timer_slop";

}  // namespace

bool is_kernel_word(const CommandLineWord& word) {
    std::string_view rest = KERNEL_WORDS;
    while (!rest.empty()) {
        std::string_view known = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(known.size() + 1, rest.size()));
        const char mark = known.back();
        if (mark == '=' || mark == '!') known.remove_suffix(1);
        if (is_same_key(known, word.key)) return word.value ? mark != '!' : mark != '=';
    }
    return false;
}

}  // namespace exo::boot
