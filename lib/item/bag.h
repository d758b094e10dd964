/* bag: the values of one window of a list, to be sorted and handed out without doubles. Private to
 * lib/item.
 *
 * A value costs 8 bytes for an IPv4 address or block and 16 for any other, which points into the
 * file where it stands there in normal form already. */
#ifndef KAI_ITEM_BAG_H
#define KAI_ITEM_BAG_H

#include "item/ip.h"
#include "item/list.h"

/* The text order of octets and prefix lengths: "10" comes before "9". */
struct kai_ip4_order {
    uint8_t rank[256];
    uint8_t octet[256]; /* By rank. */
    char text[256][4];  /* By rank, and its length in [3]. */
    uint8_t prefix_rank[33];
    uint8_t prefix[33]; /* By rank; 32 is no prefix at all. */
};

struct kai_bag_value {
    uint64_t head; /* The first eight bytes, so that most comparisons need no more. */
    uint32_t at;   /* In the file or in the arena. */
    uint16_t n;
    uint8_t type;
    bool in_arena;
};

struct kai_bag {
    struct kai_view file;
    struct kai_ip4_order order;
    uint64_t *ips; /* By rank, so that they sort as their texts do. */
    size_t ips_n;
    size_t ips_cap;
    struct kai_bag_value *values;
    size_t values_n;
    size_t values_cap;
    struct kai_buf arena;
};

#define KAI_BAG_VALUES_MAX 1000000u
#define KAI_BAG_ARENA_MAX  (12u << 20)

void kai_bag_init(struct kai_bag *bag, struct kai_view file);
void kai_bag_free(struct kai_bag *bag);
void kai_bag_clear(struct kai_bag *bag); /* Its memory is kept. */
bool kai_bag_is_full(const struct kai_bag *bag);

/* Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bag_add_ip4(struct kai_bag *bag, const uint8_t addr[static 4],
                                          unsigned bits);
/* A normal form; text is where it was read in the file. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bag_add(struct kai_bag *bag, enum kai_vtype type,
                                      struct kai_view text, struct kai_view norm);

/* Append what the other one has, whose file is the same. False: this one would be
 * full before the end, and it is not done. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_bag_join(struct kai_bag *bag, struct kai_bag *other, bool *joined);

/* Hand out all of it as lists, a type after the other, and empty the bag. out is called as
 * kai_list_writer does. *doubles grows by the values that came twice.
 * Errors: KAI_ENOMEM, what out returned. */
typedef enum kai_err kai_bag_out_fn(void *ctx, enum kai_vtype type, struct kai_view content,
                                    uint32_t n_values);
KAI_MUST_USE enum kai_err kai_bag_drain(struct kai_bag *bag, struct kai_view template_json,
                                        kai_bag_out_fn *out, void *ctx, uint64_t *doubles);

#endif
