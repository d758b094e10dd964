/* phrases_charter: new versions of the charter, dead keys, and organisations that merged. Sorted by
 * id. */
#include "text/catalogue_files.h"

const struct kai_text_phrase kai_phrases_charter[] = {
    {"armor.network", "Network: {1}", "ネットワーク: {1}"},
    {"charter.applied", "The charter of {1} holds from now on; it goes to all nodes.",
     "{1} の規約を適用しました。すべてのノードに伝わります。"},
    {"charter.before-count", "Founders of the version before that signed: {1}, needed: {2}",
     "一つ前の版の創設組織の署名: {1}（必要数 {2}）"},
    {"charter.count", "Founders of this version that signed: {1}, needed: {2}",
     "この版の創設組織の署名: {1}（必要数 {2}）"},
    {"charter.founder", "founder: {1}[ ({2})]", "創設組織: {1}[（{2}）]"},
    {"charter.founder-added", "new founder: {1}[ ({2})]", "新しい創設組織: {1}[（{2}）]"},
    {"charter.founder-dropped",
     "no founder any more: {1}[ ({2})]; what it admitted and owns ends with it",
     "創設組織から外れる: {1}[（{2}）]。その組織が認めた組織や共有先も無効になります"},
    {"charter.signed", "signed", "署名済み"},
    {"charter.text", "new text: {1}", "新しい文面: {1}"},
    {"charter.version", "{1}, version {2} of the charter", "{1} の規約 第 {2} 版"},
    {"charter.written", "The new version of the charter of {1} is in {2}.",
     "{1} の規約の新しい版を {2} に書き出しました。"},
    {"help.keydeath-make", "make, in advance, the note that ends a key of this home",
     "このホームの鍵を失効させる届を、あらかじめ作ります"},
    {"help.keydeath-use", "end a lost or stolen key by its note",
     "失った、または盗まれた鍵を失効させます"},
    {"help.network-amend", "draft a new version of the charter, and sign it",
     "規約の新しい版を作り、署名します"},
    {"help.network-apply", "put a version that enough founders signed into effect",
     "署名のそろった規約を適用します"},
    {"help.network-sign", "read and sign a new version of the charter",
     "規約の新しい版を確認し、署名します"},
    {"help.option.add", "--add ORGANISATION: becomes a founder", "--add 組織: 創設組織に加えます"},
    {"help.option.charter", "--charter FILE: the text, Japanese first, then English",
     "--charter ファイル: 規約の文面（日本語、英語の順）"},
    {"help.option.drop", "--drop ORGANISATION: is a founder no more",
     "--drop 組織: 創設組織から外します"},
    {"help.option.of", "--of node|issuing|root: which key of this home",
     "--of node|issuing|root: このホームのどの鍵か"},
    {"help.option.threshold", "--threshold N: so many founders sign the next version",
     "--threshold 数: 次の版に必要な創設組織の署名の数"},
    {"keydeath.made",
     "The note is in {1}. Keep it away from this machine: whoever has it can end the key.",
     "失効届を {1} "
     "に書き出しました。この端末とは別の場所に保管してください。持つ人は誰でも鍵を失効させられます"
     "。"},
    {"keydeath.used", "The key[ of {1}] is dead from now on; it goes to all nodes.",
     "[{1} の]鍵を失効させました。すべてのノードに伝わります。"},
    {"succeed.new", "to the new organisation: {1} ({2})", "引き継ぐ組織: {1}（{2}）"},
    {"succeed.old", "The root key gives all places of: {1} ({2})",
     "ルート鍵で引き渡しを宣言する組織: {1}（{2}）"},
    {"succeed.stands",
     "{2} stands in all places of {1} from now on. {1} keeps its own until it is revoked.",
     "{2} が {1} のすべての共有先を引き継ぎました。{1} "
     "自身も、失効するまではそのまま参加します。"},
    {"succeed.waits",
     "Both sides have spoken, and it does not count: {1} is active still, or more than one "
     "organisation has admitted it.",
     "双方の宣言がありますが、まだ効力がありません。{1} "
     "がまだ有効か、複数の組織が入会を認めています。"},
    {"succeed.waits-new",
     "Said for {1}. It counts once {2} consents: kairan org succeed, with the same names, at a "
     "node of {2}.",
     "{1} の宣言を出しました。{2} のノードで同じ引数の kairan org succeed "
     "を実行すると有効になります。"},
    {"succeed.waits-old",
     "{2} consents. It counts once {1} says the same with its root key, or, when it is no more, "
     "its sponsor: kairan org succeed, with the same names, at their node.",
     "{2} が同意しました。{1} のノード（{1} が失効していれば紹介元のノード）で同じ引数の kairan "
     "org succeed を実行し、ルート鍵で宣言すると有効になります。"},
};
const size_t kai_phrases_charter_n = sizeof kai_phrases_charter / sizeof kai_phrases_charter[0];
