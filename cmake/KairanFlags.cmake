# Compiler and linker flags, each tried with gcc 12 and clang 14.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(KAIRAN_WERROR "Warnings are errors" OFF)
option(KAIRAN_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(KAIRAN_THREADS "ThreadSanitizer (clang)" OFF)
option(KAIRAN_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
option(KAIRAN_COVERAGE "Measure coverage (clang)" OFF)
option(KAIRAN_MUTANTS "Guards can be taken out one at a time, for tests/adversary; never for use" OFF)

# Assertions stay in every build type.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()

function(kairan_flag flag)
  string(MAKE_C_IDENTIFIER "have${flag}" var)
  check_c_compiler_flag(${flag} ${var})
  if(${var})
    add_compile_options(${flag})
  endif()
endfunction()

foreach(flag -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla
             -Wcast-qual -Wnull-dereference -Wstrict-prototypes -Wmissing-prototypes
             -Wimplicit-fallthrough -Wdate-time -Wswitch-enum -Wframe-larger-than=65536
             -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types
             -Werror=int-conversion
             -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
             -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing -fno-common
             -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  kairan_flag(${flag})
endforeach()
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  foreach(flag -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -Wtrampolines
               -Wbidi-chars=any -Wduplicated-cond -Wduplicated-branches -Wlogical-op
               -Wjump-misses-init -Walloc-zero)
    kairan_flag(${flag})
  endforeach()
else()
  kairan_flag(-ftrivial-auto-var-init=pattern)
endif()
if(KAIRAN_WERROR)
  add_compile_options(-Werror)
endif()

if(KAIRAN_SANITIZE OR KAIRAN_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(KAI_SANITIZED=1)
elseif(KAIRAN_THREADS)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
else()
  add_compile_options(-U_FORTIFY_SOURCE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
if(KAIRAN_MUTANTS)
  add_compile_definitions(KAIRAN_MUTANTS=1)
endif()
if(KAIRAN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(KAIRAN_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
include(CheckPIESupported)
check_pie_supported()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed)
