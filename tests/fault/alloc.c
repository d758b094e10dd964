/* alloc: the linker sends every call of our own code to malloc and its kin here; and that which
 * stretches a passphrase, so that a thousand ceremonies take no hour. */
#include <sodium.h>
#include <stdlib.h>

#include "calls.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return call_fails(CALL_ALLOC, "malloc") ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return call_fails(CALL_ALLOC, "calloc") ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return call_fails(CALL_ALLOC, "realloc") ? NULL : __real_realloc(p, n);
}

int __wrap_crypto_pwhash(unsigned char *out, unsigned long long n, const char *passphrase,
                         unsigned long long passphrase_n, const unsigned char *salt,
                         unsigned long long ops, size_t mem, int alg);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long n, const char *passphrase,
                         unsigned long long passphrase_n, const unsigned char *salt,
                         unsigned long long ops, size_t mem, int alg)
{
    (void)ops, (void)mem, (void)alg;
    return crypto_generichash(out, n, (const unsigned char *)passphrase, passphrase_n, salt,
                              crypto_pwhash_SALTBYTES);
}
