# The portable part of the kernel as a library, and the unit tests that run on it.
find_package(Threads REQUIRED)
enable_testing()

# Sanitizers report functions and lines, so debug information holds no more than those. Only test code, which is most of what the
# compiler would have to optimise, is not optimised at all: it checks the library, which is.
if(EXO_HOST_BENCH)
    # As the kernel's release build is.
    set(library_optimisation -O2 -flto)
else()
    set(library_optimisation -O1)
endif()
set(test_optimisation -O0)
target_compile_options(exo_options INTERFACE -g1
    $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>
    $<$<COMPILE_LANGUAGE:CXX>:-stdlib=libc++>
    $<$<COMPILE_LANGUAGE:CXX>:-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST>)
target_link_options(exo_options INTERFACE -fuse-ld=lld-19 "SHELL:-stdlib=libc++")
if(EXO_SANITIZE)
    target_compile_options(exo_options INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${EXO_SANITIZE}>
        $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>
        $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=function,vptr>)
    target_link_options(exo_options INTERFACE -fsanitize=${EXO_SANITIZE})
endif()
target_compile_definitions(exo_options INTERFACE EXO_HOSTED=1)

# Under the thread sanitizer: all layers that CPUs share data in, and the tests of that,
# tests/unit/<layer>/*concurrency_test.cpp. Failing allocations cannot be tested there: its runtime owns operator new.
if(EXO_SANITIZE STREQUAL "thread")
    list(FILTER EXO_SOURCES INCLUDE REGEX "/kernel/(utils|sync|boot|time|log|memory|scheduler|vm|security|fs|ipc|net|drivers|syscall|posix_x)/")
endif()

file(GLOB_RECURSE arch_sources CONFIGURE_DEPENDS kernel/arch/hosted/*.cpp)
# Needs no privilege, so both homes share it.
list(APPEND arch_sources kernel/arch/x86_64/switch.S kernel/arch/x86_64/context.cpp)
add_library(exo STATIC ${EXO_SOURCES} ${arch_sources})
target_compile_options(exo PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${library_optimisation}>" $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
target_link_libraries(exo PUBLIC exo_options Threads::Threads)
if(EXO_PRECOMPILE)
    target_precompile_headers(exo PRIVATE ${EXO_PRECOMPILED})
endif()

# Only the timing of it, ./exo bench host.
if(EXO_HOST_BENCH)
    target_link_options(exo_options INTERFACE -flto)
    file(GLOB host_bench_sources CONFIGURE_DEPENDS benches/host/*.cpp)
    add_executable(host_bench ${host_bench_sources})
    target_compile_options(host_bench PRIVATE ${library_optimisation})
    target_link_libraries(host_bench PRIVATE exo)
    return()
endif()

# What all system calls take and answer, as JSON: ./exo calls.
if(NOT EXO_SANITIZE STREQUAL "thread")
    file(GLOB call_table_sources CONFIGURE_DEPENDS tools/call_table/*.cpp)
    add_executable(call_table ${call_table_sources})
    target_include_directories(call_table PRIVATE tools)
    target_compile_options(call_table PRIVATE ${library_optimisation})
    target_link_libraries(call_table PRIVATE exo)
    add_test(NAME call_page COMMAND sh -c
        "'$<TARGET_FILE:call_table>' | '${CMAKE_SOURCE_DIR}/exo' calls --from - --check-page")
endif()

# GoogleTest from Debian's sources, so that it uses the same standard library and sanitizers.
add_library(gtest_libcxx STATIC /usr/src/googletest/googletest/src/gtest-all.cc /usr/src/googletest/googletest/src/gtest_main.cc)
target_include_directories(gtest_libcxx SYSTEM PUBLIC /usr/src/googletest/googletest/include PRIVATE /usr/src/googletest/googletest)
target_compile_options(gtest_libcxx PRIVATE -g1 -O1 "SHELL:-stdlib=libc++")
if(EXO_SANITIZE)
    target_compile_options(gtest_libcxx PRIVATE -fsanitize=${EXO_SANITIZE} -fno-sanitize=function,vptr)
endif()

# What the unit programs share: tests/unit/support, and the precompiled headers of the tests.
file(GLOB_RECURSE support_sources CONFIGURE_DEPENDS tests/unit/support/*.cpp)
if(EXO_SANITIZE STREQUAL "thread")
    list(FILTER support_sources EXCLUDE REGEX "failing_allocations")
endif()
add_library(unit_support OBJECT ${support_sources})
target_include_directories(unit_support PUBLIC tests/unit)
target_compile_options(unit_support PUBLIC ${test_optimisation})
target_link_libraries(unit_support PUBLIC exo gtest_libcxx)
if(EXO_PRECOMPILE)
    target_precompile_headers(unit_support PRIVATE <gtest/gtest.h> <map> <string> <vector> ${EXO_PRECOMPILED})
endif()

# tests/unit/<layer>/*.cpp become one program a layer, which ctest runs; what several CPUs share is tested by a program
# of its own: once started, CPUs stay, and take threads over that the other tests start and expect on theirs.
set(unit_programs)
function(add_unit_program name)
    if(NOT ARGN)
        return()
    endif()
    add_executable(unit_${name} ${ARGN})
    target_link_libraries(unit_${name} PRIVATE unit_support)
    if(EXO_PRECOMPILE)
        target_precompile_headers(unit_${name} REUSE_FROM unit_support)
    endif()
    add_test(NAME ${name} COMMAND unit_${name})
    set(unit_programs ${unit_programs} ${name} PARENT_SCOPE)
endfunction()
file(GLOB test_folders CONFIGURE_DEPENDS LIST_DIRECTORIES true tests/unit/*)
foreach(folder IN LISTS test_folders)
    if(IS_DIRECTORY ${folder} AND NOT folder MATCHES "/support$")
        get_filename_component(layer ${folder} NAME)
        file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS ${folder}/*.cpp)
        set(shared_sources ${test_sources})
        list(FILTER shared_sources INCLUDE REGEX "concurrency_test[.]cpp$")
        list(FILTER test_sources EXCLUDE REGEX "concurrency_test[.]cpp$")
        if(NOT EXO_SANITIZE STREQUAL "thread")
            add_unit_program(${layer} ${test_sources})
        endif()
        add_unit_program(${layer}_concurrency ${shared_sources})
    endif()
endforeach()
if(NOT unit_programs)
    message(FATAL_ERROR "tests/unit has no test")
endif()

# tests/fuzz/*.cpp are libFuzzer targets: fuzz_<name>.
if(EXO_SANITIZE MATCHES "address")
    file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*.cpp)
    foreach(source IN LISTS fuzz_sources)
        get_filename_component(name ${source} NAME_WE)
        add_executable(fuzz_${name} ${source})
        target_include_directories(fuzz_${name} PRIVATE tests/unit)
        target_compile_options(fuzz_${name} PRIVATE ${library_optimisation} -fsanitize=fuzzer)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer
            "SHELL:-Wl,--push-state,--no-as-needed -l:libstdc++.so.6 -Wl,--pop-state")
        target_link_libraries(fuzz_${name} PRIVATE exo)
        add_test(NAME fuzz_${name} COMMAND fuzz_${name} -runs=100000 -seed=1 -max_len=4096 -timeout=10)
    endforeach()
endif()
