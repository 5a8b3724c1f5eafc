"""Virtual machines: QEMU's command line, its monitor, and the machines in which instructions are counted."""
