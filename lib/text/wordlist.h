/* wordlist: the BIP-39 lists, in a file that the build makes (wordlists.cmake). */
#ifndef KAI_TEXT_WORDLIST_H
#define KAI_TEXT_WORDLIST_H

#define KAI_WORDLIST_N 2048u /* 11 bits. */

extern const char *const kai_wordlist_en[KAI_WORDLIST_N]; /* Sorted; first four letters unique. */
extern const char *const kai_wordlist_ja[KAI_WORDLIST_N]; /* Hiragana, NFKD. */

#endif
