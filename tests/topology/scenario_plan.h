/* scenario_plan: the organisations and audiences of a scenario, from its seed. */
#ifndef KAI_TESTS_SCENARIO_PLAN_H
#define KAI_TESTS_SCENARIO_PLAN_H

#include "topology/scenario.h"

uint64_t scenario_roll(uint64_t *dice, uint64_t below); /* From 0 up to and without below. */
void scenario_plan(struct kai_sim_plan *p, const struct scenario *sc, uint64_t *dice);

#endif
