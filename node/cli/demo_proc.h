/* demo_proc: processes of this program: started, listened to, ended by their id. */
#ifndef KAI_NODE_CLI_DEMO_PROC_H
#define KAI_NODE_CLI_DEMO_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

struct demo_proc {
    pid_t pid;          /* 0: ended, or never begun. */
    int out_fd;         /* -1: at its end. */
    int err_fd;         /* -1: its standard error is a file elsewhere. */
    struct kai_buf out; /* What it printed so far. */
    struct kai_buf err;
    int status; /* Exit status, 128 + signal; -1 while it runs. */
    double began_ms;
    double ended_ms; /* Its output was at its end. */
    size_t lines;    /* Line feeds of out, and when the last of them came. */
    double last_line_ms;
};

/* Milliseconds of a clock that only goes forward. */
double demo_now(void);
/* SIGINT, SIGTERM or SIGHUP came: whoever waits gives up. */
bool demo_stopping(void);
void demo_catch_signals(void);
/* Between two looks at something that has yet to happen. */
void demo_turn(void);

/* Start argv[0] with this environment besides our own ("NAME=VALUE" lines, NULL after the last).
 * log: a file for its standard error, and its standard output goes nowhere; NULL: both are read by
 * us. */
bool demo_proc_start(struct demo_proc *p, const char *const argv[], const char *const env[],
                     const char *log);
/* Read what they print until ms have passed or, with any, one has printed something; returns false
 * once none of them is open. */
bool demo_proc_read(struct demo_proc *procs[], size_t n, int ms);
/* Until all have ended or the time of deadline_ms (demo_now()) is there: then those left are
 * killed. False where one was. */
bool demo_proc_wait(struct demo_proc *procs[], size_t n, double deadline_ms);
/* Kill it where it runs, and free what it printed. */
void demo_proc_free(struct demo_proc *p);

/* End a process by its id: SIGTERM, and SIGKILL after wait_ms. Its exit status, -1 where it had to
 * be killed. */
int demo_end(pid_t pid, double wait_ms);

#endif
