/* armor: bytes as text that survives mail, for ceremonies between organisations.
 *
 *     -----BEGIN KAIRAN REQUEST-----
 *     Organisation: Example City
 *
 *     k5MBxBD...                      base64, 64 columns
 *     =Xy3fQw0a                       checksum: the first 6 bytes of H("kairan1.armor", bytes)
 *     -----END KAIRAN REQUEST-----
 *
 * The header lines are for people: nothing reads them, and nothing vouches for them. */
#ifndef KAI_TEXT_ARMOR_H
#define KAI_TEXT_ARMOR_H

#include <stddef.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"

#define KAI_ARMOR_REQUEST   "KAIRAN REQUEST"
#define KAI_ARMOR_ADMISSION "KAIRAN ADMISSION"
#define KAI_ARMOR_CHARTER   "KAIRAN CHARTER"
#define KAI_ARMOR_KEYDEATH  "KAIRAN KEYDEATH"

/* Append the text. headers: lines such as "Organisation: Example", each with a colon; cleaned.
 * Errors stick in out. */
void kai_armor(const char *kind, const char *const *headers, size_t headers_n,
               struct kai_view bytes, struct kai_buf *out);

/* Find the one block of this kind in text and append its bytes to out, at most max. Bears what
 * mail does: CRLF, "> " quoting, text around, trailing blanks, full-width spaces, a BOM.
 * Errors, with reasons: KAI_ENOTFOUND (armor.none {1} the kind wanted); KAI_EMALFORMED
 * (armor.kind {1} wanted {2} found, armor.two {1}, armor.cut {1}, armor.character, armor.checksum);
 * KAI_ELIMIT (armor.size {1} bytes allowed); KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_unarmor(struct kai_view text, const char *kind, size_t max,
                                      struct kai_buf *out, struct kai_why *why);

#endif
