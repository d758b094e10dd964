/* catalogue_home: reasons about a home: configuration, disk, store, index. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_home[] = {
    {
        "backup.corrupt",
        "The backup {1} is damaged, or was cut short. Nothing was restored.",
        "Take another copy of it. What was changed anywhere in a backup is noticed.",
        "バックアップ {1} が壊れているか、途中で切れています。何も復元していません。",
        "別の複製を使ってください。バックアップはどこが変わっても検出されます。",
    },
    {
        "backup.exists",
        "There is a file {1} already. It was left as it is.",
        "Give the backup another name.",
        "ファイル {1} はすでにあります。変更していません。",
        "別の名前を指定してください。",
    },
    {
        "backup.magic",
        "The file {1} is no backup of Kairan.",
        "Name a file that kairan backup wrote.",
        "ファイル {1} は Kairan のバックアップではありません。",
        "kairan backup で作ったファイルを指定してください。",
    },
    {
        "backup.newer",
        "The backup {1} was written by a newer version of Kairan.",
        "Update Kairan on this machine.",
        "バックアップ {1} は新しい版の Kairan で作られています。",
        "この端末の Kairan を更新してください。",
    },
    {
        "backup.passphrase",
        "The passphrase does not open the backup {1}.",
        "It is the one that was given when the backup was made. Nobody can open it without.",
        "パスフレーズが違うため、バックアップ {1} を開けません。",
        "バックアップを作ったときのパスフレーズです。これがないと誰にも開けません。",
    },
    {
        "backup.record",
        "The backup {1} was put together wrongly (record {2}: {3}). Nothing was restored.",
        "Take another copy of it. The passphrase is right, so whoever made this file knew it.",
        "バックアップ {1} の内容が正しくありません（レコード {2}: {3}）。何も復元していません"
        "。",
        "別の複製を使ってください。パスフレーズは正しいので、作成者はそれを知っています。",
    },
    {
        "backup.restore",
        "The home {1} could not be restored: {2}.",
        "Nothing was left of it. Try again.",
        "ホーム {1} を復元できませんでした: {2}",
        "途中のものは残していません。もう一度実行してください。",
    },
    {
        "backup.write",
        "The backup {1} could not be made: {2}.",
        "Nothing was left of it. Try again.",
        "バックアップ {1} を作れませんでした: {2}",
        "途中のものは残していません。もう一度実行してください。",
    },
    {
        "config.api",
        "{1} cannot be the address of the local interface.",
        "Write a /PATH, or tcp://127.0.0.1:PORT. It is never opened to other machines.",
        "{1} はローカル API のアドレスにできません。",
        "/パス または tcp://127.0.0.1:ポート を指定してください。他の端末には公開しません。",
    },
    {
        "config.days",
        "{1} is not a number of days.",
        "Write a whole number from 0 to 36500.",
        "{1} は日数として正しくありません。",
        "0 から 36500 までの整数を書いてください。",
    },
    {
        "config.dials",
        "There are more lines with a peer to dial than are taken; {1} is the first too many.",
        "Take some of them away.",
        "接続先の指定が多すぎます。{1} 以降は受け付けられません。",
        "接続先を減らしてください。",
    },
    {
        "config.key",
        "The configuration has no setting {1}.",
        "Check the spelling, or remove the line.",
        "設定項目 {1} はありません。",
        "つづりを確認するか、その行を削除してください。",
    },
    {
        "config.line",
        "This line of the configuration cannot be read: {1}.",
        "Each line is a name, an equals sign and a value.",
        "設定ファイルのこの行を読み取れません: {1}",
        "各行は「名前 = 値」の形で書いてください。",
    },
    {
        "config.own",
        "{1} is neither a domain name nor an address or block, or there are more than 32 such "
        "lines.",
        "Write export-never = example.org or export-never = 192.0.2.0/24.",
        "{1} はドメイン名でもアドレスでもないか、この設定が 32 行を超えています。",
        "export-never = example.org や export-never = 192.0.2.0/24 のように書いてください。",
    },
    {
        "config.read",
        "The configuration {1} cannot be read.",
        "Check the file and its permissions.",
        "設定ファイル {1} を読み取れません。",
        "ファイルとアクセス権を確認してください。",
    },
    {
        "config.size",
        "{1} is not a size.",
        "Write a whole number and a unit: 64KiB, 512MiB, 2GiB.",
        "{1} は大きさとして正しくありません。",
        "64KiB、512MiB、2GiB のように、整数と単位で書いてください。",
    },
    {
        "config.taxii-url",
        "{1} is no address of TAXII.",
        "Write it as taxii-url = https://HOST/taxii2/, as clients reach the proxy.",
        "{1} は TAXII のアドレスではありません。",
        "クライアントから見たプロキシのアドレスを taxii-url = https://HOST/taxii2/ "
        "と書いてください。",
    },
    {
        "config.warninglists",
        "{1} is neither warn nor block.",
        "Write warninglists = warn, or warninglists = block.",
        "{1} は warn でも block でもありません。",
        "warninglists = warn または warninglists = block と書いてください。",
    },
    {
        "disk.full",
        "The disk that holds {1} is full.",
        "Make room, or move the home to a larger disk. What is stored stays readable.",
        "{1} のあるディスクに空きがありません。",
        "空きを作るか、ホームを大きなディスクに移してください。保存済みの情報は読み取れます。",
    },
    {
        "home.damaged",
        "The home {1} is damaged: it does not say which version wrote it.",
        "Restore it from a backup, or name another home with --home DIR.",
        "ホーム {1} が壊れています（版の情報を読み取れません）。",
        "バックアップから復元するか、--home DIR で別のホームを指定してください。",
    },
    {
        "home.exists",
        "There is a network in the home {1} already. It was left as it is.",
        "Use it, or give another home with --home DIR.",
        "ホーム {1} にはすでにネットワークがあります。変更していません。",
        "そのまま使うか、--home DIR で別のホームを指定してください。",
    },
    {
        "home.missing",
        "There is no Kairan home in {1}.",
        "Make one with network create or org request, or name yours with --home DIR.",
        "{1} に Kairan のホームがありません。",
        "network create または org request で作るか、--home DIR で場所を指定してください。",
    },
    {
        "home.mode",
        "The folder {1} can be read or written by others (mode {2}).",
        "Take the permissions away with chmod 700 {1}.",
        "フォルダー {1} に他の利用者がアクセスできます（モード {2}）。",
        "chmod 700 {1} で権限を外してください。",
    },
    {
        "home.newer",
        "The home {1} was written by a newer version of Kairan[ ({2})].",
        "Update Kairan on this machine. The home was left as it is.",
        "ホーム {1} は新しい版の Kairan[（{2}）]で作られています。",
        "この端末の Kairan を更新してください。ホームは変更していません。",
    },
    {
        "home.no-network",
        "The home {1} belongs to no network yet.",
        "Found one with network create, or join one: org request, then org join.",
        "ホーム {1} はまだネットワークに属していません。",
        "network create で創設するか、org request と org join で参加してください。",
    },
    {
        "home.not-admitted",
        "The home {1} holds a request, but no admission has come back yet.",
        "Send the request to your sponsor, then run org join with what comes back.",
        "ホーム {1} には申請書がありますが、入会証がまだ届いていません。",
        "申請書を紹介元の組織に送り、届いた入会証で org join を実行してください。",
    },
    {
        "home.path-long",
        "The path {1} is too long.",
        "Choose a home with a shorter path: --home DIR. A socket's path has at most 107 bytes.",
        "パス {1} が長すぎます。",
        "--home DIR で短いパスを指定してください。ソケットのパスは 107 バイトまでです。",
    },
    {
        "home.restored",
        "The home {1} was restored for {2}, and has no node yet: the key of the old one is in"
        " no backup.",
        "With the root key: org recover. Else: node request, have it admitted where the issui"
        "ng key is, node join.",
        "ホーム {1} は {2} のものとして復元済みですが、ノードがまだありません（元の鍵はバック"
        "アップに含まれません）。",
        "ルート鍵があれば org recover。なければ node request を発行鍵のあるノードで認めてもら"
        "い、node join を実行します。",
    },
    {
        "home.twin",
        "The home {1} runs on another machine as well: somebody else speaks with its keys. No"
        "thing more is written here.",
        "Find the other copy and stop it for good; if there is none, the keys were stolen: no"
        "de revoke. Then start the one that stays with run --sure.",
        "ホーム {1} が別の端末でも動いています。同じ鍵で発言しているものがあるため、書き込み"
        "を止めました。",
        "複製を探して完全に停止してください。見当たらなければ鍵の盗難です（node revoke）。残"
        "す方を run --sure で起動します。",
    },
    {
        "home.unset",
        "It is not known where the home is: neither --home nor $KAIRAN_HOME nor $HOME is set.",
        "Name it with --home DIR.",
        "ホームの場所が分かりません。--home、$KAIRAN_HOME、$HOME のいずれもありません。",
        "--home DIR で指定してください。",
    },
    {
        "home.unsure",
        "The home {1} may be an older copy: what its organisation signed last has to be compa"
        "red with other nodes first.",
        "Let the node run until two others are linked, then try again. If nobody can be reach"
        "ed and the home was not put back: run --sure.",
        "ホーム {1} は古い複製かもしれません。組織が最後に署名した記録を、まず他のノードと照"
        "合する必要があります。",
        "ノードを起動し、他の 2 ノードと接続してから再試行してください。接続できず、復元もし"
        "ていない場合は run --sure で起動します。",
    },
    {
        "index.busy",
        "The index {1} is in use by another process.",
        "Stop that process first.",
        "索引 {1} は別のプロセスが使用中です。",
        "先にそのプロセスを停止してください。",
    },
    {
        "index.full",
        "The index {1} is full.",
        "Make room on the disk, then run kairan reindex. The log is complete; nothing is lost.",
        "索引 {1} がいっぱいです。",
        "ディスクに空きを作り、kairan reindex を実行してください。記録は失われていません。",
    },
    {
        "index.io",
        "The index {1} cannot be read or written: {2}.",
        "Check the disk. If it is sound, run kairan reindex. The log is complete; nothing is lost.",
        "索引 {1} の読み書きに失敗しました: {2}",
        "ディスクに問題がなければ kairan reindex を実行してください。記録は失われていません。",
    },
    {
        "index.stopped",
        "Indexing has stopped[: {1}]. New information is stored, but not found by query.",
        "Start the node again. If it stops again, run kairan reindex.",
        "索引の更新が止まりました[: {1}]。新しい情報は保存されますが、検索には現れません。",
        "ノードを再起動してください。再び止まる場合は kairan reindex を実行してください。",
    },
    {
        "io.error",
        "{1} cannot be read or written: {2}.",
        "Check the disk, and the owner and permissions of the folder.",
        "{1} の読み書きに失敗しました: {2}",
        "ディスク、フォルダーの所有者、アクセス権を確認してください。",
    },
    {
        "io.network-fs",
        "The home is on a network file system ({1}), where the store would not be safe.",
        "Choose a folder on a disk of this machine: --home DIR.",
        "ホームがネットワーク上のファイルシステム（{1}）にあり、安全に保存できません。",
        "--home DIR で、この端末のディスク上のフォルダーを指定してください。",
    },
    {
        "io.permission",
        "This user may not read or write {1}.",
        "Run the command as the user who runs the node, or correct the owner with chown.",
        "この利用者には {1} を読み書きする権限がありません。",
        "ノードを動かす利用者で実行するか、chown で所有者を直してください。",
    },
    {
        "recover.not-restored",
        "The home {1} was not restored from a backup, or has joined since.",
        "org recover is for a home that restore has just made. To replace a stolen key: issui"
        "ng replace.",
        "ホーム {1} はバックアップから復元したものではないか、すでに参加済みです。",
        "org recover は restore で作った直後のホームで使います。盗まれた鍵の交換は issuing re"
        "place です。",
    },
    {
        "recover.other-root",
        "{1} is not the root key of {2}.",
        "Put the right org-root.key into keys/ of this home. If it is lost, the organisation "
        "has to join anew: org request.",
        "{1} は {2} のルート鍵ではありません。",
        "正しい org-root.key をこのホームの keys/ に置いてください。失った場合は、組織として"
        "参加し直します（org request）。",
    },
    {
        "restore.other-org",
        "The home {1} was restored for the organisation {2}, not for that one.",
        "Give the id of {2}: restore printed it.",
        "ホーム {1} は組織 {2} のものとして復元されています。別の組織は指定できません。",
        "{2} の ID を指定してください（restore が表示したもの）。",
    },
    {
        "store.corrupt",
        "The store is damaged[: {1}].",
        "Put it aside, restore a backup, and let the node fetch the rest from its peers.",
        "保存領域が壊れています[: {1}]。",
        "退避してバックアップから復元してください。不足分はノードが他のノードから取得します。",
    },
    {
        "store.full",
        "The store has reached the size that it may have. Nothing more is taken from others.",
        "Move the home to a larger disk, or raise the limit in the configuration.",
        "保存領域が上限に達したため、新たな受信を停止しています。",
        "ホームを大きなディスクに移すか、設定で上限を上げてください。",
    },
    {
        "store.io",
        "The store cannot be read or written: {1}.",
        "Look at the log of the machine, and check the disk.",
        "保存領域の読み書きに失敗しました: {1}",
        "端末のログとディスクを確認してください。",
    },
    {
        "store.lock",
        "The lock of the store cannot be taken[: {1}].",
        "Check the owner and the permissions of the home.",
        "保存領域のロックを取得できません[: {1}]。",
        "ホームの所有者とアクセス権を確認してください。",
    },
    {
        "store.locked",
        "Another process[ (number {1})] uses this home.",
        "Stop that one first, or use its node: all commands but reindex work while it runs.",
        "このホームは別のプロセス[（番号 {1}）]が使用中です。",
        "先に停止するか、そのまま使ってください。ノードの稼働中も reindex "
        "以外のコマンドが使えます。",
    },
    {
        "store.missing",
        "The home has no store.",
        "Name the right home with --home DIR, or restore a backup.",
        "ホームに保存領域がありません。",
        "--home DIR で正しいホームを指定するか、バックアップから復元してください。",
    },
    {
        "store.newer",
        "The store was written by a newer version of Kairan[ ({1}, this one knows {2})].",
        "Update Kairan on this machine. The store was left as it is.",
        "保存領域は新しい版の Kairan[（{1}、この版は {2} まで）]で作られています。",
        "この端末の Kairan を更新してください。保存領域は変更していません。",
    },
    {
        "store.perm",
        "The store can be read by others, or belongs to another user.",
        "Take the permissions away with chmod 700, and run as the user who owns it.",
        "保存領域に他の利用者がアクセスできるか、所有者が異なります。",
        "chmod 700 で権限を外し、所有者である利用者で実行してください。",
    },
    {
        "store.truncated",
        "The data file of the store has been cut[: {1}].",
        "Put it aside, restore a backup, and let the node fetch the rest from its peers.",
        "保存領域のデータファイルが途中で切れています[: {1}]。",
        "退避してバックアップから復元してください。不足分はノードが他のノードから取得します。",
    },
};
const size_t kai_reasons_home_n = sizeof kai_reasons_home / sizeof kai_reasons_home[0];
