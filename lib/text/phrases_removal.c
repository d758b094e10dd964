/* phrases_removal: what happens when somebody is taken out, and what to do next. Sorted by id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_removal[] = {
    {"removal.children-stay", "Organisations that {1} admitted stay members.",
     "{1} が紹介した組織は、引き続き参加組織です。"},
    {"removal.do-audiences", "Take {1} out of audiences of persons: audience remove.",
     "{1} を個人向けの共有先から外してください: audience remove"},
    {"removal.do-children",
     "Look through what was kept, and revoke organisations that nobody knows: org list.",
     "残した組織を確認し、心当たりのない組織を失効させてください: org list"},
    {"removal.do-inspect",
     "Look at what {1} published since the theft may have happened, and tell its readers: query "
     "by:NAME since:DATE.",
     "盗難が疑われる時点以降に {1} が公開した情報を確認し、読者に知らせてください: query by:名前 "
     "since:日付"},
    {"removal.do-issuing",
     "If the issuing key of the organisation was on {1}: issuing replace, at once.",
     "{1} に組織の発行鍵があった場合は、直ちに issuing replace を実行してください。"},
    {"removal.do-look",
     "Look through what counts now, and admit again what is missing: org list, node list, person "
     "list, audience list.",
     "有効な登録を確認し、足りないものは登録し直してください: org list、node list、person list、"
     "audience list"},
    {"removal.do-machine",
     "Find out how the key was taken. Where the machine itself was broken into, set it up anew and "
     "revoke its node: node revoke --reason compromise.",
     "鍵が盗まれた経緯を調べてください。端末に侵入された場合は、端末を入れ直し、ノードも失効させて"
     "ください: node revoke --reason compromise"},
    {"removal.do-new-key", "{1} makes a new key and asks for a new place: person key, person add.",
     "{1} が新しい鍵を作り、登録し直してください: person key、person add"},
    {"removal.do-new-node", "Set up a node in its place: node request, node admit, node join.",
     "代わりのノードを用意してください: node request、node admit、node join"},
    {"removal.do-other-sponsor",
     "If another organisation admitted {1} as well, it stays a member through that one: ask it to "
     "revoke, too.",
     "{1} を紹介した組織がほかにもある場合、{1} "
     "はその組織を通じて参加したままです。その組織にも失効"
     "を依頼してください。"},
    {"removal.do-owned",
     "Audiences that {1} owned can no longer be changed. Where they are still needed, make new "
     "ones: audience list --all.",
     "{1} が所有していた共有先は変更できなくなります。必要なものは作り直してください: audience "
     "list "
     "--all"},
    {"removal.do-persons",
     "Persons whose key files were on {1} make new ones: person revoke, person key, person add.",
     "{1} に鍵ファイルを置いていた個人は、鍵を作り直してください: person revoke、person "
     "key、person "
     "add"},
    {"removal.do-readmit",
     "When {1} has a new home, admit it again: org request, org admit, org join.",
     "{1} に新しいホームができたら、もう一度入会を認めてください: org request、org admit、org "
     "join"},
    {"removal.do-telephone",
     "Talk to {1} by telephone, not through the network, until it has new keys.",
     "{1} が鍵を作り直すまでは、ネットワークではなく電話で連絡してください。"},
    {"removal.do-tell-sources",
     "Tell the sources of RED items that {1} could open: whoever has the key can open them.",
     "{1} が開封できた RED 情報の発信元に知らせてください。鍵を持つ者は開封できます。"},
    {"removal.do-wipe", "Erase the home of {1} on its machine.",
     "{1} の端末からホームを消去してください。"},
    {"removal.issuing-cut",
     "What the old issuing key signed behind the last trusted entry does not count, now or later.",
     "古い発行鍵が、信頼できる最後の記録より後に署名したものは、今後も含めて無効です。"},
    {"removal.issuing-new",
     "What it signed before stays valid. New certificates come from the new issuing key.",
     "それ以前に署名したものは有効です。今後の証明書は新しい発行鍵で発行されます。"},
    {"removal.keys",
     "What is written from now on is sealed to keys that {1} does not get; audiences change their "
     "keys within seconds, at worst minutes.",
     "今後の情報は {1} に渡らない鍵で封じられます。共有先の鍵は数秒、遅くとも数分で交換されます。"},
    {"removal.links", "Links with {1} end at once, here and wherever this becomes known.",
     "{1} との接続は、ここでも、失効が伝わった先でも、直ちに切れます。"},
    {"removal.marks",
     "What {1} signed after its last CHECKPOINT, said each hour, is shown to nobody any more. "
     "Where only a disk broke, --reason left keeps it.",
     "{1} が最後の CHECKPOINT（1 時間ごと）より後に署名したものは、誰にも表示されなくなります。"
     "ディスクの故障だけであれば、--reason left を指定すると残ります。"},
    {"removal.org-void",
     "Nothing that the keys of {1} signed counts any more: nodes, persons, audiences, and the "
     "organisations that were not kept.",
     "{1} "
     "の鍵による署名はすべて無効です。ノード、個人、共有先のほか、残さなかった組織も含みます。"},
    {"removal.past", "What {1} could read until now, it still has.",
     "{1} がこれまでに読めた情報は、{1} の手元に残ります。"},
    {"removal.person-past", "What was sealed to {1} before still opens with that key.",
     "これまでに {1} 宛てに封じた情報は、その鍵で今後も開封できます。"},
    {"removal.person-seal", "No RED item is sealed to {1} any more.",
     "今後、RED 情報が {1} 宛てに封じられることはありません。"},
};
const size_t kai_phrases_removal_n = sizeof kai_phrases_removal / sizeof kai_phrases_removal[0];
