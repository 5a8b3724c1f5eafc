#!/bin/dash
# Runs as root in a machine whose root file system holds Debian packages that are unpacked and not configured: runs their scripts as
# dpkg does, and writes the configured tree as a tar archive to standard output. What exo is to know goes to standard error in lines
# that begin with @root.
exec 3>&1 1>&2 < /dev/null
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8 HOME=/root
info=/var/lib/dpkg/info
work=/.root

# Services are not started while they are configured (invoke-rc.d's policy layer, /usr/share/doc/init-system-helpers).
policy=/usr/sbin/policy-rc.d
[ -e $policy ] && policy=
[ -n "$policy" ] && { printf '#!/bin/sh\nexit 101\n' > $policy; chmod 755 $policy; }

script() { # PACKAGE SCRIPT ARGUMENT...: runs a maintainer script as dpkg does
    name=${1%%:*}
    part=$2
    file=$info/$1.$2
    shift 2
    DPKG_ADMINDIR=/var/lib/dpkg DPKG_MAINTSCRIPT_PACKAGE=$name DPKG_MAINTSCRIPT_NAME=$part DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
        DPKG_MAINTSCRIPT_ARCH=$(cat $work/architecture) DPKG_ROOT= DPKG_RUNNING_VERSION=$version "$file" "$@"
}

version=$(dpkg-query -f '${Version}' -W dpkg)
while read -r package; do
    if [ -e "$info/$package.preinst" ]; then
        script "$package" preinst install || echo "@root failed $package preinst ended with status $?"
    fi
done < $work/order

dpkg --no-triggers --configure --pending
# What could not be configured may only have waited for another package.
dpkg --no-triggers --configure --pending
dpkg-query -f '${Package} ${db:Status-Status}\n' -W | while read -r package status; do
    case $status in installed | triggers-*) ;; *) echo "@root failed $package is $status" ;; esac
done

# Each package's triggers fire once at the end, when everything is there (deb-triggers(5)).
while read -r package names; do
    echo "@root triggers $package"
    script "$package" postinst triggered "$names" || echo "@root failed $package the trigger script ended with status $?"
done < $work/triggers

[ -n "$policy" ] && rm -f $policy
rm -rf $work /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /tmp/* /run/* /var/log/*.log /var/log/apt
echo "@root packing"
cd / && exec tar --one-file-system --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime,delete=mtime --xattrs --xattrs-include='*' --warning=no-file-ignored -cf - . >&3
