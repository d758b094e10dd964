/* catalogue_files: the files of the catalogue, for catalogue.c alone. Each is sorted by code. */
#ifndef KAI_TEXT_CATALOGUE_FILES_H
#define KAI_TEXT_CATALOGUE_FILES_H

#include "text/catalogue.h"

#define KAI_TEXT_REASON_FILES(X)                                                                   \
    X(item)                                                                                        \
    X(policy)                                                                                      \
    X(stix)                                                                                        \
    X(key)                                                                                         \
    X(link)                                                                                        \
    X(home)                                                                                        \
    X(node) X(cli) X(reader) X(share) X(person) X(carry) X(charter) X(bring) X(taxii) X(stream)
#define KAI_TEXT_PHRASE_FILES(X)                                                                   \
    X(cli)                                                                                         \
    X(demo)                                                                                        \
    X(explain)                                                                                     \
    X(help) X(table) X(person) X(reader) X(removal) X(share) X(carry) X(charter) X(stream)

#define KAI_TEXT_REASON_FILE(name)                                                                 \
    extern const struct kai_text_reason kai_reasons_##name[];                                      \
    extern const size_t kai_reasons_##name##_n;
#define KAI_TEXT_PHRASE_FILE(name)                                                                 \
    extern const struct kai_text_phrase kai_phrases_##name[];                                      \
    extern const size_t kai_phrases_##name##_n;

KAI_TEXT_REASON_FILES(KAI_TEXT_REASON_FILE)
KAI_TEXT_PHRASE_FILES(KAI_TEXT_PHRASE_FILE)

#endif
