/* catalogue_charter: reasons about new versions of the charter, and dead keys. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_charter[] = {
    {
        "charter.before",
        "The version of the charter before this one is not known here.",
        "Connect the node to the network, wait a moment, and try again.",
        "一つ前の版の規約が、このノードにまだ届いていません。",
        "ノードをネットワークに接続し、しばらくしてからもう一度実行してください。",
    },
    {
        "charter.forged",
        "A peer passed on a charter that too few founders signed[: {1}]. The link was closed.",
        "Tell the operator of the peer if it happens again.",
        "署名の足りない規約が相手ノードから届きました[（{1}）]。接続を切りました。",
        "繰り返す場合は相手の担当者に連絡してください。",
    },
    {
        "charter.founders",
        "A network has at most 32 founders.",
        "Drop one with --drop.",
        "創設組織は 32 組織までです。",
        "--drop で外してください。",
    },
    {
        "charter.no-founder",
        "{1} is no founder of the network.",
        "kairan network show lists the founders with --json.",
        "{1} は創設組織ではありません。",
        "創設組織は kairan network show --json で確認してください。",
    },
    {
        "charter.not-founder",
        "The root key {1} is of no founder, neither of this version nor of the one before.",
        "Only founders sign. Do this in the home that has a founder's root key.",
        "鍵 {1} は、この版と一つ前の版のどちらの創設組織のものでもありません。",
        "署名できるのは創設組織だけです。その組織の鍵があるホームで実行してください。",
    },
    {
        "charter.refused",
        "This is no version of the charter that follows what is known here: {1}.",
        "Ask whoever sent it to send the file again.",
        "規約の新しい版として受け取れません: {1}",
        "送り主に、ファイルをもう一度送るよう依頼してください。",
    },
    {
        "charter.rival",
        "Another version of the charter than the one in effect here was signed for the same "
        "place[: {1}]. "
        "It does not count here.",
        "Ask the founders which one is theirs: founders who were removed may be trying to come "
        "back.",
        "このノードで有効な規約とは別に、同じ版を名乗る規約が届きました[（{1}）]"
        "。このノードでは無効です。",
        "どちらが正しいかを創設組織に確認してください。外れた創設組織が戻ろうとしている可能性があり"
        "ます。",
    },
    {
        "charter.signed-already",
        "The root key {1} has signed this already.",
        "Pass the file on to the next founder, or apply it.",
        "鍵 {1} ではすでに署名しています。",
        "次の創設組織に渡すか、適用してください。",
    },
    {
        "charter.threshold",
        "The threshold is not between 1 and the number of founders, {1}.",
        "Give another one with --threshold.",
        "しきい値は 1 から創設組織の数 {1} までの間でなければなりません。",
        "--threshold で指定し直してください。",
    },
    {
        "charter.too-few",
        "Too few founders have signed this version.",
        "Have more of them run kairan network sign; the file shows who has.",
        "署名した創設組織が足りません。",
        "他の創設組織に kairan network sign を依頼してください。",
    },
    {
        "keydeath.refused",
        "This says of no key of this network, with the right of who may say so, that it is dead: "
        "{1}.",
        "Use the file that was made in the home of the key.",
        "鍵の失効届として受け取れません: {1}",
        "その鍵のホームで作ったファイルを使ってください。",
    },
    {
        "keydeath.unknown",
        "The key is of nobody that this node knows.",
        "Use it at a node of the network that is up to date.",
        "このノードが知らない鍵です。",
        "最新の情報を持つノードで実行してください。",
    },
    {
        "succeed.living",
        "{1} is still active: it says itself, with its root key, that {2} takes its places.",
        "Run kairan org succeed at a node of {1}; where its keys are lost, revoke it first.",
        "{1} はまだ有効です。{2} に引き継ぐことは {1} が自らのルート鍵で宣言します。",
        "{1} のノードで kairan org succeed を実行してください。鍵を失っている場合は、先に {1} "
        "を失効させてください。",
    },
    {
        "succeed.not-active",
        "{1} is not active, and can take nobody's places.",
        "Admit it first.",
        "{1} は有効な組織ではないため、引き継げません。",
        "先に入会の手続きをしてください。",
    },
    {
        "succeed.not-yours",
        "That {2} takes the places of {1} is said by those two, or by the sponsor of {1}.",
        "Ask them to run kairan org succeed.",
        "{2} が {1} を引き継ぐことを宣言できるのは、その 2 組織と {1} の紹介元だけです。",
        "これらの組織に kairan org succeed の実行を依頼してください。",
    },
    {
        "succeed.other",
        "The places of {1} went to {2} already, and go to nobody else.",
        "If that is wrong, its sponsor revokes {1} with reason compromise, and names another.",
        "{1} はすでに {2} が引き継いでおり、変更できません。",
        "誤りであれば、{1} の紹介元が --reason compromise "
        "で失効させ、別の組織を指定してください。",
    },
    {
        "succeed.provider",
        "{1} is a contractor and {2} is none: it can take none of its places.",
        "Name an organisation that is no contractor.",
        "{1} は委託先であり、委託先でない {2} を引き継げません。",
        "委託先でない組織を指定してください。",
    },
    {
        "succeed.self",
        "{1} cannot take its own places.",
        "Name the old organisation first, then the new one.",
        "{1} が自らを引き継ぐことはできません。",
        "引き継がれる組織、引き継ぐ組織の順に指定してください。",
    },
};
const size_t kai_reasons_charter_n = sizeof kai_reasons_charter / sizeof kai_reasons_charter[0];
