#pragma once
// What every program expects to find, whatever it is.

/// Mounts /dev, /proc and /sys.
void mount_file_systems();

/// Makes sure that 0, 1 and 2 are open: a kernel without a console starts this process with no descriptors, and they
/// must not become ports.
void occupy_standard_descriptors();

/// Takes the machine's name from the image, as every distribution does; without the file it keeps the kernel's.
void set_host_name();
