#pragma once
// Prepares the environment that every program expects.

/// Mounts /dev, /proc, /sys, /dev/pts and /dev/shm. /dev/pts stays an empty folder on a kernel without devpts.
void mount_file_systems();

/// Makes /dev/fd, /dev/stdin, /dev/stdout and /dev/stderr, which no kernel makes (udev and container runtimes do).
void link_standard_streams();

/// Makes sure that 0, 1 and 2 are open: a kernel without a console starts this process with no descriptors, and they
/// must not become ports.
void occupy_standard_descriptors();

/// Sets the machine's name from the image, as every distribution does. Without that file the kernel's name
/// stays.
void set_host_name();

/// Writes /etc/resolv.conf, if the machine has got its address by DHCP.
void write_name_servers();
