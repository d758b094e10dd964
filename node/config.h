/* config: HOME/kairan.conf, and what the command line adds: "key = value" lines, # comments.
 *
 * listen = tcp://HOST:PORT          where other nodes reach us; absent: this node only dials out
 * listen-intro = tcp://HOST:PORT    for newcomers; absent: the next port
 * advertise = tcp://HOST:PORT       what others are told, when it is not what we bind
 * dial = tcp://HOST:PORT/NODEKEY    may stand several times; NODEKEY where no address record has it
 * api = /PATH                       the local socket, when HOME is too long for one
 * api = tcp://127.0.0.1:PORT        and the local API on loopback too, for holders of tokens
 * export-never = NAME|BLOCK         one's own: in no file of `export`; may stand several times
 * spool-max = 512MiB                largest file that `publish` takes
 * expire-days = 400                 what this node publishes expires after so long; 0: never
 * keep-days = 0                     how much longer it keeps what has expired
 * taxii-url = https://HOST/taxii2/  where TAXII clients reach the proxy that stands before the API
 * warninglists = warn               what is on a list in HOME/warninglists: warn or block */
#ifndef KAI_NODE_CONFIG_H
#define KAI_NODE_CONFIG_H

#include "item/fit.h"
#include "keys/record.h"
#include "node/home.h"

#define KAI_DIALS_MAX     16u
#define KAI_TAXII_URL_CAP 256u

struct kai_dial_target {
    char endpoint[KAI_ENDPOINT_BYTES_MAX];
    bool has_key;
    uint8_t key[KAI_KEY_BYTES];
};

struct kai_config {
    char listen[KAI_ENDPOINT_BYTES_MAX]; /* "" = none. */
    char listen_intro[KAI_ENDPOINT_BYTES_MAX];
    char advertise[KAI_ENDPOINT_BYTES_MAX];
    char api[108];
    char api_tcp[KAI_ENDPOINT_BYTES_MAX];
    char taxii_url[KAI_TAXII_URL_CAP]; /* Ends with /taxii2/; "" = none. */
    size_t n_dials;
    struct kai_dial_target dials[KAI_DIALS_MAX];
    struct kai_fit fit; /* export-never */
    uint64_t spool_max;
    uint64_t expire_days; /* 0: never. */
    uint64_t keep_days;
    bool warn_block;
};

/* Defaults, then the file where there is one. Errors: KAI_EMALFORMED (config.*, where and line),
 * KAI_EIO. */
KAI_MUST_USE enum kai_err kai_config_load(struct kai_config *c, const struct kai_home *h,
                                          struct kai_why *why);
/* One setting, as a line of the file gives it. Errors: KAI_EMALFORMED, KAI_ELIMIT. */
KAI_MUST_USE enum kai_err kai_config_set(struct kai_config *c, const char *key, const char *value,
                                         struct kai_why *why);
/* "tcp://host:port" or "tcp://host:port/NODEKEY". Errors: KAI_EMALFORMED (endpoint.syntax). */
KAI_MUST_USE enum kai_err kai_dial_parse(struct kai_dial_target *t, const char *text,
                                         struct kai_why *why);

#endif
