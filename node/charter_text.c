/* charter_text: default texts of a charter. */
#include "node/charter_text.h"

#include <string.h>

static const char ja[] =
    "目的\n"
    "このネットワークは、サイバー攻撃の脅威に関する情報を参加組織の間で迅速に共有し、被害を防ぐため"
    "に設けます。\n"
    "共有された情報は、この目的のためにのみ使います。\n"
    "\n"
    "取扱い\n"
    "情報には TLP 2.0 のラベルが付きます。\n"
    "TLP:RED は名指しされた個人のみ、TLP:AMBER+STRICT は指定された組織の内部のみ、TLP:AMBER "
    "は指定された組織と\n"
    "その直接の利用者組織のみ、TLP:GREEN はコミュニティの内部のみ、TLP:CLEAR は制限なく扱えます。\n"
    "ラベルを緩めることができるのは発信元だけです。してはならないことは、各情報に言葉で示されます。"
    "\n"
    "\n"
    "漏えいしたとき\n"
    "漏えいに気付いた者は、直ちに自組織の管理者と発信元に知らせます。発信元は影響を受ける組織に知ら"
    "せ、\n"
    "必要に応じて情報の取下げと鍵の更新を行います。事実の確認が済むまで、個人の責任を問いません。"
    "\n";

static const char en[] = "Purpose\n"
                         "This network exists so that its members share information on cyber "
                         "threats quickly and prevent harm.\n"
                         "What is shared is used for that purpose alone.\n"
                         "\n"
                         "Handling\n"
                         "Every item carries a TLP 2.0 label. TLP:RED is for the named persons; "
                         "TLP:AMBER+STRICT stays inside the\n"
                         "organisations named; TLP:AMBER may go to them and their direct clients; "
                         "TLP:GREEN stays inside the community;\n"
                         "TLP:CLEAR is free. Only the source relaxes a label. What a reader must "
                         "not do is said with each item, in words.\n"
                         "\n"
                         "After a leak\n"
                         "Whoever notices a leak tells the administrator of their own organisation "
                         "and the source at once. The source\n"
                         "tells those affected, and withdraws the item and renews keys where "
                         "needed. Nobody is blamed before the facts\n"
                         "are established.\n";

size_t kai_charter_default(struct kai_charter_text texts[static 2])
{
    texts[0] = (struct kai_charter_text){.lang = "ja", .text = kai_view_of(ja, strlen(ja))};
    texts[1] = (struct kai_charter_text){.lang = "en", .text = kai_view_of(en, strlen(en))};
    return 2;
}
