/* index_same: whether two indexes say the same, table by table. */
#ifndef KAI_TESTS_INDEX_SAME_H
#define KAI_TESTS_INDEX_SAME_H

/* The folders of two indexes that are closed; the test fails at the first row that differs. Left
 * out is what no two have alike: ids, keys, the times at which rows were added, and RULEs on their
 * way to where they are kept. */
void index_same(const char *dir_a, const char *dir_b);

#endif
