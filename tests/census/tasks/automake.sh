# makes Makefiles, builds, checks and packs a project
# limit: 900
# mask: content
printf 'AC_INIT([t],[1.0],[a@b])\nAM_INIT_AUTOMAKE([foreign -Wall])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' >configure.ac && printf 'bin_PROGRAMS = p\np_SOURCES = m.c\nTESTS = good bad\nXFAIL_TESTS = bad\nEXTRA_DIST = good bad\n' >Makefile.am
echo 'int main(void) { return 0; }' >m.c && printf '#!/bin/sh\nexit 0\n' >good && printf '#!/bin/sh\nexit 1\n' >bad && chmod +x good bad
aclocal && autoconf && automake -a 2>/dev/null && ./configure -q && make -s && make -s check 2>&1 | grep -E '^# (TOTAL|PASS|XFAIL|FAIL)' && make -s install DESTDIR=/work/i && find i -type f && make -s dist && tar tzf t-1.0.tar.gz | sort | head -20
cd /work && ls | sort | head -30; find . -mindepth 1 ! -name '*.am' ! -name m.c -delete 2>/dev/null || true
