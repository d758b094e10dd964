/* spoken: mailable text, and words for the telephone. */
#include "node/cli/spoken.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keys/ceremony.h"
#include "node/cli/args.h"
#include "node/cli/files.h"
#include "text/armor.h"
#include "text/words.h"

static void text_of(struct kai_buf *b, char *out, size_t cap)
{
    kai_buf_u8(b, '\0');
    kai_copy_text(out, cap, b->err == KAI_OK ? (const char *)b->p : "");
    kai_buf_free(b);
}

void kai_cli_words(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES],
                   char out[static KAI_SPOKEN_CAP])
{
    struct kai_buf b;

    kai_buf_init(&b, 1024);
    kai_words(cli->lang, hash, &b);
    text_of(&b, out, KAI_SPOKEN_CAP);
}

int kai_cli_check_words(const struct kai_cli *cli, const uint8_t hash[static KAI_ID_BYTES])
{
    const char *given = kai_cli_opt(cli, "--fingerprint");
    char typed[512] = "";
    struct kai_why why = {0};

    if (given == NULL) {
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
            return KAI_EXIT_DONE;
        (void)fprintf(stderr, "%s ", kai_text(cli->lang, "words.ask"));
        if (fgets(typed, sizeof typed, stdin) == NULL || strcspn(typed, "\r\n") == 0)
            return KAI_EXIT_DONE;
        given = typed;
    }
    enum kai_err err = kai_words_check(given, hash, &why);
    return err == KAI_OK ? KAI_EXIT_DONE : kai_cli_fail(cli, err, &why);
}

int kai_cli_read_request(const struct kai_cli *cli, const char *path, struct kai_buf *out)
{
    uint8_t hash[KAI_ID_BYTES];
    int status = kai_cli_read_armor(cli, path, KAI_ARMOR_REQUEST, KAI_REQUEST_BYTES_MAX, out);

    if (status != KAI_EXIT_DONE)
        return status;
    kai_ceremony_hash(hash, kai_buf_view(out));
    return kai_cli_check_words(cli, hash);
}

enum kai_err kai_cli_write_armor(const struct kai_cli *cli, const char *path, const char *kind,
                                 const char *header, const char *name, struct kai_view bytes,
                                 struct kai_why *why)
{
    struct kai_buf line;
    struct kai_buf text;
    char above[KAI_TEXT_BYTES_MAX + 64];
    const char *headers[1] = {above};

    kai_buf_init(&line, 4096);
    kai_text_fill(cli->lang, header, name, NULL, NULL, &line);
    text_of(&line, above, sizeof above);
    kai_buf_init(&text, 2 * KAI_ADMISSION_BYTES_MAX);
    kai_armor(kind, headers, 1, bytes, &text);
    enum kai_err err =
        text.err == KAI_OK ? kai_file_write(path, text.p, text.len, 0644, why) : text.err;
    kai_buf_free(&text);
    return err;
}

void kai_cli_say_written(const struct kai_cli *cli, const char *done, const char *name,
                         const char *path, const uint8_t hash[static KAI_ID_BYTES])
{
    char words[KAI_SPOKEN_CAP];

    kai_cli_words(cli, hash, words);
    if (cli->json) {
        kai_cli_print_json(
            json_pack("{s:s, s:o, s:s}", "name", name, "file", kai_cli_path(path), "words", words));
        return;
    }
    kai_cli_say(cli, done, name, path, NULL);
    kai_cli_say(cli, "words.back", words, NULL, NULL);
}
