/* phrases_carry: what carry pack and carry unpack say. Sorted by id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_carry[] = {
    {"carry.more", "Another volume follows this one: bring it too.",
     "続きのファイルがあります。続けて読み込んでください。"},
    {"carry.over", "{1} entries are too much for today: read the file again tomorrow.",
     "{1} 件は本日の上限を超えています。明日もう一度読み込んでください。"},
    {"carry.packed", "For {1}: {2} entries, {3} bytes.", "{1} 宛て: {2} 件、{3} バイト"},
    {"carry.receipt", "Receipt to take back: {1}", "持ち帰る受領書: {1}"},
    {"carry.refused", "{1} entries were refused, as a link would have refused them.",
     "{1} 件は、通信で届いた場合と同じ検査により拒否されました。"},
    {"carry.unpacked", "From {1}: {2} new entries, {3} held already.",
     "{1} から: 新規 {2} 件、保有済み {3} 件"},
    {"carry.waiting",
     "{1} entries wait for something that is not here: bring the other volumes, then read this one "
     "again.",
     "{1} 件は、必要なものが届いていないため保留しました。ほかのファイルを読み込んでから、もう一度"
     "読み込んでください。"},
    {"carry.written", "Written: {1}", "書き込み: {1}"},
    {"help.carry-pack", "write what a node may have into a file, for lines that are cut",
     "回線のない相手のために、渡してよい情報をファイルに書き出します"},
    {"help.carry-pack.for", "--for NODE: who alone can open the file",
     "--for ノード: ファイルを開くことのできる唯一のノード"},
    {"help.carry-pack.max-bytes",
     "--max-bytes N: volumes FILE.1, FILE.2 ... of at most so many bytes (1048576 or more)",
     "--max-bytes N: N バイト以内（1048576 以上）の FILE.1、FILE.2 … に分けます"},
    {"help.carry-pack.receipt",
     "--receipt FILE: what the node said that it holds; only the rest is written",
     "--receipt ファイル: 相手の受領書。不足している分だけを書き出します"},
    {"help.carry-unpack", "take in what was brought in files",
     "運ばれてきたファイルの内容を取り込みます"},
    {"help.carry-unpack.receipt", "--receipt FILE: write what this node holds now, to take back",
     "--receipt ファイル: このノードが保有するものを、持ち帰り用に書き出します"},
};
const size_t kai_phrases_carry_n = sizeof kai_phrases_carry / sizeof kai_phrases_carry[0];
