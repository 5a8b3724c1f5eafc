# builds a package by the usual sequence
# limit: 600
# mask: content times
mkdir -p p/debian/source && cd p && printf 'all:\n\techo built >out\ninstall:\n\tinstall -D out $(DESTDIR)/usr/share/census/out\nclean:\n\trm -f out\n' >Makefile
printf 'Source: census\nSection: misc\nPriority: optional\nMaintainer: a <a@b>\nBuild-Depends: debhelper-compat (= 13)\nStandards-Version: 4.6.2\n\nPackage: census\nArchitecture: all\nDepends: ${misc:Depends}\nDescription: a test\n Long.\n' >debian/control
printf 'census (1.0) unstable; urgency=low\n\n  * First.\n\n -- a <a@b>  Mon, 01 Jan 2024 00:00:00 +0000\n' >debian/changelog && printf '#!/usr/bin/make -f\n%%:\n\tdh $@\n' >debian/rules && chmod +x debian/rules && echo '3.0 (native)' >debian/source/format && echo 'x' >debian/census.docs && echo doc >x
dpkg-buildpackage -b -uc -us -d 2>&1 | grep -vE '^(dpkg-buildpackage: info|dpkg-genbuildinfo|dpkg-genchanges)' && dpkg -c ../census_1.0_all.deb | awk '{print $1, $6}' && dpkg -f ../census_1.0_all.deb Package Version Depends Description && cd .. && rm -rf p *.buildinfo *.changes *.deb
