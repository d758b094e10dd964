/* catalogue_reader: reasons about who may read here: users, tokens, roles, the audit log. Sorted by
 * code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_reader[] = {
    {
        "audit.altered",
        "A line of the audit log was altered.",
        "Keep a copy of the file as it is, and find out who could write to it.",
        "監査ログの行が改変されています。",
        "証拠として写しを保存し、誰が変更したか調べてください。",
    },
    {
        "audit.end",
        "The audit log ends with line {1}; the node wrote {2}.",
        "Keep a copy of the file as it is, and find out who could write to it.",
        "監査ログは {1} 行で終わっていますが、ノードは {2} 行を記録しました。",
        "証拠として写しを保存し、誰が変更したか調べてください。",
    },
    {
        "audit.form",
        "A line of the audit log is none that this node wrote.",
        "Keep a copy of the file as it is, and find out who could write to it.",
        "監査ログに、このノードが記録していない行があります。",
        "証拠として写しを保存し、誰が変更したか調べてください。",
    },
    {
        "audit.gap",
        "Lines of the audit log before this one were removed, added or moved.",
        "Keep a copy of the file as it is, and find out who could write to it.",
        "監査ログのこの行より前で、行の削除、追加または入れ替えがあります。",
        "証拠として写しを保存し、誰が変更したか調べてください。",
    },
    {
        "audit.write",
        "The audit log cannot be written: {1}.",
        "What cannot be recorded is not shown. Repair that, then ask again.",
        "監査ログに書き込めません: {1}",
        "記録できない閲覧は許可しません。原因を取り除いてから、もう一度実行してください。",
    },
    {
        "reader.changed",
        "What {1} may read here was taken away or narrowed.",
        "Ask again with the place that is left.",
        "{1} の閲覧権限が取り消されたか、狭められました。",
        "残った権限で、もう一度実行してください。",
    },
    {
        "reader.limit",
        "There is no room for {1}: the list is full.",
        "Remove users or tokens that are not needed any more.",
        "{1} を追加できません。登録数が上限に達しています。",
        "不要な利用者またはトークンを削除してください。",
    },
    {
        "reader.table",
        "The list of users and tokens cannot be read: {1}.",
        "Check the disk; restore the home from a copy if it is damaged.",
        "利用者とトークンの一覧を読めません: {1}",
        "ディスクを確認し、壊れている場合は写しから復元してください。",
    },
    {
        "reader.unknown",
        "{1} has no place at this node.",
        "An administrator of the node gives one with: kairan user set {1} --clearance TLP:GREEN "
        "--role reader.",
        "{1} は、このノードの利用者として登録されていません。",
        "ノードの管理者が次のように登録します: kairan user set {1} --clearance TLP:GREEN --role "
        "reader",
    },
    {
        "token.exists",
        "There is a token named {1} already.",
        "Take another name, or revoke that one first.",
        "トークン {1} は既にあります。",
        "別の名前にするか、先に取り消してください。",
    },
    {
        "token.missing",
        "Requests at this address need a token.",
        "Send the header Authorization: Bearer TOKEN. An administrator makes one with kairan token "
        "add.",
        "このアドレスへの要求にはトークンが必要です。",
        "Authorization: Bearer TOKEN を付けてください。管理者が kairan token add で発行します。",
    },
    {
        "token.name",
        "{1} cannot be the name of a token.",
        "Use up to 64 of the characters A-Z a-z 0-9 . _ -.",
        "{1} はトークンの名前にできません。",
        "A-Z a-z 0-9 . _ - を 64 文字以内で指定してください。",
    },
    {
        "token.too-many",
        "Too many wrong tokens came in this minute.",
        "Wait a minute, then try again with the right one.",
        "この 1 分間に、誤ったトークンが多数届きました。",
        "1 分待ってから、正しいトークンでもう一度試してください。",
    },
    {
        "token.unknown",
        "There is no token named {1}.",
        "token list shows all.",
        "トークン {1} はありません。",
        "token list で確認してください。",
    },
    {
        "token.wrong",
        "The token is wrong, revoked or expired.",
        "Ask an administrator of the node for a new one.",
        "トークンが正しくないか、取り消されたか、期限が切れています。",
        "ノードの管理者に新しいトークンを依頼してください。",
    },
    {
        "user.always-admin",
        "{1} is an administrator of this node anyway.",
        "Root and the user that runs the node need no place.",
        "{1} は常にこのノードの管理者です。",
        "root とノードの実行ユーザーの登録は不要です。",
    },
    {
        "user.no-place",
        "{1} has no place at this node.",
        "user list shows all.",
        "{1} は登録されていません。",
        "user list で確認してください。",
    },
    {
        "user.unknown",
        "This machine has no user or group {1}.",
        "Check the spelling; a group is written @GROUP.",
        "この端末に {1} という利用者またはグループはありません。",
        "綴りを確認してください。グループは @グループ名 と書きます。",
    },
};
const size_t kai_reasons_reader_n = sizeof kai_reasons_reader / sizeof kai_reasons_reader[0];
