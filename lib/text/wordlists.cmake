# Makes the C file of the two BIP-39 word lists out of the files of Debian's python3-mnemonic.
# Run by the build: cmake -DENGLISH=... -DJAPANESE=... -DOUT=... -P wordlists.cmake
function(list_of file name)
  file(STRINGS ${file} words ENCODING UTF-8)
  list(LENGTH words n)
  if(NOT n EQUAL 2048)
    message(FATAL_ERROR "${file} holds ${n} words, not 2048.")
  endif()
  list(JOIN words "\",\n    \"" body)
  file(APPEND ${OUT}.new "\nconst char *const ${name}[2048] = {\n    \"${body}\",\n};\n")
endfunction()

file(WRITE ${OUT}.new "/* wordlist: BIP-39, made by the build from Debian's python3-mnemonic. */\n#include \"text/wordlist.h\"\n")
list_of(${ENGLISH} kai_wordlist_en)
list_of(${JAPANESE} kai_wordlist_ja)
file(RENAME ${OUT}.new ${OUT})
