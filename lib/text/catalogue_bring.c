/* catalogue_bring: reasons about what is brought in from other formats, and warninglists. Sorted by
 * code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_bring[] = {
    {
        "csv.columns",
        "The row has {1} columns, the header has {2}.",
        "Correct the row: a cell with a comma or a line feed stands in double quotes.",
        "この行は {1} 列、見出しは {2} 列です。",
        "行を修正してください。コンマや改行を含む項目は二重引用符で囲みます。",
    },
    {
        "csv.context",
        "Left out: {1} rows that are nothing to detect by (to_ids).",
        "Nothing to do.",
        "取り込まなかったもの: 検知に使わない行（to_ids）{1} 件",
        "操作は不要です。",
    },
    {
        "csv.encoding",
        "The cell is not in UTF-8.",
        "Save the file as UTF-8.",
        "UTF-8 ではない文字が含まれています。",
        "ファイルを UTF-8 で保存し直してください。",
    },
    {
        "csv.header",
        "The first line names no column of values that is known, or two: {1}.",
        "Name the columns in the first line: value, type, tlp, description; or domain, ip, url, "
        "sha256 and the like.",
        "見出し行に値の列がないか、2 つあります: {1}",
        "先頭行に列名を書いてください: value・type・tlp・description、または "
        "domain・ip・url・sha256 "
        "など。",
    },
    {
        "csv.label",
        "{1} is no TLP label.",
        "Correct the cell: clear (white), green, amber, amber+strict or red.",
        "{1} は TLP ラベルではありません。",
        "clear（white）・green・amber・amber+strict・red のいずれかに修正してください。",
    },
    {
        "csv.syntax",
        "This is not CSV as RFC 4180 has it: a quote is out of place or is never closed.",
        "Correct the row, or export the file again.",
        "RFC 4180 の CSV として正しくありません（引用符の位置が不正か、閉じられていません）。",
        "行を修正するか、出力し直してください。",
    },
    {
        "csv.type",
        "{1} is no known type of value.",
        "Correct the cell. Where rows are shifted, this is another column's.",
        "{1} は既知の値の種類ではありません。",
        "修正してください。列がずれて別の列の値になっている可能性があります。",
    },
    {
        "csv.value",
        "[{1} ]is no value of the type that this column holds.",
        "Correct the cell. Where rows are shifted, this is another column's.",
        "[{1} は]この列の種類の値ではありません。",
        "修正してください。列がずれて別の列の値になっている可能性があります。",
    },
    {
        "extract.empty",
        "Left out: {2} hashes of an empty file or of one digit, first {1}.",
        "Nothing to do.",
        "取り込まなかったもの: 空のファイルのハッシュなど {2} 件（最初は {1}）",
        "操作は不要です。",
    },
    {
        "extract.encoding",
        "The line is not in UTF-8.",
        "Save the file as UTF-8.",
        "UTF-8 ではない文字が含まれています。",
        "ファイルを UTF-8 で保存し直してください。",
    },
    {
        "extract.file",
        "Left out: {2} names that look like files, first {1}.",
        "If it is a domain name, publish it as a list (without --extract) or disguise its dots.",
        "取り込まなかったもの: ファイル名とみられる名前 {2} 件（最初は {1}）",
        "ドメイン名であれば、ドットを無害化して書くか、一覧として（--extract "
        "なしで）公開してください。",
    },
    {
        "extract.joined",
        "Left out: {2} names that look like the end and the beginning of sentences, first {1}.",
        "If it is a domain name, publish it as a list (without --extract) or disguise its dots.",
        "取り込まなかったもの: 文の切れ目とみられるもの {2} 件（最初は {1}）",
        "ドメイン名であれば、ドットを無害化して書くか、一覧として（--extract "
        "なしで）公開してください。",
    },
    {
        "extract.json",
        "This is JSON: taken as a text, its labels and types would be lost.",
        "Publish it without --extract.",
        "JSON ファイルです。文章として取り込むと、ラベルと種別が失われます。",
        "--extract を付けずに公開してください。",
    },
    {
        "extract.long",
        "Left out: {2} lines or parts of lines without a blank in 64 KiB, first {1}.",
        "Nothing to do if it is encoded data, such as an attachment.",
        "取り込まなかったもの: 64 KiB にわたり空白のない行 {2} 件（最初は {1}）",
        "添付ファイルなどの符号化されたデータであれば、操作は不要です。",
    },
    {
        "extract.nothing",
        "No indicator was found in the text.",
        "With --dry-run the command says what it left out and why. A list needs no --extract.",
        "文章から指標が見つかりませんでした。",
        "--dry-run を付けると、取り込まなかったものと理由を表示します。一覧であれば --extract "
        "は不要です。",
    },
    {
        "extract.range",
        "Left out: {2} addresses or hosts that are private, reserved or local, first {1}.",
        "Nothing to do.",
        "取り込まなかったもの: 組織内・予約済みのアドレスなど {2} 件（最初は {1}）",
        "操作は不要です。",
    },
    {
        "extract.suffix",
        "Left out: {2} names under no top-level domain that exists, or nothing but a public "
        "suffix, first {1}.",
        "If it is one, publish it as a list (without --extract).",
        "取り込まなかったもの: 実在しないトップレベルドメインの名前など {2} 件（最初は {1}）",
        "ドメイン名であれば、一覧として（--extract なしで）公開してください。",
    },
    {
        "hosts.line",
        "The line does not begin with an address: {1}.",
        "Correct or remove the line. A comment begins with #.",
        "行の先頭がアドレスではありません: {1}",
        "行を修正するか削除してください。コメントは # で始めます。",
    },
    {
        "hosts.mapped",
        "Left out: {2} lines that give a name a real address, first {1}.",
        "Nothing to do. To publish the addresses, make a list of them.",
        "取り込まなかったもの: 名前に実在のアドレスを割り当てる行 {2} 件（最初は {1}）",
        "操作は不要です。アドレスを公開するには一覧にしてください。",
    },
    {
        "hosts.own",
        "Left out: {2} names of the machine itself, first {1}.",
        "Nothing to do.",
        "取り込まなかったもの: その機器自身の名前 {2} 件（最初は {1}）",
        "操作は不要です。",
    },
    {
        "misp.event",
        "This is no MISP event that can be imported: {1} is missing.",
        "Export the event again from MISP, as MISP JSON.",
        "取り込める MISP イベントではありません（{1} がありません）。",
        "MISP から MISP JSON 形式で出力し直してください。",
    },
    {
        "misp.integrity",
        "{1} is not the file that the feed's manifest names: its SHA-256 is another.",
        "Fetch the feed again.",
        "{1} の SHA-256 が、フィードの manifest.json の値と一致しません。",
        "フィードを取得し直してください。",
    },
    {
        "misp.manifest",
        "The feed's manifest cannot be used: {1}.",
        "Give a folder with a manifest.json that names its events by their UUIDs.",
        "フィードの manifest.json を使用できません: {1}",
        "イベントを UUID で列挙した manifest.json のあるフォルダーを指定してください。",
    },
    {
        "misp.own-only",
        "Its distribution is 0: it is for the organisation that has it alone.",
        "Raise the distribution in MISP. Or give --label: then you decide who gets it.",
        "配布範囲（distribution）が 0 で、自組織限りとされています。",
        "MISP で配布範囲を広げるか、--label を指定してください（共有範囲を自ら決めたことになります"
        "）。",
    },
    {
        "misp.sharing-group",
        "Its distribution is 4: it is for a sharing group of MISP alone.",
        "Choose an audience of the same organisations, and give --label to say so.",
        "配布範囲（distribution）が 4 で、MISP の共有グループ限りとされています。",
        "同じ組織だけの共有先を選び、--label を指定して公開してください。",
    },
    {
        "misp.skipped",
        "Left out: {2} of type {1}.",
        "Nothing to do. The rest of the event is imported.",
        "取り込まなかったもの: 種別 {1} が {2} 件",
        "操作は不要です。ほかの内容は取り込まれます。",
    },
    {
        "misp.tag",
        "The tag {1} is none of the known labels.",
        "Correct the tag at the source. Known are tlp:clear (white), green, amber, amber+strict "
        "and "
        "red, and pap: likewise.",
        "タグ {1} は既知のラベルではありません。",
        "作成元でタグを修正してください。使えるのは "
        "tlp:clear（white）・green・amber・amber+strict・"
        "red と、同様の pap: です。",
    },
    {
        "misp.value",
        "The value is not what the type {1} says.",
        "Correct the attribute in MISP, or publish the rest with --skip-bad.",
        "値が種別 {1} の形式に合っていません。",
        "MISP で属性を修正するか、--skip-bad を付けて残りを公開してください。",
    },
    {
        "vuln.field",
        "{1} is missing, or is not what the KEV catalogue or CSAF 2.0 has there.",
        "Fetch the file again from its publisher.",
        "{1} がないか、KEV カタログまたは CSAF 2.0 の形式に合っていません。",
        "発行元からファイルを取得し直してください。",
    },
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
        "Take it out unless it is meant. With warninglists = block in kairan.conf it is refused, "
        "else told.",
        "{1} は警告リスト「{2}」に載っています。誰でも接する値のため、攻撃の指標にはなりにくいもの"
        "です。",
        "意図した値でなければ除いてください。kairan.conf に warninglists = block とあれば拒否し、な"
        "ければ警告だけを表示します。",
    },
    {
        "warn.theirs",
        "An object in it is another organisation's. In your name it has lost its source and its "
        "label.",
        "If you did not mean that: withdraw it, and pass theirs on with kairan reshare {1}.",
        "他の組織が公開したオブジェクトが含まれています。自組織の名では発信元とラベルが失われます"
        "。",
        "意図しない場合は取り下げ、kairan reshare {1} で元の情報を再共有してください。",
    },
};
const size_t kai_reasons_bring_n = sizeof kai_reasons_bring / sizeof kai_reasons_bring[0];
