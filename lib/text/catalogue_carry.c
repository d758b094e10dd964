/* catalogue_carry: reasons about carry files. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_carry[] = {
    {
        "carry.busy",
        "Too many carry files are being read or made at once.",
        "Wait until one of them is done, then try again.",
        "同時に読み書きしている運搬ファイルが多すぎます。",
        "ほかの処理が終わってから、もう一度実行してください。",
    },
    {
        "carry.cut",
        "The carry file ends too early. The {1} entries before its end were taken and are kept.",
        "Copy the file again, whole, and run carry unpack once more.",
        "運搬ファイルが途中で切れています。途中までの {1} 件は取り込み済みです。",
        "ファイル全体をコピーし直し、carry unpack をもう一度実行してください。",
    },
    {
        "carry.damaged",
        "This is no carry file, or it was damaged (chunk {1}).",
        "Copy the file again. What came before the damage was taken and is kept.",
        "運搬ファイルではないか、内容が壊れています（{1} 番目の区画）。",
        "ファイルをコピーし直してください。壊れた箇所より前は取り込み済みです。",
    },
    {
        "carry.ended",
        "The node stopped before the carry file was done.",
        "Run the same command again. What was taken is kept.",
        "運搬ファイルの処理中にノードが停止しました。",
        "同じコマンドをもう一度実行してください。取り込んだ分は保存されています。",
    },
    {
        "carry.for-another",
        "The carry file was made for another node, or in another network.",
        "Bring it to the node that it was made for, or have one made for this node: carry pack "
        "--for.",
        "この運搬ファイルは、別のノードまたは別のネットワークに宛てたものです。",
        "宛先のノードで読み込むか、このノード宛てに作り直してもらってください: carry pack --for",
    },
    {
        "carry.inactive",
        "[{1}: ]A carry file can be made only for a node that is admitted now.",
        "Check node list. Who has just joined first brings a carry file of its own: carry pack.",
        "[{1}: ]運搬ファイルは、現在認められているノードにのみ作成できます。",
        "node list で確認してください。参加直後のノードは、先に自分の運搬ファイルを渡します: carry "
        "pack",
    },
    {
        "carry.kind",
        "A receipt was given where a carry file is meant, or a carry file where a receipt is.",
        "Read carry files with carry unpack; give receipts to carry pack --receipt.",
        "運搬ファイルと受領書が取り違えられています。",
        "運搬ファイルは carry unpack で、受領書は carry pack --receipt で読み込んでください。",
    },
    {
        "carry.receipt-other",
        "The receipt is not from {1}.",
        "Give the receipt of the node that the file is for, or none.",
        "この受領書は {1} のものではありません。",
        "宛先のノードの受領書を指定するか、受領書なしで実行してください。",
    },
    {
        "carry.self",
        "A node makes no carry file for itself.",
        "Name the node that the file is for.",
        "自分宛ての運搬ファイルは作成できません。",
        "宛先のノードを指定してください。",
    },
    {
        "carry.sender",
        "The node that made the carry file is not admitted, or no longer.",
        "Take nothing from it. Ask its organisation by telephone, and look at node list --all.",
        "この運搬ファイルを作成したノードは、認められていないか、すでに失効しています。",
        "取り込まずに、その組織へ電話で確認してください。状態は node list --all で確認できます。",
    },
    {
        "carry.several",
        "The organisation {1} has several nodes.",
        "Name the one that the file is for: node list.",
        "組織 {1} には複数のノードがあります。",
        "宛先のノードを指定してください: node list",
    },
    {
        "carry.stranger",
        "Nothing here says who made the carry file.",
        "Bring its first volume first: it holds the certificates.",
        "この運搬ファイルの作成者を確認できません。",
        "証明書を含む最初のファイルを、先に読み込んでください。",
    },
    {
        "usage.carry-volume",
        "A volume must have room for at least 1048576 bytes.",
        "Give a larger number to --max-bytes.",
        "分割の大きさは 1048576 バイト以上にしてください。",
        "--max-bytes に大きな数を指定してください。",
    },
};
const size_t kai_reasons_carry_n = sizeof kai_reasons_carry / sizeof kai_reasons_carry[0];
