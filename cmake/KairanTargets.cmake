# kairan_library(NAME SOURCES a.c ... DEPS lib ...): one static library per folder. What a folder
# may include is what it links: the arrows of docs/architecture are the link lists.
function(kairan_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  # Includes read "base/err.h", "keys/roster.h", "topology/net.h": the folder above this one.
  get_filename_component(above ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)
  target_include_directories(${name} PUBLIC ${above})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE})
endfunction()

# kairan_test(NAME LABEL unit SOURCES a.c DEPS lib ... [TIMEOUT s] [COST n] [LINK flag ...])
# `./dev test` runs ctest with three times as many places as there are processors: what computes takes two (PROCESSORS 2), what
# mostly waits for other processes one. COST: the long ones begin first (roughly seconds).
function(kairan_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;COST" "SOURCES;DEPS;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(KAIRAN_SANITIZE) # Four times as slow, on two cores that other tests share.
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4")
  else()
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 2")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} PkgConfig::cmocka ${ARG_LINK})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
                       SKIP_RETURN_CODE 77 PROCESSORS 2)
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()

# kairan_fuzz(NAME SOURCES a.c DEPS lib ...): a libFuzzer program where KAIRAN_FUZZ is on; else a
# program that replays tests/fuzz/corpus/NAME, run as a test.
function(kairan_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(KAIRAN_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_DEPS} -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    target_link_libraries(${name} PRIVATE ${ARG_DEPS})
    add_test(NAME ${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS fuzz-replay TIMEOUT 120)
  endif()
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
endfunction()
