/* cmd_backup: a home in one file, and back; the organisation's keys after its node was lost. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "node/audiences.h"
#include "node/backup.h"
#include "node/cli/args.h"
#include "node/cli/bar.h"
#include "node/cli/files.h"
#include "node/core.h"
#include "node/recover.h"
#include "node/steward.h"
#include "node/sure.h"
#include "text/time.h"

static void print_info(const struct kai_backup_info *i)
{
    char nid[KAI_HEX_CAP(KAI_ID_BYTES)];
    char org[KAI_HEX_CAP(KAI_ID_BYTES)];
    char node[KAI_HEX_CAP(KAI_ID_BYTES)];
    char made[KAI_TIME_CAP];

    kai_time_print(i->made_ms, made);
    kai_cli_print_json(
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:I}",
                  "network", i->network, "network_id", kai_hex(nid, i->nid, KAI_ID_BYTES), "org",
                  i->org, "org_id", kai_hex(org, i->org_id, KAI_ID_BYTES), "node", i->node,
                  "node_id", kai_hex(node, i->node_id, KAI_ID_BYTES), "made", made, "entries",
                  (json_int_t)i->entries, "control", (json_int_t)i->control, "logs",
                  (json_int_t)i->logs, "persons", (json_int_t)i->persons, "root", i->root,
                  "issuing", i->issuing, "unsealed", (json_int_t)i->unsealed));
}

int kai_cmd_backup(struct kai_cli *cli)
{
    struct kai_backup_info info;
    struct kai_why why = {0};
    char entries[24];
    int status;
    struct kai_bar bar = kai_bar_begin(cli, "progress.backup");
    char *pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.backup"), true, &status);

    if (pass == NULL)
        return status;
    enum kai_err err =
        kai_backup_make(&cli->home, cli->args[0], pass, kai_bar_show, &bar, &info, &why);
    sodium_free(pass);
    kai_bar_end(&bar);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    if (info.unsealed > 0)
        kai_cli_note(cli, "backup.unsealed", NULL, NULL, NULL);
    if (cli->json) {
        print_info(&info);
        return KAI_EXIT_DONE;
    }
    (void)snprintf(entries, sizeof entries, "%llu", (unsigned long long)info.entries);
    kai_cli_say(cli, "backup.done", cli->args[0], info.node, entries);
    kai_cli_say(cli, "backup.keep", NULL, NULL, NULL);
    if (info.issuing && !info.root)
        kai_cli_say(cli, "backup.no-root", NULL, NULL, NULL);
    return KAI_EXIT_DONE;
}

/* Who has to do what, so that the organisation has a node again. */
static void say_next(const struct kai_cli *cli, const struct kai_backup_info *i)
{
    char org[KAI_HEX_CAP(KAI_ID_BYTES)];
    bool alone = i->issuing && i->root;

    kai_hex(org, i->org_id, KAI_ID_BYTES);
    kai_cli_note(cli, "restore.next", NULL, NULL, NULL);
    if (alone)
        kai_cli_note(cli, "restore.next-recover", NULL, NULL, NULL);
    else
        kai_cli_note(cli, "restore.next-request", org, i->node, NULL);
    kai_cli_note(cli, "restore.next-run", NULL, NULL, NULL);
    if (!alone)
        kai_cli_note(cli, "restore.next-revoke", i->node, NULL, NULL);
    if (!alone && i->issuing)
        kai_cli_note(cli, "restore.next-no-root", NULL, NULL, NULL);
}

int kai_cmd_restore(struct kai_cli *cli)
{
    struct kai_backup_info info;
    struct kai_why why = {0};
    char entries[24];
    char made[KAI_TIME_CAP];
    int status;
    struct kai_bar bar = kai_bar_begin(cli, "progress.restore");
    enum kai_err err = kai_backup_check(&cli->home, cli->args[0], &why);

    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    char *pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.backup"), false, &status);
    if (pass == NULL)
        return status;
    err = kai_backup_restore(&cli->home, cli->args[0], pass, kai_bar_show, &bar, &info, &why);
    sodium_free(pass);
    kai_bar_end(&bar);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    if (cli->json) {
        print_info(&info);
    } else {
        (void)snprintf(entries, sizeof entries, "%llu", (unsigned long long)info.entries);
        kai_time_print(info.made_ms, made);
        kai_cli_say(cli, "restore.done", info.org, made, entries);
    }
    say_next(cli, &info);
    return KAI_EXIT_DONE;
}

/* The new node says each epoch again, as a steward. Else it would go with the lost node when that
 * one is revoked, and who joins later read neither what is old nor the audience's rule. */
#define STEWARD_WITHIN_MS 30000u /* A steward waits a second for each that comes before it. */

static enum kai_err job_epochs(struct kai_core *c, void *arg)
{
    (void)arg;
    return kai_steward_ahead(c, STEWARD_WITHIN_MS);
}

/* The audiences of the organisation, by the new key. The keys are new: nothing can have been said
 * with them elsewhere. */
static enum kai_err renew(const struct kai_cli *cli, struct kai_why *why)
{
    struct kai_core *core = NULL;
    enum kai_err err = kai_core_open(&core, &cli->home, why);

    if (err == KAI_OK)
        err = kai_sure_confirm(core);
    if (err == KAI_OK)
        err = kai_audiences_renew(core, why);
    if (err == KAI_OK)
        err = kai_core_run(core, job_epochs, NULL);
    kai_core_close(core);
    return err;
}

int kai_cmd_org_recover(struct kai_cli *cli)
{
    struct kai_recovered done;
    struct kai_why why = {0};
    char made[KAI_TIME_CAP];
    const char *name = kai_cli_opt(cli, "--name");
    int status;

    if (name != NULL && !kai_cli_name_ok(cli, name))
        return KAI_EXIT_USAGE;
    enum kai_err err = kai_recover_check(&cli->home, &why);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    char *pass = kai_cli_passphrase(cli, kai_text(cli->lang, "passphrase.root"), false, &status);
    if (pass == NULL)
        return status;
    err = kai_recover(&cli->home, name, pass, &done, &why);
    sodium_free(pass);
    if (err == KAI_OK)
        err = renew(cli, &why);
    if (err == KAI_OK)
        err = kai_recover_done(&cli->home, &why);
    if (err != KAI_OK)
        return kai_cli_fail(cli, err, &why);
    if (cli->json) {
        kai_cli_print_json(json_pack("{s:s, s:s, s:I}", "org", done.was.org, "lost", done.was.node,
                                     "revoked", (json_int_t)done.revoked));
        return KAI_EXIT_DONE;
    }
    kai_time_print(done.was.made_ms, made);
    kai_cli_say(cli, "recover.done", done.was.org, done.was.node, NULL);
    kai_cli_say(cli, "recover.later", made, NULL, NULL);
    kai_cli_note(cli, "restore.next-run", NULL, NULL, NULL);
    kai_cli_note(cli, "restore.next-revoke", done.was.node, NULL, NULL);
    return KAI_EXIT_DONE;
}
