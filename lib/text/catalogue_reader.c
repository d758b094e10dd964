/* catalogue_reader: reasons about who may read here: users, tokens, roles, the audit log. Sorted by
 * code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_reader[] = {
    {
        "audit.broken",
        "The audit log is not as this node wrote it: {1}.",
        "Nothing at AMBER or above is shown until an administrator has looked: kairan audit "
        "verify.",
        "監査ログがこのノードの記録と一致しません: {1}。",
        "管理者が確認するまで AMBER 以上は表示しません: kairan audit verify",
    },
    {
        "audit.write",
        "The audit log cannot be written: {1}.",
        "What cannot be recorded is not shown. Make room on the disk, then ask again.",
        "監査ログに書き込めません: {1}。",
        "記録できない閲覧は許可しません。空き容量を確保してから、もう一度実行してください。",
    },
    {
        "reader.unknown",
        "{1} has no place at this node.",
        "An administrator of the node gives one: kairan user set {1} --clearance TLP:GREEN --role "
        "reader",
        "{1} は、このノードの利用者として登録されていません。",
        "ノードの管理者が次のように登録します: kairan user set {1} --clearance TLP:GREEN --role "
        "reader",
    },
    {
        "role.admin",
        "{1} takes the role admin; {2} has the role {3}.",
        "Ask an administrator of the node to do it.",
        "{1} には admin の役割が必要です。{2} の役割は {3} です。",
        "ノードの管理者に依頼してください。",
    },
    {
        "role.analyst",
        "{1} takes the role analyst; {2} has the role {3}.",
        "Ask an administrator of the node for that role.",
        "{1} には analyst の役割が必要です。{2} の役割は {3} です。",
        "役割の変更をノードの管理者に依頼してください。",
    },
    {
        "token.missing",
        "Here a request needs a token.",
        "Send the header Authorization: Bearer TOKEN. An administrator makes one: kairan token add "
        "NAME --clearance TLP:GREEN --role reader",
        "この接続にはトークンが必要です。",
        "Authorization: Bearer TOKEN を付けてください。管理者が次のように発行します: kairan token "
        "add NAME --clearance TLP:GREEN --role reader",
    },
    {
        "token.too-many",
        "Too many wrong tokens came in the last minute.",
        "Wait a minute, then try again with the right one.",
        "この 1 分間に、誤ったトークンが多数届きました。",
        "1 分待ってから、正しいトークンでもう一度試してください。",
    },
    {
        "token.wrong",
        "The token is wrong, revoked or expired.",
        "Ask an administrator of the node for a new one.",
        "トークンが正しくないか、取り消されたか、期限が切れています。",
        "ノードの管理者に新しいトークンを依頼してください。",
    },
};
const size_t kai_reasons_reader_n = sizeof kai_reasons_reader / sizeof kai_reasons_reader[0];
