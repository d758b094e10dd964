/* catalogue_person: reasons about persons, what is sealed to them, and whom to take out. Sorted by
 * code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_person[] = {
    {
        "admit.provider-org",
        "Only an organisation can be a provider.",
        "Leave out --provider: a node or person of a provider is one by itself.",
        "事業者の指定ができるのは組織だけです。",
        "--provider を外してください。事業者のノードや個人は、自動的に事業者の扱いになります。",
    },
    {
        "admit.provider-tiers",
        "{1} is a contractor of a contractor already: providers stand in two tiers at most.",
        "Have it admitted by the organisation that answers for {1}.",
        "{1} はすでに再委託先です。事業者は 2 段までです。",
        "{1} に責任を持つ組織から入会を認めてください。",
    },
    {
        "person.expired",
        "The place of {1} would have ended already.",
        "Give a later --expires.",
        "{1} の登録期限が過去になっています。",
        "--expires に先の日時を指定してください。",
    },
    {
        "person.name",
        "{1} cannot be the name of a key file.",
        "Give a name of at most 251 bytes that does not begin with a dot and holds no slash.",
        "{1} は鍵ファイルの名前に使えません。",
        "スラッシュを含まず、点で始まらない 251 バイト以内の名前にしてください。",
    },
    {
        "person.no-key",
        "There is no person's key in {1}.",
        "Run it in the home in which person key was run, or give the key: --key FILE.",
        "{1} に個人の鍵がありません。",
        "person key を実行したホームで実行するか、--key FILE で鍵を指定してください。",
    },
    {
        "person.which",
        "There are several persons' keys in {1}.",
        "Say whose it is: --name NAME.",
        "{1} に複数の個人の鍵があります。",
        "--name 名前 で指定してください。",
    },
    {
        "request.is-person",
        "The request is one of a person.",
        "Use person add.",
        "これは個人の申請書です。",
        "person add を使ってください。",
    },
    {
        "revoke.keep-many",
        "More than 256 organisations of {1} would have to be admitted again.",
        "Name those that matter most with --keep, and admit the others one by one.",
        "入会を認め直す {1} の配下の組織が 256 を超えています。",
        "重要な組織を --keep で指定し、残りは個別に認め直してください。",
    },
    {
        "revoke.not-yours",
        "{1} stands neither below this organisation nor one level further down.",
        "Ask the organisation that admitted it: org show.",
        "{1} は、自組織の配下でも、その 1 段下でもありません。",
        "入会を認めた組織に依頼してください: org show",
    },
};
const size_t kai_reasons_person_n = sizeof kai_reasons_person / sizeof kai_reasons_person[0];
