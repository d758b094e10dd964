/* catalogue_policy: what an access rule forbids (lib/policy), for who asked. {1} is the item's
 * label, {2} the audience or target, where the caller gives them. Sorted by code. */
#include "text/catalogue_files.h"

const struct kai_text_reason kai_reasons_policy[] = {
    {
        "act.not-source",
        "Only the organisation that an item comes from may release, recall or withdraw it or read "
        "its receipts.",
        "Ask the source, for example with release request.",
        "解除・回収・取り下げ・受領確認の閲覧ができるのは、発信元の組織だけです。",
        "release request などで発信元に依頼してください。",
    },
    {
        "act.unknown",
        "This version knows no such act.",
        "Update Kairan on this machine.",
        "この版では扱えない操作です。",
        "この端末の Kairan を更新してください。",
    },
    {
        "export.exercise",
        "It belongs to an exercise. No sensor is given such an item, and no option changes that.",
        "Use a file of STIX or MISP if people are to see it.",
        "演習用の情報です。センサー向けには出力できません（この制限は解除できません）。",
        "人が見るためであれば、STIX または MISP のファイルに出力してください。",
    },
    {
        "export.pap-block",
        "Its PAP does not allow active measures such as blocking.",
        "Use it for detecting if its PAP allows that, or ask the source.",
        "PAP により、遮断などの能動的な措置には使えません。",
        "PAP の範囲内で検知に使うか、発信元に問い合わせてください。",
    },
    {
        "export.pap-detect",
        "Its PAP allows a search of one's own records only, no sensor.",
        "Search your records with hunt, or ask the source.",
        "PAP により、自組織の記録の調査にだけ使えます。センサーには渡せません。",
        "hunt で手元の記録を調べるか、発信元に問い合わせてください。",
    },
    {
        "export.purpose",
        "It is not known what the file would be used for.",
        "Choose one of the formats that help export lists.",
        "出力先の用途が分かりません。",
        "help export にある形式から選んでください。",
    },
    {
        "export.red",
        "TLP:RED goes into no file and no sensor.",
        "The persons named read it with open.",
        "TLP:RED は、ファイルにもセンサーにも出力できません。",
        "宛先の本人が open で閲覧します。",
    },
    {
        "forward.inactive",
        "The peer is not, or no longer, an active member of the network.",
        "Nothing to do: nothing is sent to it.",
        "相手ノードは、ネットワークの有効な参加者ではありません。",
        "操作は不要です（何も送信しません）。",
    },
    {
        "forward.not-member",
        "The peer's organisation is no member of the audience, and the peer no relay of it.",
        "Nothing to do: nothing is sent to it.",
        "相手の組織は共有先の参加者ではなく、相手ノードはその中継役でもありません。",
        "操作は不要です（何も送信しません）。",
    },
    {
        "forward.relay",
        "The audience lists the peer as a relay, but the network has not given it that right.",
        "Ask the organisation that admitted it to give its node the right to relay.",
        "共有先は相手ノードを中継役としていますが、ネットワークから中継の権限を与えられていません"
        "。",
        "相手を認めた組織に、中継の権限を付けるよう依頼してください。",
    },
    {
        "forward.unmatched",
        "The peer has not shown that it holds a key of the audience.",
        "Nothing to do: it gets the key first, then what is written under it.",
        "相手ノードが共有先の鍵を持つことを、まだ確認できません。",
        "操作は不要です。鍵が渡ったあとに送信します。",
    },
    {
        "item.expired",
        "The time for which it was valid is over.",
        "Ask the source whether there is a newer one.",
        "有効期間が過ぎています。",
        "新しい情報がないか、発信元に問い合わせてください。",
    },
    {
        "item.recalled",
        "The source has recalled it: it is to be deleted, not passed on or used.",
        "Delete what you have exported of it.",
        "発信元が回収した情報です。削除の対象であり、再共有も利用もできません。",
        "すでに出力したものがあれば削除してください。",
    },
    {
        "item.withdrawn",
        "The source has withdrawn it.",
        "Nothing to do. get shows the newest version.",
        "発信元が取り下げた情報です。",
        "操作は不要です。最新版は get で確認できます。",
    },
    {
        "label.persons",
        "An audience of persons carries TLP:RED only[, not {1}]: the rest is not sealed to them.",
        "Publish it as TLP:RED, or to a group of their organisations.",
        "個人向けの共有先で扱えるのは TLP:RED だけです[（{1} は不可）]。それ以外は本人向けに封印さ"
        "れません。",
        "TLP:RED で公開するか、所属組織の group に公開してください。",
    },
    {
        "read.clearance",
        "It is above what you are cleared for on this node.",
        "Ask the operator of the node if you need it.",
        "このノードであなたに許された範囲を超える情報です。",
        "必要であれば、ノードの管理者に申請してください。",
    },
    {
        "read.quarantined",
        "It broke an access rule on its way here and is shown to nobody.",
        "Nothing to do: its source has been told.",
        "共有の規則に反して届いたため、誰にも表示しません。",
        "操作は不要です。発信元には通知されています。",
    },
    {
        "read.sealed",
        "It is sealed to named persons. No node can read it, this one neither.",
        "If you are one of them, open it with your own key: open ID.",
        "名指しの個人向けに封印されています。このノードを含め、どのノードも読めません。",
        "宛先の本人であれば、自分の鍵で開いてください: open ID",
    },
    {
        "red.unsealed",
        "TLP:RED must be sealed to the persons before it reaches a node, and this is not.",
        "Publish it with publish --label TLP:RED --to an audience of persons.",
        "TLP:RED は、ノードに渡す前に本人向けに封印する必要があります。",
        "個人向けの共有先を --to に指定し、publish --label TLP:RED で公開してください。",
    },
    {
        "release.red",
        "TLP:RED is released to nobody, and nothing is released as TLP:RED.",
        "Publish what may be shared as a new item with another label.",
        "TLP:RED は解除できません。TLP:RED として解除することもできません。",
        "共有してよい内容を、別のラベルの新しい情報として公開してください。",
    },
    {
        "reshare.amber",
        "TLP:AMBER may be passed on to the clients of your own organisation only[, not to {2}].",
        "Choose an audience of kind clients that you own, or ask the source: release request.",
        "TLP:AMBER を再共有できるのは、自組織が所有する clients の共有先だけです[（{2} は不可）]。",
        "該当する共有先を選ぶか、release request で発信元に依頼してください。",
    },
    {
        "reshare.from",
        "It is not shown that the item came from an audience that its source listed, and that who "
        "passes it on was a member there.",
        "Ask the source: release request.",
        "発信元が指定した共有先から、その参加者として受け取ったことを確認できません。",
        "release request で発信元に依頼してください。",
    },
    {
        "reshare.green",
        "TLP:GREEN stays inside its community, and not all members of the target[ {2}] are known "
        "to "
        "belong to it.",
        "Choose an audience inside the community, or ask the source: release request.",
        "TLP:GREEN はコミュニティーの内側に限られます。共有先[ {2} ]の全員がそこに属するとは確認で"
        "きません。",
        "コミュニティー内の共有先を選ぶか、release request で発信元に依頼してください。",
    },
    {
        "reshare.providers",
        "A provider or contractor gets only what the source itself addresses to it.",
        "Ask the source: release request.",
        "委託先に渡せるのは、発信元がその委託先を宛先とした情報だけです。",
        "release request で発信元に依頼してください。",
    },
    {
        "reshare.red",
        "TLP:RED is passed on to nobody.",
        "Ask the source to publish what may be shared as an item of its own.",
        "TLP:RED は誰にも再共有できません。",
        "共有してよい内容を別の情報として公開するよう、発信元に依頼してください。",
    },
    {
        "reshare.source-revoked",
        "The source has been revoked. Of it only what came from its own log counts.",
        "Nothing to do. Tell who passed it on if it matters.",
        "発信元は失効しています。有効なのは、その組織のログから直接受け取ったものだけです。",
        "操作は不要です。必要であれば再共有した組織に連絡してください。",
    },
    {
        "reshare.strict",
        "TLP:AMBER+STRICT stays inside your organisation[ and may not go to {2}].",
        "Ask the source: release request.",
        "TLP:AMBER+STRICT は自組織の外に再共有できません[（{2} は不可）]。",
        "release request で発信元に依頼してください。",
    },
    {
        "role.lower",
        "Your role on this node[, {3},] does not cover this[: it takes the role {2}].",
        "Ask the operator of the node for the role that it needs.",
        "このノードでのあなたの役割[（{3}）]では、この操作はできません[（{2} の役割が必要です）]。",
        "必要な役割をノードの管理者に申請してください。",
    },
    {
        "role.none",
        "You have no role on this node.",
        "Ask its operator for one: user set.",
        "このノードでの役割が与えられていません。",
        "user set による設定をノードの管理者に依頼してください。",
    },
};
const size_t kai_reasons_policy_n = sizeof kai_reasons_policy / sizeof kai_reasons_policy[0];
