# The kernel image: build/<preset>/exo-os.elf.
file(GLOB_RECURSE arch_sources CONFIGURE_DEPENDS kernel/arch/x86_64/*.cpp kernel/arch/x86_64/*.S)

add_executable(exo-os.elf kernel/main.cpp kernel/startup.cpp ${EXO_SOURCES} ${arch_sources})
target_link_libraries(exo-os.elf PRIVATE exo_options)

target_compile_options(exo-os.elf PRIVATE
    -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone
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
    target_compile_options(exo-os.elf PRIVATE -O1
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=undefined>
        $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=function,vptr>
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize-trap=undefined>)
    file(GLOB trap_sources kernel/arch/x86_64/trap*.cpp kernel/log/*.cpp)
    set_source_files_properties(${trap_sources} PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all")
else()
    target_compile_options(exo-os.elf PRIVATE -O2 $<$<COMPILE_LANGUAGE:CXX>:-flto>)
    list(APPEND link_options --lto-O2)
endif()
string(JOIN " " link_flags ${link_options})
set_target_properties(exo-os.elf PROPERTIES LINK_FLAGS "${link_flags}" LINK_DEPENDS ${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/kernel.ld)

# Function names for the panic report, written into the space that kernel.ld reserves.
find_program(PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
add_custom_command(TARGET exo-os.elf POST_BUILD
    COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tools/embed_symbols.py llvm-nm-19 $<TARGET_FILE:exo-os.elf>
    VERBATIM)
