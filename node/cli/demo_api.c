/* demo_api: questions to a node's local API from within this process: where many are asked, or
 * their time counts. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/demo.h"

#define ANSWER_BYTES_MAX (256u << 20)
#define ASK_S            20L

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct kai_buf *to = ctx;

    kai_buf_add(to, p, size * n);
    return to->err == KAI_OK ? size * n : 0;
}

long demo_api(struct demo_node *n, const char *verb, const json_t *args, struct kai_buf *out)
{
    char path[KAI_PATH_BYTES_MAX];
    char url[128];
    char *body = json_dumps(args, JSON_COMPACT);
    long http = -1;

    if (n->curl == NULL)
        n->curl = curl_easy_init(); /* Kept: its connection is, too. */
    kai_buf_clear(out);
    (void)snprintf(path, sizeof path, "%s/api.sock", n->home);
    (void)snprintf(url, sizeof url, "http://localhost/v1/%s", verb);
    if (n->curl != NULL && body != NULL) {
        (void)curl_easy_setopt(n->curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(n->curl, CURLOPT_UNIX_SOCKET_PATH, path);
        (void)curl_easy_setopt(n->curl, CURLOPT_POSTFIELDS, body);
        (void)curl_easy_setopt(n->curl, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(n->curl, CURLOPT_WRITEDATA, out);
        (void)curl_easy_setopt(n->curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(n->curl, CURLOPT_TIMEOUT, ASK_S);
        if (curl_easy_perform(n->curl) == CURLE_OK && out->err == KAI_OK)
            (void)curl_easy_getinfo(n->curl, CURLINFO_RESPONSE_CODE, &http);
    }
    free(body);
    return http;
}

void demo_api_end(struct demo_node *n)
{
    curl_easy_cleanup(n->curl);
    n->curl = NULL;
}

json_t *demo_api_lines(struct demo_node *n, const char *verb, json_t *args)
{
    json_t *list = json_array();
    struct kai_buf b;

    kai_buf_init(&b, ANSWER_BYTES_MAX);
    long http = demo_api(n, verb, args, &b);
    for (size_t at = 0; http == 200 && at < b.len;) {
        const uint8_t *lf = memchr(b.p + at, '\n', b.len - at);
        size_t end = lf != NULL ? (size_t)(lf - b.p) : b.len;

        if (end > at)
            (void)json_array_append_new(
                list, json_loadb((const char *)b.p + at, end - at, JSON_ALLOW_NUL, NULL));
        at = end + 1;
    }
    kai_buf_free(&b);
    json_decref(args);
    if (http == 200)
        return list;
    json_decref(list);
    return NULL;
}

json_t *demo_status(struct demo_node *n)
{
    json_t *rows = demo_api_lines(n, "status", json_object());
    json_t *first = json_incref(json_array_get(rows, 0));

    json_decref(rows);
    return first;
}

long long demo_status_int(struct demo_node *n, const char *key)
{
    json_t *s = demo_status(n);
    const json_t *v = json_object_get(s, key);
    long long number = json_is_integer(v) ? (long long)json_integer_value(v) : -1;

    json_decref(s);
    return number;
}
