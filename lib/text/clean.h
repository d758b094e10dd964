/* clean: text from outside, made safe to show, and its width on a terminal.
 *
 * Control characters (so escape sequences), line breaks, bidirectional overrides, invisible
 * formatting and bytes that are not UTF-8 become a visible replacement: U+FFFD for bad bytes,
 * <U+001B> for the rest. Widths are columns; characters of ambiguous width count as one. */
#ifndef KAI_TEXT_CLEAN_H
#define KAI_TEXT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"

/* Append text made safe. Errors stick in out. */
void kai_clean(struct kai_buf *out, struct kai_view text);
void kai_clean_text(struct kai_buf *out, const char *text);

/* Whether a character is one of those that are never shown as they are. */
bool kai_clean_unsafe(uint32_t c);

/* Columns that clean text takes. */
size_t kai_width(struct kai_view text);
/* Bytes of the longest prefix of clean text that takes at most so many columns and ends between
 * characters as a reader sees them (a letter with its accents, an emoji sequence). */
size_t kai_width_cut(struct kai_view text, size_t columns);

#endif
