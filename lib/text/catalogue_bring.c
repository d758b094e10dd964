/* catalogue_bring: reasons about what is brought in from other formats, and warninglists. Sorted by
 * code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_bring[] = {
    {
        "warn.list",
        "The warninglist cannot be used: {1}.",
        "Give a list in the format of MISP warninglists (name, type, list), or remove the file.",
        "警告リストを使用できません: {1}",
        "MISP warninglist 形式（name・type・list）のファイルにするか、そのファイルを外してください"
        "。",
    },
    {
        "warn.listed",
        "{1} is on the warninglist \"{2}\": everybody meets it, so it is hardly a sign of an "
        "attack.",
        "Take it out of the file. This node refuses such values: warninglists = block in "
        "kairan.conf.",
        "{1} は警告リスト「{2}」に載っています。誰でも接する値のため、攻撃の指標にはなりにくいもの"
        "です。",
        "ファイルから除いてください。このノードは kairan.conf の warninglists = block により拒否し"
        "ます。",
    },
};
const size_t kai_reasons_bring_n = sizeof kai_reasons_bring / sizeof kai_reasons_bring[0];
