# The kernel image, build/<preset>/exo-os.elf, and a second one of the same objects with the tests that need the machine,
# exo-os-tests.elf, which is built only when it is asked for (tests/kernel/run.py).
file(GLOB_RECURSE arch_sources CONFIGURE_DEPENDS kernel/arch/x86_64/*.cpp kernel/arch/x86_64/*.S)
file(GLOB test_sources CONFIGURE_DEPENDS tests/kernel/*.cpp)

add_library(exo_kernel_options INTERFACE)
target_link_libraries(exo_kernel_options INTERFACE exo_options)
# Not -ffreestanding: without it the compiler knows what memcpy and its kin do, and copies eight bytes by a load and a store
# instead of a call. The functions themselves are in arch/x86_64/memory_ops.S, the headers in utils/freestanding.
target_compile_options(exo_kernel_options INTERFACE
    -fno-pic -mcmodel=kernel -mno-red-zone
    -mno-sse -mno-mmx -mno-sse2 -msoft-float
    -fno-omit-frame-pointer -ffunction-sections -fdata-sections
    -g
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-threadsafe-statics>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-c++-static-destructors>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-asynchronous-unwind-tables>
    $<$<COMPILE_LANGUAGE:CXX>:-ftrivial-auto-var-init=zero>
    $<$<COMPILE_LANGUAGE:CXX>:-nostdinc++>
    -nostdlibinc
    "SHELL:-isystem ${CMAKE_SOURCE_DIR}/kernel/utils/freestanding/config"
    "SHELL:-isystem /usr/lib/llvm-19/include/c++/v1"
    "SHELL:-isystem ${CMAKE_SOURCE_DIR}/kernel/utils/freestanding/include")

set(link_options
    -T ${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/kernel.ld
    -z max-page-size=0x200000 -z noexecstack --gc-sections --no-dynamic-linker -static --build-id=none)
if(EXO_DEBUG)
    # The trap handlers must not trap themselves, so they are built without.
    target_compile_options(exo_kernel_options INTERFACE -O1
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=undefined>
        $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=function,vptr>
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize-trap=undefined>)
    file(GLOB trap_sources kernel/arch/x86_64/trap*.cpp kernel/log/*.cpp)
    list(APPEND trap_sources ${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/report.cpp)
    set_source_files_properties(${trap_sources} PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all" SKIP_PRECOMPILE_HEADERS ON)
elseif(EXO_COVERAGE)
    # Not optimised at link time, which would take away the borders of functions that a report is about.
    target_compile_options(exo_kernel_options INTERFACE -O1)
elseif(EXO_QUICK_BUILD)
    target_compile_options(exo_kernel_options INTERFACE -O1)
else()
    target_compile_options(exo_kernel_options INTERFACE -O2 $<$<COMPILE_LANGUAGE:CXX>:-flto>)
    list(APPEND link_options --lto-O2)
endif()

# The vDSO: code of programs, so none of the kernel's options hold for it. It is one file, and whatever libc a program has need not know.
set(vdso_folder ${CMAKE_SOURCE_DIR}/userland/vdso)
set(vdso_image ${CMAKE_BINARY_DIR}/vdso.so)
add_custom_command(OUTPUT ${vdso_image}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${CMAKE_CXX_COMPILER} --target=${CMAKE_CXX_COMPILER_TARGET} -std=c++23 -O2 -fPIC -ffreestanding
        -fno-exceptions -fno-rtti -fno-stack-protector -fasynchronous-unwind-tables -fomit-frame-pointer -fvisibility=hidden
        -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -Wall -Wextra -Wshadow -Wconversion -Werror -nostdinc++
        -isystem ${CMAKE_SOURCE_DIR}/kernel/utils/freestanding/config -isystem /usr/lib/llvm-19/include/c++/v1
        -isystem ${CMAKE_SOURCE_DIR}/kernel/utils/freestanding/include -I${CMAKE_SOURCE_DIR}
        -c ${vdso_folder}/vdso.cpp -o ${CMAKE_BINARY_DIR}/vdso.o
    COMMAND ld.lld-19 -shared --strip-all --hash-style=both -soname=linux-vdso.so.1 --eh-frame-hdr --build-id=sha1 -Bsymbolic
        -z max-page-size=4096 -z noexecstack -z text --no-undefined -T ${vdso_folder}/vdso.ld
        ${CMAKE_BINARY_DIR}/vdso.o -o ${vdso_image}
    DEPENDS ${vdso_folder}/vdso.cpp ${vdso_folder}/vdso.ld ${CMAKE_SOURCE_DIR}/abi/exo/clock_page.hpp
        ${CMAKE_SOURCE_DIR}/abi/linux/time.hpp ${CMAKE_SOURCE_DIR}/abi/linux/flag_enum.hpp
    COMMENT "Building the vDSO" VERBATIM)
set_source_files_properties(${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/vdso/vdso_data.S PROPERTIES
    OBJECT_DEPENDS ${vdso_image} COMPILE_DEFINITIONS "EXO_VDSO_PATH=\"${vdso_image}\"")

# Compiled once, linked into both images.
set(kernel_sources kernel/main.cpp kernel/startup.cpp kernel/startup_clock.cpp kernel/startup_cpus.cpp ${EXO_SOURCES} ${arch_sources})
set(kernel_objects $<TARGET_OBJECTS:exo_kernel>)
add_library(exo_sanitizer_options INTERFACE)
if(EXO_KASAN AND EXO_KCSAN)
    message(FATAL_ERROR "EXO_KASAN and EXO_KCSAN: a kernel has one of them")
elseif(EXO_KASAN)
    # clang's driver does not offer it for a bare target, hence -Xclang. docs/decisions/0006-kasan-with-its-own-runtime.md
    # asan-mapping-offset is SHADOW_OFFSET in utils/kasan.hpp.
    target_compile_definitions(exo_kernel_options INTERFACE EXO_KASAN=1)
    target_compile_options(exo_sanitizer_options INTERFACE
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fsanitize=kernel-address>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fsanitize-address-use-after-scope>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fsanitize-address-use-after-return=never>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fsanitize-address-destructor=none>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-mllvm -asan-mapping-offset=0xdffffc0000000000>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-mllvm -asan-kernel-mem-intrinsic-prefix=1>")
    list(APPEND link_options --wrap=memcmp --wrap=strlen)
    # Without checks: the runtime, what runs before it or while it reports, and the heap, whose lists lie in poisoned memory.
    file(GLOB bare_sources kernel/memory/kasan/*.cpp kernel/memory/heap/*.cpp kernel/memory/operators.cpp kernel/log/*.cpp
        kernel/arch/x86_64/trap*.cpp kernel/arch/x86_64/report.cpp kernel/arch/x86_64/start.cpp
        kernel/arch/x86_64/kasan/*.cpp)
elseif(EXO_KCSAN)
    # docs/decisions/0017-kcsan-with-its-own-runtime.md. Atomic operations become calls too, which is how the runtime knows marked accesses.
    target_compile_definitions(exo_kernel_options INTERFACE EXO_KCSAN=1)
    target_compile_options(exo_sanitizer_options INTERFACE
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fsanitize=thread>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-mllvm -tsan-instrument-func-entry-exit=0>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-mllvm -tsan-distinguish-volatile=1>"
        "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-mllvm -tsan-compound-read-before-write=1>")
    list(APPEND link_options --wrap=memcmp --wrap=strlen)
    # Without checks: the runtime, which is optimised because every access calls it, what runs before a CPU has its record, and traps.
    file(GLOB bare_sources kernel/memory/kcsan/*.cpp kernel/arch/x86_64/trap*.cpp kernel/arch/x86_64/report.cpp
        kernel/arch/x86_64/start.cpp)
    file(GLOB kcsan_sources kernel/memory/kcsan/*.cpp)
    set_source_files_properties(${kcsan_sources} PROPERTIES COMPILE_OPTIONS "-O2;-fno-sanitize=all")
endif()
if(bare_sources)
    list(REMOVE_ITEM kernel_sources ${bare_sources})
    add_library(exo_kernel_bare OBJECT ${bare_sources})
    target_link_libraries(exo_kernel_bare PRIVATE exo_kernel_options)
    list(APPEND kernel_objects $<TARGET_OBJECTS:exo_kernel_bare>)
endif()
add_library(exo_coverage_options INTERFACE)
if(EXO_COVERAGE)
    # Counters are plain words in __llvm_prf_cnts (kernel.ld), increased by one instruction: one CPU runs. There is no runtime
    # library; its name is what says so to the linker. Not counted: the file that tells of the counters.
    target_compile_definitions(exo_kernel_options INTERFACE EXO_COVERAGE=1)
    target_compile_options(exo_coverage_options INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-fprofile-instr-generate>
        $<$<COMPILE_LANGUAGE:CXX>:-fcoverage-mapping>
        $<$<COMPILE_LANGUAGE:CXX>:-fprofile-update=single>)
    set_source_files_properties(${CMAKE_SOURCE_DIR}/kernel/posix_x/procfs/coverage.cpp PROPERTIES
        COMPILE_OPTIONS "-fno-profile-instr-generate;-fno-coverage-mapping")
    list(APPEND link_options --defsym=__llvm_profile_runtime=0)
endif()
add_library(exo_kernel OBJECT ${kernel_sources})
target_link_libraries(exo_kernel PRIVATE exo_kernel_options exo_sanitizer_options exo_coverage_options)
if(EXO_PRECOMPILE)
    target_precompile_headers(exo_kernel PRIVATE ${EXO_PRECOMPILED})
endif()

find_program(PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
function(add_kernel_image name)
    cmake_parse_arguments(PARSE_ARGV 1 image "" "" "SOURCES;LINK_OPTIONS")
    add_executable(${name} ${kernel_objects} ${image_SOURCES})
    target_link_libraries(${name} PRIVATE exo_kernel_options exo_sanitizer_options)
    string(JOIN " " link_flags ${link_options} ${image_LINK_OPTIONS})
    set_target_properties(${name} PROPERTIES
        LINKER_LANGUAGE CXX LINK_FLAGS "${link_flags}" LINK_DEPENDS ${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/kernel.ld)
    # Function names for the panic report, written into the space that kernel.ld reserves.
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tools/embed_symbols.py llvm-nm-19 $<TARGET_FILE:${name}>
        VERBATIM)
endfunction()

add_kernel_image(exo-os.elf)

# The tests take the place of the first process, and look on when an entry on a stack of its own reaches C++.
if(test_sources)
    add_kernel_image(exo-os-tests.elf SOURCES ${test_sources} LINK_OPTIONS
        --wrap=exo_start_first_process --wrap=exo_trap_on_own_stack)
    set_target_properties(exo-os-tests.elf PROPERTIES EXCLUDE_FROM_ALL ON)
    target_include_directories(exo-os-tests.elf PRIVATE tests/kernel)
    if(EXO_PRECOMPILE)
        target_precompile_headers(exo-os-tests.elf REUSE_FROM exo_kernel)
    endif()
endif()
