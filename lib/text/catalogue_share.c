/* catalogue_share: reasons about contributions and letters. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_share[] = {
    {
        "clerk.failed",
        "Receipts, recalls and requests are held up: {1}.",
        "Look at the disk and memory of this machine; it is tried again by itself.",
        "受領通知・回収・申請の送信が滞っています: {1}。",
        "ディスクとメモリを確認してください。自動で再試行します。",
    },
    {
        "contribution.not-released",
        "{1} was contributed by another organisation, which has not released it for that.",
        "It has been asked, if somebody asked you: 'kairan release list' shows the answer.",
        "{1} は他の組織から提供された情報で、その組織がまだ解除していません。",
        "申請はその組織に転送されています。回答は 'kairan release list' で確認できます。",
    },
    {
        "contribution.type",
        "{1} is of a kind that cannot be published under another name.",
        "Write an item of your own from what it says.",
        "{1} は別の名義で公開できない種類の情報です。",
        "内容をもとに自組織の情報を作成してください。",
    },
    {
        "inventory.form",
        "This is no inventory: {1}.",
        "Give JSON, CSV with a header (vendor, product, version, cpe, ip, domain, value), or one "
        "thing on each "
        "line.",
        "資産一覧として読めません: {1}。",
        "JSON、見出し（vendor, product, version, cpe, ip, domain, value）付きの CSV、または 1 行に "
        "1 件の "
        "テキストを指定してください。",
    },
    {
        "inventory.limit",
        "An inventory has at most {1} entries, in 8 MiB.",
        "Give blocks instead of addresses, and zones instead of names.",
        "資産一覧に登録できるのは {1} 件、8 MiB までです。",
        "アドレスはブロックに、名前はゾーンにまとめてください。",
    },
    {
        "inventory.touched",
        "Something that came here touches what this organisation has, and nobody has looked at it.",
        "Look at it: kairan relevant.",
        "自組織の資産（inventory）に関わる情報が届いていますが、まだ確認されていません。",
        "kairan relevant で確認してください。",
    },
    {
        "inventory.value",
        "{1} is no product, address, domain or other value.",
        "Correct it, or take it out; a product needs a CPE 2.3 name, or vendor and product.",
        "{1} は製品、アドレス、ドメインなどの値ではありません。",
        "修正するか取り除いてください。製品には CPE 2.3 の名前、または vendor と product "
        "が必要です。",
    },
    {
        "letter.nobody",
        "Nobody reads letters for {1}.",
        "It is not active, or has no active node: 'kairan org list' shows it.",
        "{1} あての通信を読める相手がいません。",
        "失効しているか、有効なノードがありません。'kairan org list' で確認してください。",
    },
    {
        "letter.own",
        "{1} is your own organisation: it needs no letter to itself.",
        "Name another organisation.",
        "{1} は自組織です。自組織あての通信は必要ありません。",
        "別の組織を指定してください。",
    },
    {
        "letter.unknown",
        "There is no letter {1}.",
        "'kairan release list' and 'kairan contribution list' show them.",
        "{1} という通信はありません。",
        "'kairan release list' または 'kairan contribution list' で確認してください。",
    },
    {
        "note.sighting",
        "{1} is something that was observed; what is sighted is an indicator, a malware, a tool.",
        "Write a note about it, or publish an indicator of it.",
        "{1} は観測データです。目撃情報の対象は indicator、malware、tool などです。",
        "メモ（note）を書くか、indicator を公開してください。",
    },
    {
        "note.whole",
        "{1} is a whole list, or sealed: it is no object that a note could name.",
        "Name one value of the list: 'kairan query VALUE' shows its id.",
        "{1} はリスト全体、または封印された情報のため、メモの対象にできません。",
        "リストの中の 1 つの値を指定してください。ID は 'kairan query 値' で確認できます。",
    },
    {
        "reauthor.property",
        "The property {1} may tell who wrote it.",
        "Look at it; --keep {1} lets it out as it is.",
        "プロパティ {1} から情報源が知られるおそれがあります。",
        "内容を確認してください。--keep {1} を付けるとそのまま公開します。",
    },
    {
        "reauthor.required",
        "{1} is left out, but an object of the type {2} needs it.",
        "Look at it; --keep {1} lets it out as it is.",
        "{1} は省かれますが、種類 {2} のオブジェクトには必要です。",
        "内容を確認してください。--keep {1} を付けるとそのまま公開します。",
    },
    {
        "reauthor.type",
        "An object of the type {1} cannot be published under another name.",
        "Write an object of your own from what it says.",
        "種類 {1} のオブジェクトは別の名義で公開できません。",
        "内容をもとに自組織のオブジェクトを作成してください。",
    },
    {
        "release.any",
        "A release to any audience needs a label: its row says where the item may go then.",
        "Add --label, or name one audience: --to.",
        "任意の共有先への解除にはラベルが必要です。共有できる範囲はそのラベルで決まります。",
        "--label を付けるか、--to で共有先を指定してください。",
    },
    {
        "share.no-version",
        "An item of the type {1} has no versions, so none can take it back.",
        "Ask its holders to delete it: recall.",
        "種類 {1} の情報には版がないため、取り下げられません。",
        "recall で保有者に削除を依頼してください。",
    },
};
const size_t kai_reasons_share_n = sizeof kai_reasons_share / sizeof kai_reasons_share[0];
