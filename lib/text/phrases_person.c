/* phrases_person: what is said about persons and what is sealed to them. Sorted by id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_person[] = {
    {"armor.person", "Person: {1}", "氏名: {1}"},
    {"audience.a-person", "  {1} ({2}): {3}", "  {1}（{2}）: {3}"},
    {"audience.are-members", "Member organisations:", "参加組織:"},
    {"audience.are-persons", "Sealed to:", "封じる相手:"},
    {"audience.are-relays", "Relays:", "中継ノード:"},
    {"audience.history", "Old items that newcomers may read: {1}",
     "新しい参加組織が読める過去の情報: {1}"},
    {"help.open", "open a RED item with your own key", "RED 情報を自分の鍵で開封します"},
    {"help.option.key", "--key FILE: the person's key file (else HOME/keys/persons/NAME.key)",
     "--key FILE: 個人の鍵ファイル（省略時は HOME/keys/persons/名前.key）"},
    {"help.option.open-name", "--open-name: let the whole network see the name",
     "--open-name: 氏名をネットワーク全体に公開します"},
    {"help.person-add", "give a person a place in this organisation", "自組織に個人を登録します"},
    {"help.person-key", "make a person's own key, and the request for a place",
     "個人の鍵と登録申請書を作ります"},
    {"help.person-list", "list the persons of this organisation, or of all",
     "登録されている個人の一覧を表示します"},
    {"help.person-revoke", "take a person's place away", "個人の登録を失効させます"},
    {"person.expires", "UNTIL", "期限"},
    {"person.name", "NAME", "氏名"},
    {"person.request-sent", "Give {2} to the administrator of your organisation.",
     "{2} を組織の管理者に渡してください。"},
    {"red.id", "Sealed as {1}", "封じた情報の ID: {1}"},
    {"red.recalled", "Its source has recalled this item: delete what you have of it.",
     "発信元がこの情報を回収しました。手元の写しを削除してください。"},
    {"removal.kept", "Admitted again: {1}", "入会を認め直した組織: {1}"},
    {"removal.next", "What to do next:", "次に行うこと:"},
};
const size_t kai_phrases_person_n = sizeof kai_phrases_person / sizeof kai_phrases_person[0];
