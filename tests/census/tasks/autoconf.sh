# makes a configure script, runs it and fills in a template
# limit: 600
printf 'AC_INIT([t],[1.2])\nAC_CONFIG_HEADERS([config.h])\nAC_PROG_CC\nAC_CHECK_HEADERS([stdio.h nothing.h])\nAC_CHECK_FUNCS([printf nosuchfunction])\nAC_CHECK_SIZEOF([long])\nAC_ARG_ENABLE([x],[AS_HELP_STRING([--enable-x],[x])],[X=$enableval],[X=no])\nAC_SUBST([X])\nAC_CONFIG_FILES([out])\nAC_OUTPUT\n' >configure.ac && echo 'version @PACKAGE_VERSION@ x @X@' >out.in
autoheader && autoconf && ./configure --enable-x -q && cat out && grep -E '^#define|^/\* #undef (HAVE_NO)' config.h && ./configure --help | grep -c enable-x && ./configure --bad 2>&1 | head -1 && autoscan 2>/dev/null; grep -c AC_INIT configure.scan
rm -rf autom4te.cache configure config.* *.log configure~
