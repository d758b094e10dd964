/* config: settings of a node. */
#include "node/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/api_listen.h"
#include "text/time.h"

#define FILE_BYTES_MAX      65536
#define SPOOL_BYTES_DEFAULT (512u << 20)

static bool port_ok(const char *text, size_t n)
{
    unsigned long v = 0;

    if (n == 0 || n > 5)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = v * 10 + (unsigned long)(text[i] - '0');
    }
    return v <= 65535;
}

/* The length of tcp://host:port at the start of text; 0 when there is none. */
static size_t endpoint_length(const char *text)
{
    static const char scheme[] = "tcp://";

    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return 0;
    size_t n = strcspn(text + sizeof scheme - 1, "/") + sizeof scheme - 1;
    size_t colon = n;
    while (colon > sizeof scheme - 1 && text[colon - 1] != ':')
        colon--;
    if (colon <= sizeof scheme || !port_ok(text + colon, n - colon)) /* A host has a character. */
        return 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] <= 0x20 || text[i] > 0x7e)
            return 0;
    return n < KAI_ENDPOINT_BYTES_MAX ? n : 0;
}

enum kai_err kai_dial_parse(struct kai_dial_target *t, const char *text, struct kai_why *why)
{
    size_t n = endpoint_length(text);

    *t = (struct kai_dial_target){.has_key = false};
    if (n == 0)
        return kai_why_set(why, KAI_EMALFORMED, "endpoint.syntax", text, NULL, NULL);
    memcpy(t->endpoint, text, n);
    if (text[n] == '\0')
        return KAI_OK;
    t->has_key = kai_unbase32_key(t->key, text + n + 1, strlen(text + n + 1));
    return t->has_key ? KAI_OK : kai_why_set(why, KAI_EMALFORMED, "endpoint.key", text, NULL, NULL);
}

static enum kai_err set_endpoint(char out[static KAI_ENDPOINT_BYTES_MAX], const char *value,
                                 struct kai_why *why)
{
    size_t n = endpoint_length(value);

    if (n == 0 || value[n] != '\0')
        return kai_why_set(why, KAI_EMALFORMED, "endpoint.syntax", value, NULL, NULL);
    memcpy(out, value, n + 1);
    return KAI_OK;
}

static enum kai_err set_days(uint64_t *out, const char *value, struct kai_why *why)
{
    uint64_t n = 0;
    size_t digits = strspn(value, "0123456789");

    for (size_t i = 0; i < digits && n <= KAI_EXPIRE_DAYS_MAX; i++)
        n = n * 10 + (uint64_t)(value[i] - '0');
    if (digits == 0 || value[digits] != '\0' || n > KAI_EXPIRE_DAYS_MAX)
        return kai_why_set(why, KAI_EMALFORMED, "config.days", value, NULL, NULL);
    *out = n;
    return KAI_OK;
}

/* "https://HOST[:PORT]/.../taxii2/", of characters that need no quoting. */
static enum kai_err set_taxii_url(struct kai_config *c, const char *value, struct kai_why *why)
{
    static const char end[] = "/taxii2/";
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "-._~:/[]";
    size_t n = strlen(value);
    bool scheme = strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0;

    if (!scheme || n >= sizeof c->taxii_url || value[strspn(value, safe)] != '\0' ||
        n < sizeof end || strcmp(value + n - (sizeof end - 1), end) != 0 ||
        strstr(value, ":///") != NULL)
        return kai_why_set(why, KAI_EMALFORMED, "config.taxii-url", value, NULL, NULL);
    memcpy(c->taxii_url, value, n + 1);
    return KAI_OK;
}

enum kai_err kai_config_set(struct kai_config *c, const char *key, const char *value,
                            struct kai_why *why)
{
    if (strcmp(key, "listen") == 0)
        return set_endpoint(c->listen, value, why);
    if (strcmp(key, "listen-intro") == 0)
        return set_endpoint(c->listen_intro, value, why);
    if (strcmp(key, "advertise") == 0)
        return set_endpoint(c->advertise, value, why);
    if (strcmp(key, "dial") == 0) {
        if (c->n_dials == KAI_DIALS_MAX)
            return kai_why_set(why, KAI_ELIMIT, "config.dials", value, NULL, NULL);
        enum kai_err err = kai_dial_parse(&c->dials[c->n_dials], value, why);
        c->n_dials += err == KAI_OK;
        return err;
    }
    if (strcmp(key, "api") == 0 && strncmp(value, "tcp://", 6) == 0) {
        enum kai_err err = set_endpoint(c->api_tcp, value, why);

        if (err == KAI_OK && !kai_api_loopback(value))
            err = kai_why_set(why, KAI_EMALFORMED, "config.api", value, NULL, NULL);
        return err;
    }
    if (strcmp(key, "api") == 0) {
        if (value[0] != '/' || strlen(value) >= sizeof c->api)
            return kai_why_set(why, KAI_EMALFORMED, "config.api", value, NULL, NULL);
        memcpy(c->api, value, strlen(value) + 1);
        return KAI_OK;
    }
    if (strcmp(key, "export-never") == 0) {
        enum kai_err err = kai_fit_own(&c->fit, value);

        return err == KAI_OK ? err : kai_why_set(why, err, "config.own", value, NULL, NULL);
    }
    if (strcmp(key, "spool-max") == 0) {
        if (!kai_size_parse(value, &c->spool_max) || c->spool_max == 0)
            return kai_why_set(why, KAI_EMALFORMED, "config.size", value, NULL, NULL);
        return KAI_OK;
    }
    if (strcmp(key, "expire-days") == 0)
        return set_days(&c->expire_days, value, why);
    if (strcmp(key, "keep-days") == 0)
        return set_days(&c->keep_days, value, why);
    if (strcmp(key, "taxii-url") == 0)
        return set_taxii_url(c, value, why);
    if (strcmp(key, "warninglists") == 0) {
        c->warn_block = strcmp(value, "block") == 0;
        if (!c->warn_block && strcmp(value, "warn") != 0)
            return kai_why_set(why, KAI_EMALFORMED, "config.warninglists", value, NULL, NULL);
        return KAI_OK;
    }
    return kai_why_set(why, KAI_EMALFORMED, "config.key", key, NULL, NULL);
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    for (size_t n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]) != NULL; n--)
        text[n - 1] = '\0';
    return text;
}

enum kai_err kai_config_load(struct kai_config *c, const struct kai_home *h, struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];
    char *text = malloc(FILE_BYTES_MAX);
    size_t n;

    *c = (struct kai_config){.spool_max = SPOOL_BYTES_DEFAULT,
                             .expire_days = KAI_EXPIRE_DAYS_DEFAULT};
    enum kai_err err = text == NULL ? KAI_ENOMEM : kai_fit_init(&c->fit);
    if (err == KAI_OK)
        err = kai_file_read(kai_home_path(h, path, "kairan.conf"), text, FILE_BYTES_MAX, &n);
    if (err == KAI_ENOTFOUND) {
        free(text);
        return KAI_OK;
    }
    if (err != KAI_OK)
        err = kai_why_set(why, err, "config.read", path, NULL, NULL);
    uint64_t line = 1;
    for (char *at = text; err == KAI_OK && *at != '\0'; line++) {
        char *end = at + strcspn(at, "\n");
        bool last = *end == '\0';

        *end = '\0';
        char *key = trim(at);
        at = last ? end : end + 1;
        if (key[0] == '#' || key[0] == '\0')
            continue;
        char *eq = strchr(key, '=');
        if (eq == NULL) {
            err = kai_why_set(why, KAI_EMALFORMED, "config.line", key, NULL, NULL);
        } else {
            *eq = '\0';
            err = kai_config_set(c, trim(key), trim(eq + 1), why);
        }
        if (err != KAI_OK)
            kai_why_at(why, line, "%s", path);
    }
    free(text);
    return err;
}
