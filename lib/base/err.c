/* err: texts of the error codes. */
#include "base/err.h"

#define KAI_ERR_CASE(code, text)                                                                   \
    case code:                                                                                     \
        return text;

const char *kai_err_text(enum kai_err err)
{
    switch (err) { /* No default: a new code without a text does not compile. */
        KAI_ERR_MAP(KAI_ERR_CASE)
    }
    return "unknown error";
}
