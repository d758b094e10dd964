# Sources of `kairan demo`; its STIX objects become part of the program.
set(demo_dir ${CMAKE_CURRENT_LIST_DIR})
set(demo_files "")
set(demo_paths "")
foreach(name bundle clear amber after last mean strict red later)
  list(APPEND demo_files ${name}=${demo_dir}/${name}.json)
  list(APPEND demo_paths ${demo_dir}/${name}.json)
endforeach()
add_custom_command(
  OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/demo_data.c
  COMMAND ${CMAKE_COMMAND} "-DFILES=${demo_files}" -DOUT=${CMAKE_CURRENT_BINARY_DIR}/demo_data.c -P ${demo_dir}/embed.cmake
  DEPENDS ${demo_paths} ${demo_dir}/embed.cmake
  VERBATIM)
set(KAIRAN_DEMO_SOURCES
    cli/demo.c cli/demo_proc.c cli/demo_relay.c cli/demo_node.c cli/demo_api.c cli/demo_tell.c cli/demo_objects.c cli/demo_found.c cli/demo_share.c
    cli/demo_spread.c cli/demo_audience.c cli/demo_group.c cli/demo_removal.c cli/demo_red.c cli/demo_rules.c cli/demo_stranger.c cli/demo_crash.c cli/demo_scan.c ${CMAKE_CURRENT_BINARY_DIR}/demo_data.c)
