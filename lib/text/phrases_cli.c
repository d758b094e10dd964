/* phrases_cli: what commands print beside tables. Sorted by id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_cli[] = {
    {"address.wildcard",
     "{1} is no address that others can dial. Give --listen with a host name or address to be "
     "reached at.",
     "{1} は他のノードから接続できるアドレスではありません。--listen に到達可能なホスト名またはア"
     "ドレスを指定してください。"},
    {"admit.done", "{1} has been admitted. Send {2} back to them.",
     "{1} の入会を認めました。{2} を相手に送ってください。"},
    {"admit.unreachable",
     "This node has no address that others can reach, so the admission names none. Start it with "
     "--listen, or tell the address yourself.",
     "このノードには他から接続できるアドレスがなく、入会証に含まれていません。--listen を付けて起"
     "動するか、アドレスを別途お知らせください。"},
    {"alarm.none", "No alarms.", "警告はありません。"},
    {"armor.admission", "Admission to the network: {1}", "ネットワーク入会証: {1}"},
    {"armor.organisation", "Organisation: {1}", "組織名: {1}"},
    {"armor.request", "Request to join", "参加申請書"},
    {"audience.added", "{1} is now a member of {2}.", "{1} を {2} に追加しました。"},
    {"audience.created", "The audience {1} has been made ({2}).",
     "共有先 {1} を作成しました（{2}）。"},
    {"audience.removed", "{1} is no longer a member of {2}.", "{1} を {2} から外しました。"},
    {"backup.done", "{1}: backup of {2}, {3} entries.",
     "{1}: {2} のバックアップ（{3} 件）を作りました。"},
    {"backup.keep",
     "Keep it away from this machine. Whoever has it and its passphrase can read all that "
     "this node reads; it holds no key that signs without a passphrase of its own.",
     "この端末とは別の場所に保管してください。ファイルとパスフレーズがあれば、このノードが"
     "読めるものはすべて読めます。署名の鍵は、別のパスフレーズで封じたものしか含みません。"},
    {"backup.no-root",
     "The root key is not in it, since it is not in this home: keep it safe as well. Witho"
     "ut it nobody can replace a lost issuing key.",
     "ルート鍵はこのホームになく、バックアップにも含まれません。別に保管してください。発行"
     "鍵を失ったとき、これがないと代わりを作れません。"},
    {"backup.unsealed", "A key file that no passphrase seals was left out.",
     "パスフレーズで封じていない鍵ファイルは含めませんでした。"},
    {"error.do", "What to do: {1}", "対処: {1}"},
    {"error.rule", "Rule: {1}", "規則: {1}"},
    {"error.what", "Error: {1}", "エラー: {1}"},
    {"error.where", "Where: {1}", "場所: {1}"},
    {"join.done", "This organisation now belongs to {1}. Start the node with kairan run.",
     "{1} に参加しました。kairan run でノードを起動してください。"},
    {"name.audience", "audience", "共有先"},
    {"name.item", "item", "情報"},
    {"name.node", "node", "ノード"},
    {"name.org", "organisation", "組織"},
    {"network.created", "The network {1} has been founded[ by {2}].",
     "ネットワーク {1} を創設しました[（創設組織: {2}）]。"},
    {"network.fingerprint", "Fingerprint: {1}", "フィンガープリント: {1}"},
    {"network.id", "Network id: {1}", "ネットワーク ID: {1}"},
    {"none", "none", "なし"},
    {"passphrase.ask", "Passphrase for {1}:", "{1} のパスフレーズ:"},
    {"passphrase.backup", "the backup", "バックアップ"},
    {"passphrase.new", "New passphrase for {1}:", "{1} の新しいパスフレーズ:"},
    {"passphrase.repeat", "Once more:", "もう一度:"},
    {"passphrase.root", "the organisation's root key", "組織のルート鍵"},
    {"progress.backup", "Backing up", "バックアップ中"},
    {"progress.entries", "{1} entries", "{1} 件"},
    {"progress.publish", "Publishing", "公開中"},
    {"progress.read", "Reading", "読み込み中"},
    {"progress.restore", "Restoring", "復元中"},
    {"publish.accepted", "Accepted: {1}[ (durable after {2})]", "受理: {1} 件[（保存まで {2}）]"},
    {"publish.dry-run", "Would be accepted: {1}. Nothing was published (--dry-run).",
     "受理される件数: {1} 件。公開していません（--dry-run）。"},
    {"publish.held-by", "Held durably by {1} other organisations.",
     "他の {1} 組織が保存しました。"},
    {"publish.nothing",
     "Nothing was published, because {1} were refused. Publish the rest with --skip-bad.",
     "{1} 件が拒否されたため、何も公開していません。残りだけを公開するには --skip-bad を付けてくだ"
     "さい。"},
    {"publish.refused", "Refused: {1}", "拒否: {1} 件"},
    {"publish.refused-more", "… and {1} more.", "…ほか {1} 件"},
    {"publish.skipped", "Held already: {1}", "保存済み: {1} 件"},
    {"publish.unsent",
     "It is kept on this node and goes out when the audience has a key to write under; see status.",
     "このノードに保存しました。共有先の新しい鍵が届き次第送信します（status を参照）。"},
    {"query.more", "More than {1} fit. Narrow the query or raise --limit.",
     "{1} 件を超えています。条件を絞るか、--limit を大きくしてください。"},
    {"query.none", "Nothing fits.", "該当する情報はありません。"},
    {"recover.done",
     "{1} has a new issuing key and a new node. The old issuing key is revoked; what it ha"
     "d signed up to the backup stands. The node {2} is not revoked yet.",
     "{1} の新しい発行鍵とノードを作りました。古い発行鍵は失効させ、バックアップまでに署名"
     "したものは有効なままです。ノード {2} はまだ失効していません。"},
    {"recover.later",
     "What was admitted, removed or changed after {1} is not in the backup and has to be d"
     "one again. Then make a new backup.",
     "{1} より後の入会、失効、変更はバックアップに含まれていないため、もう一度行ってくださ"
     "い。その後、新しいバックアップを作ってください。"},
    {"reindex.done", "The index has been built anew: {1} entries.", "索引を作り直しました: {1} 件"},
    {"replace.done",
     "{1} is admitted anew[ up to {2}][, until {3}]. Its organisations, nodes and persons stay; "
     "its nodes are renewed by its own node.",
     "{1} の入会を更新しました[（上限 {2}）][（期限 "
     "{3}）]。配下の組織、ノード、利用者はそのまま残り"
     "、ノードの証明書はその組織のノードが更新します。"},
    {"replace.same", "{1} is admitted on these terms already.",
     "{1} は、すでにこの条件で入会しています。"},
    {"request.sent", "Send {2} to your sponsor.", "{2} を紹介元の組織に送ってください。"},
    {"restore.done", "Restored: {1}, as of {2}, {3} entries.",
     "{1} の {2} 時点の内容（{3} 件）を復元しました。"},
    {"restore.next", "This home has no node yet: the key of the old one was in no backup. Next:",
     "このホームにはまだノードがありません（元の鍵はバックアップに含まれません）。次の手順"
     ":"},
    {"restore.next-no-root",
     "The old node had the issuing key, and the root key was not in the backup. If you hav"
     "e org-root.key, put it into keys/ of this home and run org recover instead. If it is"
     " lost, the organisation has to join anew: org request.",
     "元のノードには発行鍵がありましたが、ルート鍵はバックアップにありませんでした。手元に"
     " org-root.key があれば、このホームの keys/ に置き、代わりに org recover を実行してく"
     "ださい。失った場合は、組織として参加し直します（org request）。"},
    {"restore.next-recover", "kairan org recover: new issuing and node key, by the root key",
     "kairan org recover: ルート鍵で新しい発行鍵とノード鍵を作ります"},
    {"restore.next-request",
     "kairan node request --name \"{2} 2\" --org {1} --out FILE; node admit where the issuin"
     "g key is; kairan node join with what comes back",
     "kairan node request --name \"{2} 2\" --org {1} --out FILE。発行鍵のあるノードで node a"
     "dmit。戻ってきた入会証で kairan node join"},
    {"restore.next-revoke",
     "kairan node revoke \"{1}\" --reason left: where the issuing key is, when this node has"
     " fetched what came since; at once, and with --reason lost, if the disk may be in other hands",
     "kairan node revoke \"{1}\" --reason left: このノードがその後の情報を取得してから、発行"
     "鍵のあるノードで実行します。ディスクが他人の手にあるおそれがあれば、すぐに --reason lost "
     "で実行します"},
    {"restore.next-run", "kairan run: fetches from other nodes what came since",
     "kairan run: その後の情報を他のノードから取得します"},
    {"revoke.done", "{1} has been revoked.", "{1} を失効させました。"},
    {"run.ready", "Ready: {1} on {2}[ (home {3})]", "稼働中: {1}、アドレス {2}[（ホーム {3}）]"},
    {"run.ready-dial", "Ready: {1}, dialling out only[ (home {3})]",
     "稼働中: {1}、発信のみ[（ホーム {3}）]"},
    {"run.stopped", "Stopped.", "停止しました。"},
    {"run.stopping", "Stopping.", "停止しています。"},
    {"watch.hook-failed", "{1} failed ({2}); {3} so far.",
     "{1} が失敗しました（{2}）。これまでに {3} 件です。"},
    {"watch.ready", "Watching what arrives. Ctrl-C ends.",
     "新着情報を表示します。Ctrl-C で終了します。"},
    {"words.ask", "Words that were read out to you:", "電話で伝えられた語:"},
    {"words.back", "Read these words over the telephone: {1}",
     "電話で次の語を読み上げ、照合してください: {1}"},
    {"yes-no.no", "no", "いいえ"},
    {"yes-no.yes", "yes", "はい"},
};
const size_t kai_phrases_cli_n = sizeof kai_phrases_cli / sizeof kai_phrases_cli[0];
