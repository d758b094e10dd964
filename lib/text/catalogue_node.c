/* catalogue_node: reasons and alarms of a running node and its local API. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_node[] = {
    {
        "alarm.audit",
        "Somebody else has changed the audit log of this node.",
        "Find out what is missing: kairan audit verify.",
        "監査ログがこのノード以外によって変更されました。",
        "欠けた記録を確認してください: kairan audit verify",
    },
    {
        "alarm.clock",
        "The clock of this machine is {1} away from that of its peers.",
        "Set it with a time service. Kairan orders nothing by time, but what it shows would be "
        "wrong.",
        "この端末の時計が、他のノードと {1} ずれています。",
        "時刻同期を設定してください。順序には影響しませんが、表示される日時が正しくなくなります。",
    },
    {
        "alarm.item",
        "An item that this node holds is damaged. It is left out of answers and exports.",
        "Check the disk of this machine. If it fails, restore a backup elsewhere.",
        "このノードが保持する情報の一部が壊れています。応答や出力からは除外されます。",
        "この端末のディスクを確認してください。故障している場合は、バックアップから復元してください"
        "。",
    },
    {
        "alarm.row",
        "This node's index is damaged in a place. What stands there is left out of answers and "
        "exports.",
        "Stop the node and run reindex, which makes the index anew. Check the disk of this "
        "machine.",
        "このノードの索引の一部が壊れています。該当する情報は応答や出力から除外されます。",
        "ノードを停止し、reindex "
        "で索引を作り直してください。この端末のディスクも確認してください。",
    },
    {
        "alarm.tokens",
        "Many wrong tokens are presented to the local API.",
        "Find the program of this machine that does it. None of them opened anything.",
        "ローカル API に誤ったトークンが多数届いています。",
        "この端末のどのプログラムか調べてください。誤ったトークンでは何も閲覧できません。",
    },
    {
        "api.answer",
        "The node answered with something that is no answer.",
        "Check that this program and the node are of the same version.",
        "ノードから正しくない応答が返りました。",
        "このプログラムとノードの版が同じか確認してください。",
    },
    {
        "api.body",
        "The request has {1} bytes; at most {2} are taken.",
        "Split the file, or raise the limit in the configuration.",
        "要求の大きさは {1} バイトです。上限は {2} バイトです。",
        "ファイルを分けるか、設定で上限を上げてください。",
    },
    {
        "api.forbidden",
        "The socket of the node is closed to you[: {1}].",
        "The administrator of this machine adds you to the group kairan, and gives you a place: "
        "kairan user set.",
        "ノードのソケットへのアクセスが許可されていません[: {1}]。",
        "端末の管理者に、kairan グループへの追加と kairan user set による登録を依頼してください。",
    },
    {
        "api.host",
        "A request for {1} reached this machine's local API.",
        "Ask for 127.0.0.1, ::1 or localhost.",
        "{1} 宛ての要求がこの端末のローカル API に届きました。",
        "127.0.0.1、::1、localhost のいずれかを使ってください。",
    },
    {
        "api.internal",
        "The node could not do it because of a fault of its own ({1}).",
        "Look into its log. If it happens again, report it.",
        "ノード内部の障害により処理できませんでした（{1}）。",
        "ノードのログを確認し、繰り返す場合は報告してください。",
    },
    {
        "api.lost",
        "The node's answer broke off[: {1}].",
        "Look at the node's log, and run the command again: doing it twice does no harm.",
        "ノードからの応答が途切れました[: {1}]。",
        "ノードのログを確認し、もう一度実行してください。重ねて実行しても問題ありません。",
    },
    {
        "api.method",
        "The node does not take {1} at {2}.",
        "Client and node may be of different versions. Update the older one.",
        "ノードは {2} への {1} を受け付けません。",
        "クライアントとノードの版が異なる可能性があります。古い方を更新してください。",
    },
    {
        "api.parameter",
        "The parameter {1} cannot be used: {2}.",
        "Correct it. help says which values it takes.",
        "パラメーター {1} の値が正しくありません: {2}",
        "修正してください。指定できる値は help で確認できます。",
    },
    {
        "api.socket",
        "The local interface {1} cannot be opened: {2}.",
        "Check that the folder can be written and that no other node runs in this home.",
        "ローカル API {1} を開けません: {2}",
        "フォルダーに書き込めるか、同じホームで別のノードが動いていないかを確認してください。",
    },
    {
        "api.timeout",
        "The node did not answer within {1}.",
        "Look at its log. It may be busy: try again.",
        "ノードから {1} 以内に応答がありませんでした。",
        "混み合っている可能性があります。ログを確認し、もう一度実行してください。",
    },
    {
        "api.token",
        "The token is not known to this node.",
        "Ask the operator for a new one: token add.",
        "このノードに登録されていないトークンです。",
        "token add による再発行をノードの管理者に依頼してください。",
    },
    {
        "api.unavailable",
        "The node is starting or stopping.",
        "Try again in a moment.",
        "ノードが起動中または停止中です。",
        "少し待ってから、もう一度実行してください。",
    },
    {
        "api.unknown",
        "The node knows nothing at {1}.",
        "Client and node may be of different versions. Update the older one.",
        "ノードに {1} はありません。",
        "クライアントとノードの版が異なる可能性があります。古い方を更新してください。",
    },
    {
        "authority.stale",
        "The organisation {1}, above yours, has not been heard of for more than {2} days: whom it "
        "has removed since may not be known here.",
        "Check the links (kairan peers), and ask {1} whether its node runs. Until a word of it "
        "comes, this node admits nobody and sends no RED; then it goes on by itself.",
        "上位の組織 {1} から {2} "
        "日を超えて連絡がありません。その間の失効が届いていない可能性があります。",
        "接続を確認し (kairan peers)、{1} にノードが動作しているか問い合わせてください。"
        "連絡が届くまで、このノードは入会を認めず、RED を送信しません。届けば自動的に再開します。",
    },
    {
        "entry.forged",
        "A peer passed on an entry whose signature is not valid[: {1}]. The link was closed.",
        "Tell the operator of the peer if it happens again.",
        "署名の正しくない記録が相手ノードから届きました[（{1}）]。接続を切りました。",
        "繰り返す場合は相手の担当者に連絡してください。",
    },
    {
        "log.fork",
        "A log has two branches: its key was used in two places[ ({1})].",
        "Tell the organisation. What came before stays good; nothing after it is taken.",
        "ログが分岐しています[（{1}）]。同じ鍵が 2 か所で使われました。",
        "その組織に連絡してください。分岐より前の情報は有効で、それ以降は受け付けません。",
    },
    {
        "memory.full",
        "There is not enough memory.",
        "Close other programs, or give the machine more memory. Nothing was changed by half.",
        "メモリーが足りません。",
        "他のプログラムを終了するか、メモリーを増やしてください。処理は中途半端には行われていませ"
        "ん。",
    },
    {
        "node.failed",
        "The node could not do it: {1}.",
        "Look at the node's log. If it happens again, report it.",
        "ノードで処理できませんでした: {1}",
        "ノードのログを確認し、繰り返す場合は報告してください。",
    },
    {
        "node.not-active",
        "The node of the home {1} is not, or no longer, an active member of the network.",
        "Look at it with org show and node list. Ask the organisation that admitted yours.",
        "ホーム {1} のノードは、ネットワークの有効な参加者ではありません。",
        "org show と node list で状態を確認し、自組織を認めた組織に問い合わせてください。",
    },
    {
        "node.not-running",
        "No node is running in the home {1}.",
        "Start it with kairan run, or name another home with --home DIR.",
        "ホーム {1} のノードが動いていません。",
        "kairan run で起動するか、--home DIR で別のホームを指定してください。",
    },
    {
        "node.open",
        "The home {2} cannot be opened: {1}.",
        "Look at it with kairan doctor, or restore a backup.",
        "ホーム {2} を開けません: {1}",
        "kairan doctor で確認するか、バックアップから復元してください。",
    },
    {
        "not-running",
        "No node is running in the home {1}.",
        "Start it with kairan run, or name another home with --home DIR.",
        "ホーム {1} のノードが動いていません。",
        "kairan run で起動するか、--home DIR で別のホームを指定してください。",
    },
    {
        "own.ahead",
        "A peer holds entries of this node that it does not hold itself: this home is an older "
        "copy.",
        "Nothing to do: the old logs are closed and new ones opened. Never run two copies of a "
        "home.",
        "このノードの記録で、手元になく相手側にだけあるものがあります。古い状態の複製のようです。",
        "操作は不要です。古いログを閉じ、新しいログを始めます。複製した 2 つを同時に動かさないでく"
        "ださい。",
    },
    {
        "peer.heaviest",
        "All peers together made this node hold too much memory. The link that held most was "
        "closed[: {1}].",
        "Nothing to do once; it is dialled again. If it happens again, ask that peer whether its "
        "node or line is slow.",
        "相手ノード全体のためのメモリーが上限に達したので、最も多く使っていた接続を切りました[（{1}"
        "）"
        "]。",
        "一度だけなら操作は不要です。自動的に接続し直します。繰り返す場合は、相手のノードや回線が遅"
        "く"
        "ないか確認してください。",
    },
    {
        "port.denied",
        "The port may be opened by the administrator only[: {1}].",
        "Choose a port above 1023.",
        "このポートは管理者だけが開けます[: {1}]。",
        "1024 以上のポートを指定してください。",
    },
    {
        "port.in-use",
        "The address is in use by another program[: {1}].",
        "Stop that program, or choose another port; port 0 takes a free one.",
        "このアドレスは別のプログラムが使用中です[: {1}]。",
        "そのプログラムを停止するか、別のポートを指定してください。0 を指定すると空きポートを使い"
        "ます。",
    },
    {
        "record.refused",
        "A record that this node made was refused by its own rules: {1}.",
        "Look at org show for the rights of this organisation. Else report it.",
        "このノードの作った記録が、規則により拒否されました: {1}",
        "org show で自組織の権限を確認してください。問題がなければ報告してください。",
    },
    {
        "reindex.running",
        "The index is in use: a node runs in this home, or another command makes it anew.",
        "Stop the node, or wait for that command, and repeat it.",
        "索引は使用中です。このホームのノードが動いているか、別のコマンドが作り直しています。",
        "ノードを止めるか、そのコマンドが終わるのを待ってから、もう一度実行してください。",
    },
    {
        "selftest.open",
        "The self-test of the transport could not be run: {1}. The node does not start.",
        "Check the limits on open files and sockets.",
        "通信の自己診断を実行できませんでした: {1}。ノードを起動しません。",
        "開けるファイルとソケットの数の上限を確認してください。",
    },
    {
        "selftest.option",
        "The transport does not keep what was set: {1}. The node does not start.",
        "Check the installed version of libzmq: it must be built with CURVE.",
        "通信の設定が反映されません: {1}。ノードを起動しません。",
        "導入されている libzmq を確認してください。CURVE に対応している必要があります。",
    },
    {
        "socket.descriptors",
        "The system gives this program too few file descriptors for one more connection.",
        "Raise the limit (systemd: LimitNOFILE=1024; shell: ulimit -n 1024), and look for programs "
        "that keep "
        "connections open.",
        "システムがこのプログラムに許すファイル記述子が足りず、接続を増やせません。",
        "上限を上げ (systemd では LimitNOFILE=1024、シェルでは ulimit -n 1024)、"
        "接続を開いたままのプログラムがないか確認してください。",
    },
    {
        "socket.failed",
        "A socket cannot be opened[ ({1})][: {2}].",
        "Check the address, and the limits on open files and memory.",
        "ソケット[（{1}）]を開けません[: {2}]。",
        "アドレスと、ファイル数・メモリーの上限を確認してください。",
    },
};
const size_t kai_reasons_node_n = sizeof kai_reasons_node / sizeof kai_reasons_node[0];
