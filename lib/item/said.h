/* said: the labels that a free text names, whatever form its writer gave them.
 *
 * TLP or PAP, then signs, blanks, digits and line ends (at most 12; blanks in a row are one), then
 * the name: "TLP:RED", "tlp amber", "**TLP:** RED", "TLP 2.0 (AMBER - STRICT)", "ＴＬＰ：ＲＥＤ",
 * letters with blanks between them, the same in escapes of JSON or with zeros between its bytes
 * (UTF-16), with tags and entities of HTML between, "Traffic Light Protocol" for TLP, and the ids
 * of the definitions of TLP:RED. Who refuses by it refuses rather once too often. */
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

/* Of a line of a list, what is said behind its value. */
enum kai_said_rest {
    KAI_SAID_NOT,   /* Nothing. */
    KAI_SAID_SIGN,  /* From a # on. */
    KAI_SAID_BLANK, /* From the first blank or # on. */
};

/* What is no value in a list: its remarks (lines that begin with # or ;), and rest. */
struct kai_said kai_said_remarks(struct kai_view file, enum kai_said_rest rest);

/* Lines that are a label and nothing else: no value, and so left out where bad lines are. */
struct kai_said kai_said_alone(struct kai_view file);

/* A tag, or a word among an object's labels: *label is raised by what it says ("tlp:red",
 * "PAP:AMBER", iep:traffic-light-protocol="RED"). False: it begins with tlp: or pap: and is none of
 * the known ones; *label is untouched. */
bool kai_said_tag(struct kai_view tag, struct kai_label *label);

#endif
