/* catalogue_stix: reasons about STIX objects, patterns and values. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_stix[] = {
    {
        "pattern.depth",
        "The pattern is nested more than {1} levels deep.",
        "Split it into several indicators.",
        "パターンの入れ子が {1} 段を超えています。",
        "複数のインジケーターに分けてください。",
    },
    {
        "pattern.hash",
        "{1} is not a hash of the kind {2}.",
        "Correct the hash, or the name of its kind.",
        "{1} は {2} のハッシュ値ではありません。",
        "ハッシュ値または種類の名前を修正してください。",
    },
    {
        "pattern.literal",
        "{1} is not a value that a pattern may hold[ (column {2})].",
        "Write texts in single quotes, times as t'2026-01-31T00:00:00Z', bytes as h'00ff' or "
        "b'AP8='.",
        "{1} はパターンに書ける値ではありません[（{2} 桁目）]。",
        "文字列は '…'、日時は t'2026-01-31T00:00:00Z'、バイト列は h'00ff' または b'AP8=' と書いて"
        "ください。",
    },
    {
        "pattern.qualifier",
        "The qualifier {1} is given twice.",
        "Remove one of the two, or set brackets.",
        "修飾子 {1} が 2 回指定されています。",
        "一方を削除するか、かっこで区切ってください。",
    },
    {
        "pattern.size",
        "The pattern has {1} bytes; at most {2} are allowed.",
        "Split it into several indicators.",
        "パターンの大きさは {1} バイトです。上限は {2} バイトです。",
        "複数のインジケーターに分けてください。",
    },
    {
        "pattern.syntax",
        "The pattern has {1} at column {3} where {2} should stand.",
        "Correct the pattern at its source.",
        "パターンの {3} 桁目は {2} であるべきところ、{1} になっています。",
        "作成元でパターンを修正してください。",
    },
    {
        "pattern.utf8",
        "The pattern is not valid UTF-8.",
        "Save the source as UTF-8 and export it again.",
        "パターンが正しい UTF-8 ではありません。",
        "作成元を UTF-8 で保存し、出力し直してください。",
    },
    {
        "stix.bundle",
        "This is not a valid STIX bundle: {1}.",
        "A bundle has type \"bundle\", an id, and its objects in the array \"objects\".",
        "STIX バンドルとして正しくありません: {1}",
        "type が \"bundle\" で、id を持ち、配列 \"objects\" にオブジェクトを並べた形にしてください"
        "。",
    },
    {
        "stix.duplicate",
        "The object {1} stands twice with different contents[ (first on line {2})].",
        "Remove one of the two, or give the newer one a later \"modified\".",
        "オブジェクト {1} が異なる内容で 2 回現れます[（最初は {2} 行目）]。",
        "一方を削除するか、新しい方の modified をより後の日時にしてください。",
    },
    {
        "stix.id",
        "This is not a STIX id: {1}[ {2}].",
        "An id is the type, two hyphens and a UUID: "
        "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f.",
        "STIX の id として正しくありません: {1}[ {2}]",
        "id は型名、ハイフン 2 つ、UUID の順です。例: "
        "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    },
    {
        "stix.order",
        "The time in {1} is before the one in {2}.",
        "Correct the two times at the source.",
        "{1} の日時が {2} より前になっています。",
        "作成元で 2 つの日時を修正してください。",
    },
    {
        "stix.pattern",
        "The pattern of the indicator cannot be read ({1}[: {2}][, {3}]).",
        "Correct the pattern at its source, or give its language in pattern_type if it is not "
        "STIX.",
        "インジケーターのパターンを解釈できません（{1}[: {2}][、{3}]）。",
        "作成元でパターンを修正してください。STIX 以外の書式なら pattern_type に明記してください。",
    },
    {
        "stix.property",
        "The property {1} must be {2}.",
        "Correct it at the source.",
        "項目 {1} は {2} でなければなりません。",
        "作成元で修正してください。",
    },
    {
        "stix.required",
        "The property {1} is missing[; every {2} has one].",
        "Add it at the source.",
        "項目 {1} がありません[（{2} では必須です）]。",
        "作成元で追加してください。",
    },
    {
        "stix.size",
        "The object has {1} bytes; at most {2} are allowed.",
        "Shorten it, or put large contents into a file of their own and refer to it.",
        "オブジェクトの大きさは {1} バイトです。上限は {2} バイトです。",
        "短くするか、大きな内容は別のファイルにして参照してください。",
    },
    {
        "stix.time",
        "{2} in {1} is not a STIX time.",
        "Write it in UTC as 2026-01-31T23:59:59.999Z.",
        "{1} の {2} は STIX の日時として正しくありません。",
        "UTC で 2026-01-31T23:59:59.999Z のように書いてください。",
    },
    {
        "stix.type",
        "The object has no type that may be shared[: {1}][ {2}].",
        "Type names have 3 to 250 lower-case letters, digits and hyphens.",
        "共有できる型のオブジェクトではありません[: {1}][ {2}]。",
        "型名は英小文字、数字、ハイフンからなる 3～250 文字です。",
    },
    {
        "stix.unmatched",
        "Nothing will match {2} indicators: no value can be read from their patterns (LIKE, "
        "MATCHES, "
        "or a value that is none of its type), first {1}.",
        "Correct them at the source if they hold plain values. They go out as they are.",
        "値を取り出せないパターンの indicator が {2} "
        "件あり、照合には使われません（LIKE・MATCHES、型と"
        "異なる値など。最初は {1}）",
        "値を書いたつもりのものは作成元で修正してください。そのまま配布はされます。",
    },
    {
        "stix.version",
        "The object is of STIX version {1}; version 2.1 is needed.",
        "Convert it to STIX 2.1 at its source. Objects of 2.1 say \"spec_version\": \"2.1\".",
        "STIX のバージョンが {1} です。2.1 が必要です。",
        "作成元で STIX 2.1 に変換してください。2.1 のオブジェクトには \"spec_version\": \"2.1\" が"
        "あります。",
    },
    {
        "value.asn",
        "{1} is not an AS number.",
        "Write it as AS64496.",
        "{1} は AS 番号ではありません。",
        "AS64496 のように書いてください。",
    },
    {
        "value.control",
        "The value of type {1} contains a control character.",
        "Remove it. It may have come in by copying from a document or a terminal.",
        "{1} の値に制御文字が含まれています。",
        "削除してください。文書や端末からの貼り付けで混入した可能性があります。",
    },
    {
        "value.cpe",
        "{1} is not a CPE name.",
        "Write it as cpe:2.3:o:example:product:1.0:*:*:*:*:*:*:*.",
        "{1} は CPE 名ではありません。",
        "cpe:2.3:o:example:product:1.0:*:*:*:*:*:*:* のように書いてください。",
    },
    {
        "value.cve",
        "{1} is not a CVE number.",
        "Write it as CVE-2026-12345.",
        "{1} は CVE 番号ではありません。",
        "CVE-2026-12345 のように書いてください。",
    },
    {
        "value.domain",
        "{1} is not a domain name.",
        "Check the spelling. Underscores and empty parts are allowed in few places only.",
        "{1} はドメイン名ではありません。",
        "つづりを確認してください。下線や空のラベルは、使える場所が限られています。",
    },
    {
        "value.email",
        "{1} is not an e-mail address.",
        "Write it as name@example.com.",
        "{1} はメールアドレスではありません。",
        "name@example.com のように書いてください。",
    },
    {
        "value.empty",
        "A value[ of type {1}] is empty.",
        "Remove it, or fill it in.",
        "[{1} の]値が空です。",
        "削除するか、値を入れてください。",
    },
    {
        "value.hash",
        "{2} is not a hash of the kind {1}: it must have {3} hexadecimal digits.",
        "Check that it was copied whole and that the kind is right.",
        "{2} は {1} のハッシュ値ではありません。16 進数 {3} 桁が必要です。",
        "最後まで写されているか、種類が正しいかを確認してください。",
    },
    {
        "value.ipv4",
        "{1} is not an IPv4 address or block.",
        "Write it as 192.0.2.1 or 192.0.2.0/24, without leading zeros.",
        "{1} は IPv4 のアドレスまたはネットワークではありません。",
        "192.0.2.1 または 192.0.2.0/24 のように、先頭に余分な 0 を付けずに書いてください。",
    },
    {
        "value.ipv6",
        "{1} is not an IPv6 address or block.",
        "Write it as 2001:db8::1 or 2001:db8::/32.",
        "{1} は IPv6 のアドレスまたはネットワークではありません。",
        "2001:db8::1 または 2001:db8::/32 のように書いてください。",
    },
    {
        "value.long",
        "The value[ of type {1}] has {2} bytes; at most {3} are allowed.",
        "Shorten it, or check whether several values have run together.",
        "[{1} の]値は {2} バイトです。上限は {3} バイトです。",
        "短くしてください。複数の値がつながっていないかも確認してください。",
    },
    {
        "value.mac",
        "{1} is not a MAC address.",
        "Write it as 00:00:5e:00:53:01.",
        "{1} は MAC アドレスではありません。",
        "00:00:5e:00:53:01 のように書いてください。",
    },
    {
        "value.unknown",
        "{1} has the form of no known type of value.",
        "Check the spelling, or give the type.",
        "{1} は既知のどの種類の値にも該当しません。",
        "つづりを確認するか、種類を指定してください。",
    },
    {
        "value.url",
        "{1} is not a URL.",
        "Write it with its scheme, as https://example.com/path.",
        "{1} は URL ではありません。",
        "https://example.com/path のように、スキームから書いてください。",
    },
    {
        "value.utf8",
        "The value[ of type {1}] is not valid UTF-8.",
        "Save the source as UTF-8 and export it again.",
        "[{1} の]値が正しい UTF-8 ではありません。",
        "作成元を UTF-8 で保存し、出力し直してください。",
    },
};
const size_t kai_reasons_stix_n = sizeof kai_reasons_stix / sizeof kai_reasons_stix[0];
