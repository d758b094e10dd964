/* words: eight words that two people read to each other over the telephone.
 *
 * The first 88 bits of a hash, 11 bits a word, from the BIP-39 list of the language. Whoever reads
 * English and whoever reads Japanese compare the same bits in different words. */
#ifndef KAI_TEXT_WORDS_H
#define KAI_TEXT_WORDS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "text/catalogue.h"

#define KAI_WORDS_N 8u

/* Append the words, a space between them (U+3000 in Japanese). Errors stick in out. */
void kai_words(enum kai_lang lang, const uint8_t hash[static KAI_ID_BYTES], struct kai_buf *out);

/* Whether typed says the words of hash: in either language, with any white space or hyphens
 * between, in either case, in any normal form; English words may be cut to their first four
 * letters. Errors: KAI_EMALFORMED (not eight words, or one that is in neither list: reasons
 * words.count, words.unknown {1} the word); KAI_EAUTH (words.mismatch); KAI_ENOMEM. */
KAI_MUST_USE enum kai_err
kai_words_check(const char *typed, const uint8_t hash[static KAI_ID_BYTES], struct kai_why *why);

#endif
