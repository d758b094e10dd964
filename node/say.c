/* say: lines on standard error. */
#include "node/say.h"

#include <stdio.h>
#include <unistd.h>

#include "node/core.h"
#include "text/time.h"

#define LINE_BYTES_MAX 4096u

static enum kai_lang say_lang;

void kai_say_lang(enum kai_lang lang)
{
    say_lang = lang;
}

static void begin(struct kai_buf *b)
{
    char now[KAI_TIME_CAP];

    kai_buf_init(b, LINE_BYTES_MAX);
    kai_time_print(kai_wall_ms(), now);
    kai_buf_printf(b, "%s kairan: ", now);
}

static void end(struct kai_buf *b)
{
    kai_buf_u8(b, '\n');
    (void)!write(STDERR_FILENO, b->p, b->len); /* One call: lines of two threads do not mix. */
    kai_buf_free(b);
}

void kai_say(const char *id, const char *arg1, const char *arg2, const char *arg3)
{
    struct kai_buf b;

    begin(&b);
    kai_text_fill(say_lang, id, arg1, arg2, arg3, &b);
    end(&b);
}

void kai_say_why(const struct kai_why *why)
{
    struct kai_buf b;

    begin(&b);
    kai_text_what(say_lang, why, &b);
    kai_buf_u8(&b, ' ');
    kai_text_do(say_lang, why, &b);
    end(&b);
}
