/* said: the labels that a free text names, whatever form its writer gave them.
 *
 * TLP or PAP, then signs, blanks, digits and line ends (at most 12; blanks in a row are one), then
 * the name: "TLP:RED", "tlp amber", "**TLP:** RED", "TLP 2.0 (AMBER - STRICT)", "ＴＬＰ：ＲＥＤ",
 * letters with blanks between them, the same in escapes of JSON or with zeros between its bytes
 * (UTF-16), with tags and entities of HTML between, and the ids of the definitions of TLP:RED. Who
 * refuses by it refuses rather once too often. */
#ifndef KAI_ITEM_SAID_H
#define KAI_ITEM_SAID_H

#include "item/label.h"

struct kai_said {
    uint8_t tlp; /* The strictest; KAI_TLP_NONE where it names none. */
    uint8_t pap;
    uint64_t tlp_line; /* Where, from 1; 0 for none. */
    uint64_t pap_line;
};

/* Of any bytes, in one pass. */
struct kai_said kai_said(struct kai_view text);

#endif
