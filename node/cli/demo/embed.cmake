# Turn FILES (a list of name=path) into OUT, a C file with the bytes of each and a table of them.
set(arrays "")
set(rows "")
foreach(pair ${FILES})
  string(REGEX MATCH "^([^=]+)=(.+)$" _ ${pair})
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "((0x..,){24})" "\\1\n    " bytes "${bytes}")
  string(APPEND arrays "static const unsigned char ${name}[] = {\n    ${bytes}\n};\n")
  string(APPEND rows "    {\"${name}\", ${name}, sizeof ${name}},\n")
endforeach()
file(WRITE ${OUT} "/* demo_data: the information that the demo exchanges; made by embed.cmake. */
#include \"node/cli/demo_data.h\"

${arrays}
const struct demo_file demo_files[] = {
${rows}};
const size_t demo_files_n = sizeof demo_files / sizeof demo_files[0];
")
