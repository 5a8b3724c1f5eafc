# configures, builds, tests, installs and packs a project
# limit: 600
# mask: times
printf 'cmake_minimum_required(VERSION 3.20)\nproject(t C)\nadd_library(l STATIC l.c)\nadd_executable(p m.c)\ntarget_link_libraries(p l)\nenable_testing()\nadd_test(good p)\nadd_test(bad p x)\ninstall(TARGETS p)\nfind_package(Threads)\nconfigure_file(c.in c.h)\nmessage(STATUS "threads ${Threads_FOUND}")\n' >CMakeLists.txt
echo 'int l(void) { return 6; }' >l.c && echo '#include <stdio.h>
int l(void); int main(int c, char** v) { printf("%d\n", l()); return c - 1; }' >m.c && echo '#define X @PROJECT_NAME@' >c.in
cmake -S . -B b | grep -E 'threads|Build files' && cmake --build b | grep -E 'Built|Linking' && (cd b && ctest | grep -E 'Test +#|tests passed' || true) && cmake --install b --prefix inst | grep -c Install && inst/bin/p && cat b/c.h
printf 'foreach(i RANGE 3)\n math(EXPR s "${s}+${i}")\nendforeach()\nmessage("${s}")\nstring(SHA256 h abc)\nmessage(${h})\n' >s.cmake && cmake -P s.cmake 2>&1; rm -rf b inst
