/* catalogue_stream: reasons about streaming into a cluster. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_stream[] = {
    {
        "stream.busy",
        "Another process streams from this place already: {1}.",
        "End it, or give this one another --state FILE.",
        "この状態ファイルは別のプロセスが使用中です: {1}",
        "そのプロセスを終了するか、別の --state ファイルを指定してください。",
    },
    {
        "stream.file",
        "The settings for the cluster cannot be used: {1}[ ({2})].",
        "Correct the file: PEM for certificates and keys, a NATS credentials file for --creds.",
        "クラスターへの接続設定を使用できません: {1}[（{2}）]",
        "ファイルを確認してください。証明書と鍵は PEM、--creds は NATS の credentials "
        "ファイルです。",
    },
    {
        "stream.missing",
        "The cluster has no stream {1}.",
        "Give --create to have it made, or make it there.",
        "クラスターにストリーム {1} がありません。",
        "--create を付けて作成するか、クラスター側で作成してください。",
    },
    {
        "stream.name",
        "No name that is taken here: {1}.",
        "Letters, digits, - and _; a subject also has dots between such names.",
        "使用できない名前です: {1}",
        "英数字と - と _ を使用してください。サブジェクトはそれらをドットでつなぎます。",
    },
    {
        "stream.place",
        "The file does not say how far the stream has come: {1}.",
        "Restore it, or remove it: then all that is current is asked for in the stream and sent "
        "where "
        "it is not there.",
        "ストリームの進み具合を読み取れません: {1}",
        "ファイルを復元するか、削除してください。削除すると、現在の情報を一件ずつ確認し、ストリーム"
        "に"
        "ないものを送ります。",
    },
    {
        "stream.replicas",
        "The stream {1} is kept on {2} servers; {3} are wanted.",
        "Raise the stream's replicas, or say with --replicas that fewer are enough.",
        "ストリーム {1} の複製は {2} 台です。{3} 台が必要です。",
        "ストリームの複製数を増やすか、--replicas で少ない数を指定してください。",
    },
    {
        "stream.retention",
        "The stream {1} deletes what was consumed, so it cannot say what it was given.",
        "Use a stream with limits as its retention; consumers have their own positions in it.",
        "ストリーム {1} は読み取られたメッセージを削除するため、送信済みかどうかを確認できません。",
        "保持方式が limits のストリームを使用してください。",
    },
    {
        "stream.size",
        "The stream {1} takes messages of {2} bytes; it must take those of {3}.",
        "Raise its max_msg_size, or the max_payload of the servers.",
        "ストリーム {1} のメッセージの上限は {2} バイトです。{3} バイト以上が必要です。",
        "ストリームの max_msg_size またはサーバーの max_payload を大きくしてください。",
    },
    {
        "stream.storage",
        "The stream {1} is kept in memory.",
        "Use a stream with file storage.",
        "ストリーム {1} はメモリー上にあります。",
        "ファイルに保存するストリームを使用してください。",
    },
    {
        "stream.subjects",
        "The stream {1} does not take {2}.> as its subjects.",
        "Add it to the stream's subjects, or give another --subject.",
        "ストリーム {1} のサブジェクトに {2}.> が含まれていません。",
        "ストリームのサブジェクトに追加するか、別の --subject を指定してください。",
    },
    {
        "stream.url",
        "Not taken as the address of a NATS server: {1}.",
        "tls://HOST:PORT; nats://HOST:PORT only for this machine's loopback; no user in it.",
        "NATS サーバーのアドレスとして使用できません: {1}",
        "tls://ホスト:ポート の形式で指定してください。nats:// "
        "はループバックだけです。利用者名は含めませ"
        "ん。",
    },
};
const size_t kai_reasons_stream_n = sizeof kai_reasons_stream / sizeof kai_reasons_stream[0];
