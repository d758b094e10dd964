/* test_fit: what may stand in no sensor's file. */
#include "item/cm.h"

#include "item/fit.h"

#define V(text) kai_view_of(text, strlen(text))

static void test_judge(void **state)
{
    static const struct {
        enum kai_vtype type;
        const char *value;
        enum kai_unfit want;
    } rows[] = {
        {KAI_V_IPV4, "192.0.2.7", KAI_FIT},
        {KAI_V_IPV4, "8.8.8.8", KAI_FIT},
        {KAI_V_IPV4, "10.0.0.1", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "172.16.0.0/12", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "172.32.0.1", KAI_FIT},
        {KAI_V_IPV4, "172.31.255.255", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "192.168.255.255", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "192.169.0.0", KAI_FIT},
        {KAI_V_IPV4, "192.0.0.0/8", KAI_UNFIT_RANGE}, /* 192.168 is in it. */
        {KAI_V_IPV4, "0.0.0.0/0", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "127.0.0.1", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "169.254.1.1", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "224.0.0.1", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "255.255.255.255", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "100.63.255.255", KAI_FIT},
        {KAI_V_IPV4, "100.64.0.1", KAI_UNFIT_RANGE},
        {KAI_V_IPV4, "203.0.113.5", KAI_UNFIT_OWN},
        {KAI_V_IPV4, "203.0.0.0/16", KAI_UNFIT_OWN},
        {KAI_V_IPV6, "2001:db8::1", KAI_FIT},
        {KAI_V_IPV6, "::1", KAI_UNFIT_RANGE},
        {KAI_V_IPV6, "::ffff:1.2.3.4", KAI_UNFIT_RANGE},
        {KAI_V_IPV6, "fe80::1", KAI_UNFIT_RANGE},
        {KAI_V_IPV6, "fd00::/8", KAI_UNFIT_RANGE},
        {KAI_V_IPV6, "ff02::1", KAI_UNFIT_RANGE},
        {KAI_V_IPV6, "::/0", KAI_UNFIT_RANGE},
        {KAI_V_DOMAIN, "evil.example", KAI_FIT},
        {KAI_V_DOMAIN, "com", KAI_UNFIT_SUFFIX},
        {KAI_V_DOMAIN, "co.jp", KAI_UNFIT_SUFFIX},
        {KAI_V_DOMAIN, "evil.co.jp", KAI_FIT},
        {KAI_V_DOMAIN, "github.io", KAI_UNFIT_SUFFIX},
        {KAI_V_DOMAIN, "evil.github.io", KAI_FIT},
        {KAI_V_DOMAIN, "xn--p1ai", KAI_UNFIT_SUFFIX},
        {KAI_V_DOMAIN, "intranet", KAI_UNFIT_SUFFIX},
        {KAI_V_DOMAIN, "localhost", KAI_UNFIT_RANGE},
        {KAI_V_DOMAIN, "a.localhost", KAI_UNFIT_RANGE},
        {KAI_V_DOMAIN, "own.example", KAI_UNFIT_OWN},
        {KAI_V_DOMAIN, "mail.own.example", KAI_UNFIT_OWN},
        {KAI_V_DOMAIN, "notown.example", KAI_FIT},
        {KAI_V_URL, "https://evil.example/x", KAI_FIT},
        {KAI_V_URL, "https://github.io/x", KAI_FIT},
        {KAI_V_URL, "http://10.0.0.1/x", KAI_UNFIT_RANGE},
        {KAI_V_URL, "http://[fe80::1]:8080/x", KAI_UNFIT_RANGE},
        {KAI_V_URL, "http://[2001:db8::1]/x", KAI_FIT},
        {KAI_V_URL, "http://intranet:8080/", KAI_UNFIT_RANGE},
        {KAI_V_URL, "http://a@www.own.example/", KAI_UNFIT_OWN},
        {KAI_V_URL, "http://evil.example/@www.own.example/", KAI_FIT},
        {KAI_V_URL, "urn:x", KAI_FIT},
        {KAI_V_MD5, "d41d8cd98f00b204e9800998ecf8427e", KAI_UNFIT_EMPTY},
        {KAI_V_MD5, "0123456789abcdef0123456789abcdef", KAI_FIT},
        {KAI_V_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", KAI_UNFIT_EMPTY},
        {KAI_V_SHA224, "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f", KAI_UNFIT_EMPTY},
        {KAI_V_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         KAI_UNFIT_EMPTY},
        {KAI_V_SHA384,
         "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f1"
         "4898b95b",
         KAI_UNFIT_EMPTY},
        {KAI_V_SHA512,
         "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2"
         "877eec2f63b931bd47417a81a538327af927da3e",
         KAI_UNFIT_EMPTY},
        {KAI_V_MUTEX, "localhost", KAI_FIT},
    };
    struct kai_fit f;

    (void)state;
    assert_int_equal(kai_fit_init(&f), KAI_OK);
    assert_int_equal(kai_fit_own(&f, "Own.Example."), KAI_OK);
    assert_int_equal(kai_fit_own(&f, "203.0.113.0/24"), KAI_OK);
    assert_int_equal(kai_fit_own(&f, "no name"), KAI_EMALFORMED);
    assert_int_equal(kai_fit_own(&f, "http://own.example/"), KAI_EMALFORMED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (kai_fit_judge(&f, rows[i].type, V(rows[i].value)) != rows[i].want)
            fail_msg("%s: %s", rows[i].value,
                     kai_unfit_name(kai_fit_judge(&f, rows[i].type, V(rows[i].value))));
    while (f.n_own < KAI_FIT_OWN_MAX)
        assert_int_equal(kai_fit_own(&f, "a.example"), KAI_OK);
    assert_int_equal(kai_fit_own(&f, "b.example"), KAI_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_judge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
