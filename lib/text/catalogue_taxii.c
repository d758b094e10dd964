/* catalogue_taxii: what a TAXII client is refused for. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_taxii[] = {
    {
        "taxii.accept",
        "The answer would be application/taxii+json;version=2.1, which Accept: {1} does not take.",
        "Send Accept: application/taxii+json;version=2.1.",
        "応答は application/taxii+json;version=2.1 ですが、Accept: {1} では受け取れません。",
        "Accept: application/taxii+json;version=2.1 を送ってください。",
    },
    {
        "taxii.body",
        "The body is no TAXII envelope with objects.",
        "Send a JSON object with a list named objects, of at least one STIX object.",
        "本文が、オブジェクトを含む TAXII エンベロープではありません。",
        "STIX オブジェクトを 1 つ以上、objects という名前のリストに入れて送ってください。",
    },
    {
        "taxii.body-size",
        "The body is longer than 16 MiB.",
        "Send the objects in several requests.",
        "本文が 16 MiB を超えています。",
        "オブジェクトを複数の要求に分けて送ってください。",
    },
    {
        "taxii.content-type",
        "What is posted must be application/taxii+json;version=2.1, not {1}.",
        "Send Content-Type: application/taxii+json;version=2.1 and an envelope.",
        "送信できるのは application/taxii+json;version=2.1 です（{1} は不可）。",
        "Content-Type: application/taxii+json;version=2.1 とエンベロープを送ってください。",
    },
    {
        "taxii.delete-value",
        "The object is one value of a list: a single one cannot be withdrawn.",
        "Withdraw the whole list with withdraw, or publish a new one.",
        "このオブジェクトはリスト中の 1 件です。1 件だけを取り下げることはできません。",
        "withdraw でリスト全体を取り下げるか、新しいリストを公開してください。",
    },
    {
        "taxii.delete-version",
        "A single version cannot be deleted: an object is withdrawn as a whole.",
        "Leave out the match parameters, or ask for the version all.",
        "版を 1 つだけ削除することはできません。取り下げはオブジェクト単位です。",
        "match のパラメーターを省くか、version に all を指定してください。",
    },
    {
        "taxii.foreign",
        "The object is another organisation's: from here it cannot go out in your name.",
        "Pass it on with its source's signature: kairan reshare {1} --to AUDIENCE.",
        "他の組織が公開したオブジェクトです。ここから自組織の名で公開することはできません。",
        "発信元の署名を付けたまま再共有してください: kairan reshare {1} --to 共有先",
    },
    {
        "taxii.method",
        "{1} is not possible at this address.",
        "Use one of the methods that the Allow header names.",
        "このアドレスでは {1} を使えません。",
        "Allow ヘッダーにあるメソッドを使ってください。",
    },
    {
        "taxii.missing",
        "There is nothing at this address, or nothing that may be shown to you.",
        "Begin with /taxii2/ and /taxii2/kairan/collections/.",
        "このアドレスには何もないか、あなたに見せられるものがありません。",
        "/taxii2/ と /taxii2/kairan/collections/ から始めてください。",
    },
    {
        "taxii.next",
        "next is none that this node gave.",
        "Begin again without next, with added_after of the last object that you have.",
        "next の値は、このノードが返したものではありません。",
        "next を省き、最後に受け取った時刻を added_after に指定してやり直してください。",
    },
    {
        "taxii.object",
        "The object is too large, too deep or no JSON.",
        "Check it, then send it again.",
        "オブジェクトが大きすぎるか、入れ子が深すぎるか、JSON ではありません。",
        "確認して、もう一度送ってください。",
    },
    {
        "taxii.objects",
        "One request takes at most {1} objects.",
        "Send them in several requests.",
        "1 回の要求で送れるオブジェクトは {1} 個までです。",
        "複数の要求に分けて送ってください。",
    },
    {
        "taxii.param",
        "Something is wrong with a parameter of the address[: {1}={2}].",
        "Correct it; each may stand once. docs/taxii.md lists them.",
        "アドレスのパラメーターに誤りがあります[: {1}={2}]。",
        "修正してください（同じものは 1 回だけ）。一覧は docs/taxii.md にあります。",
    },
    {
        "taxii.read-only",
        "The collection is the mailbox of this organisation: only others write there.",
        "Choose a collection that says can_write.",
        "自組織の mailbox には書き込めません。ここに書くのは他組織です。",
        "can_write のコレクションを選んでください。",
    },
    {
        "taxii.work",
        "Finding the object by its id would take too long: the collection's lists have too many "
        "values.",
        "Read the collection by time, with added_after.",
        "コレクション中のリストの件数が多すぎるため、ID による検索に時間がかかりすぎます。",
        "added_after を使い、時刻の順に読んでください。",
    },
};

const size_t kai_reasons_taxii_n = sizeof kai_reasons_taxii / sizeof kai_reasons_taxii[0];
