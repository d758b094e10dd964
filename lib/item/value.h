/* value: observable values: their types, normal forms, and how people disguise them.
 *
 * Two texts of one type mean the same exactly when their normal forms are the same bytes. A normal
 * form is UTF-8 in NFC without control characters, 1 to KAI_VALUE_BYTES_MAX bytes.
 *
 * Reason codes (args): value.empty (type); value.long (type, bytes, limit); value.utf8 (type);
 * value.control (type); value.ipv4, value.ipv6, value.domain, value.url, value.email, value.mac,
 * value.asn, value.cve, value.cpe (text); value.hash (type, text, digits it must have);
 * value.unknown (text): a bare word of no known shape. */
#ifndef KAI_ITEM_VALUE_H
#define KAI_ITEM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"

/* These numbers stand in stores and in lists on the wire: they never change. */
enum kai_vtype {
    KAI_V_NONE = 0,
    KAI_V_IPV4 = 1,   /* "192.0.2.1", or a block "192.0.2.0/24"; a /32 is written without it. */
    KAI_V_IPV6 = 2,   /* RFC 5952; a /128 is written without it. */
    KAI_V_DOMAIN = 3, /* Lower case, A-labels, no dot at the end. */
    KAI_V_URL = 4,    /* Scheme and host in lower case, the rest as it is. */
    KAI_V_EMAIL = 5,  /* Local part as it is, domain as above. */
    KAI_V_MD5 = 6,    /* Hashes: hex in lower case. */
    KAI_V_SHA1 = 7,
    KAI_V_SHA224 = 8,
    KAI_V_SHA256 = 9,
    KAI_V_SHA384 = 10,
    KAI_V_SHA512 = 11,
    KAI_V_SSDEEP = 12, /* As it is: letters' case counts. */
    KAI_V_TLSH = 13,   /* "T1" and 70 hex digits in upper case. */
    KAI_V_IMPHASH = 14,
    KAI_V_HASH = 15, /* Any other hash: hex in lower case, or text as it is. */
    KAI_V_FILE_NAME = 16,
    KAI_V_FILE_PATH = 17,
    KAI_V_MAC = 18, /* "02:00:5e:10:00:01" */
    KAI_V_MUTEX = 19,
    KAI_V_REGKEY = 20,
    KAI_V_USER_AGENT = 21,
    KAI_V_X509_SERIAL = 22, /* Hex in lower case without colons. */
    KAI_V_X509_SUBJECT = 23,
    KAI_V_X509_ISSUER = 24,
    KAI_V_ASN = 25, /* "64496" */
    KAI_V_USER_ACCOUNT = 26,
    KAI_V_PROCESS = 27, /* A command line. */
    KAI_V_SOFTWARE = 28,
    KAI_V_CPE = 29, /* CPE 2.3, lower case. */
    KAI_V_CVE = 30, /* "CVE-2021-44228" */
    KAI_V_EMAIL_SUBJECT = 31,
    KAI_V_EMAIL_MESSAGE_ID = 32,
    KAI_V_ARTIFACT = 33, /* The URL of a payload. */
    KAI_V_OTHER = 34,
};
#define KAI_VTYPE_MAX KAI_V_OTHER

/* "ipv4-addr", "sha256", "file-name": static storage; "" for a number that is none. */
const char *kai_vtype_name(enum kai_vtype type);
/* The name or another that is in use ("ip", "domain", "hash-md5", "SHA-256"), in any case;
 * KAI_V_NONE where there is none such. */
enum kai_vtype kai_vtype_parse(struct kai_view name);
/* The type's number when v is one; KAI_V_NONE else. */
enum kai_vtype kai_vtype_of(uint64_t v);
/* The object path of a pattern over this type: "file:hashes.'SHA-256'". NULL for KAI_V_NONE. */
const char *kai_vtype_path(enum kai_vtype type);

/* Write the normal form to out[cap] and its length to *n; no NUL. KAI_VALUE_BYTES_MAX is room
 * enough. text may be out itself only when it is in normal form already.
 * Errors: KAI_EMALFORMED, KAI_ELIMIT (over KAI_VALUE_BYTES_MAX, or over cap). */
KAI_MUST_USE enum kai_err kai_value_norm(enum kai_vtype type, struct kai_view text, char *out,
                                         size_t cap, size_t *n, struct kai_why *why);

/* Undo what people do so that nobody clicks: hxxp, [.], (dot), [at], [:], [://], \. and the like.
 * Appends to out. For texts and lists only: a value inside STIX is taken as it is.
 * Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_refang(struct kai_view text, struct kai_buf *out);

/* The same; marks gets a byte for each of out: 1 where it stood there in disguise, else 0. Errors:
 * also what marks->err says. */
KAI_MUST_USE enum kai_err kai_refang_marked(struct kai_view text, struct kai_buf *out,
                                            struct kai_buf *marks);

/* Whether text begins with what kai_refang() undoes; at_word: no letter or digit stands before it.
 */
bool kai_disguised(struct kai_view text, bool at_word);

/* Refang a bare word, decide what it is, and write its normal form. host:port is the host (of
 * several ports, too), host/path is "http://host/path".
 * Errors: KAI_ENOTFOUND (of no known shape), KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_value_guess(struct kai_view text, enum kai_vtype *type, char *out,
                                          size_t cap, size_t *n, struct kai_why *why);

/* Whether a value that begins so may have blanks in it: a registry key, a path of Windows. */
bool kai_value_holds_blanks(struct kai_view text);

/* Whether a name ends in what is no top-level domain and what people's files end in. */
bool kai_value_is_file_name(struct kai_view text);
/* MD5 to SHA-512 by the number of hex digits, TLSH; else KAI_V_NONE. */
enum kai_vtype kai_value_hash_type(struct kai_view text);

/* For display: hxxp, [.] and [@], so that nothing is clickable; other types as they are. Appends to
 * out. Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_value_defang(enum kai_vtype type, struct kai_view norm,
                                           struct kai_buf *out);

#endif
