# builds a package, installs, queries, upgrades and purges it
mkdir -p p/DEBIAN p/usr/share/mine p/etc && echo one >p/usr/share/mine/f && echo a=1 >p/etc/mine.conf && echo /etc/mine.conf >p/DEBIAN/conffiles
printf 'Package: mine\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@b>\nDescription: a test\n' >p/DEBIAN/control
printf '#!/bin/sh\necho configured $1\n' >p/DEBIAN/postinst && chmod 755 p/DEBIAN/postinst
SOURCE_DATE_EPOCH=0 dpkg-deb --root-owner-group -b p m1.deb && dpkg-deb -c m1.deb | awk '{print $1, $2, $6}' && dpkg-deb -f m1.deb Version
dpkg -i m1.deb && dpkg -s mine | grep Status && dpkg -L mine | sort && dpkg -S /etc/mine.conf && dpkg -V mine
echo a=2 >/etc/mine.conf && sed -i 's/1.0/2.0/' p/DEBIAN/control && dpkg-deb -b p m2.deb >/dev/null && dpkg -i m2.deb && cat /etc/mine.conf
dpkg --compare-versions 1:1.0~rc1 lt 1:1.0 && echo less; dpkg -r mine && ls /etc/mine.conf && dpkg -P mine; dpkg-query -W -f '${Status}\n' mine 2>&1
dpkg-divert --local --add /etc/hostname && dpkg-divert --list | grep hostname && dpkg-divert --remove /etc/hostname; rm -f *.deb
