/* phrases_stream: streaming into a cluster. Sorted by id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_stream[] = {
    {"help.stream",
     "stream what is known and what comes into a NATS JetStream cluster, each item once",
     "情報を NATS JetStream クラスターに一度ずつ流します"},
    {"help.stream.clearance",
     "--clearance LABEL: the strictest label that goes out; RED never does",
     "--clearance ラベル: 送り出す最も厳しいラベル。RED は送りません"},
    {"help.stream.create", "--create: make the stream where there is none",
     "--create: ストリームがなければ作成します"},
    {"help.stream.creds", "--creds FILE: a NATS credentials file",
     "--creds ファイル: NATS の credentials ファイル"},
    {"help.stream.once", "--once: end when all that is there now has gone out",
     "--once: 現在の情報をすべて送ったら終了します"},
    {"help.stream.password-file", "--password-file FILE: the first line is the password of --user",
     "--password-file ファイル: 1 行目を --user のパスワードとして使います"},
    {"help.stream.replicas", "--replicas N: on how many servers the stream must be kept (3)",
     "--replicas N: ストリームを保持するサーバーの数（3）"},
    {"help.stream.state", "--state FILE: how far it has come (HOME/stream-NAME.state)",
     "--state ファイル: 進み具合を保存するファイル（HOME/stream-名前.state）"},
    {"help.stream.subject",
     "--subject SUBJECT: messages go to SUBJECT.item.ID, .withdrawn.ID, .recalled.ID (kairan)",
     "--subject サブジェクト: SUBJECT.item.ID、.withdrawn.ID、.recalled.ID に送ります（kairan）"},
    {"help.stream.tls-ca", "--tls-ca FILE: PEM of the CAs that may have signed the servers",
     "--tls-ca ファイル: サーバーの証明書を発行した CA（PEM）"},
    {"help.stream.to",
     "--to URL: tls://HOST:PORT of a server, once for each; nats:// on loopback only",
     "--to URL: サーバーの tls://ホスト:ポート（複数可）。nats:// はループバックのみ"},
    {"stream.another", "{1} is another stream than before: all that is current goes into it.",
     "ストリーム {1} は以前とは別のものです。現在の情報をすべて送ります。"},
    {"stream.away",
     "ALARM: the cluster takes no messages for {1}: {2}. Waiting until it does; {3} are ready, and "
     "nothing is lost.",
     "警告: クラスターが {1} へのメッセージを受け付けません: {2}。回復を待ちます。"
     "送信待ちは {3} 件以上で、失われません。"},
    {"stream.back", "The cluster takes messages for {1} again.",
     "クラスターが {1} へのメッセージを再び受け付けています。"},
    {"stream.end", "Sent: {1}[, there already: {2}][, without content, too large: {3}]",
     "送信: {1} 件[、送信済み: {2} 件][、大きすぎるため内容なし: {3} 件]"},
    {"stream.lost", "The node does not answer; waiting until it does.",
     "ノードが応答しません。応答するまで待ちます。"},
    {"stream.shorter",
     "ALARM: the stream {1} has lost messages that it had acknowledged. All that is current is "
     "asked for "
     "again, and what is not there is sent.",
     "警告: ストリーム {1} "
     "から受領済みのメッセージが失われました。現在の情報を一件ずつ確認し、ないもの"
     "を送り直します。"},
};
const size_t kai_phrases_stream_n = sizeof kai_phrases_stream / sizeof kai_phrases_stream[0];
