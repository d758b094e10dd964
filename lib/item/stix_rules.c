/* stix_rules: the tables of STIX 2.1, parts 4 to 7. */
#include "item/stix_rules.h"

#include <string.h>

#define T KAI_KIND_TEXT
#define NAME                                                                                       \
    {                                                                                              \
        "name", T                                                                                  \
    }

static const struct kai_stix_rule RULES[] = {
    {"attack-pattern", KAI_STIX_SDO, {NAME}, {0}},
    {"campaign", KAI_STIX_SDO, {NAME}, {0}},
    {"course-of-action", KAI_STIX_SDO, {NAME}, {0}},
    {"grouping", KAI_STIX_SDO, {{"context", T}, {"object_refs", KAI_KIND_REFS}}, {0}},
    {"identity", KAI_STIX_SDO, {NAME}, {0}},
    {"incident", KAI_STIX_SDO, {NAME}, {0}},
    {"indicator",
     KAI_STIX_SDO,
     {{"pattern", T}, {"pattern_type", T}, {"valid_from", KAI_KIND_TIME}},
     {0}},
    {"infrastructure", KAI_STIX_SDO, {NAME}, {0}},
    {"intrusion-set", KAI_STIX_SDO, {NAME}, {0}},
    {"location", KAI_STIX_SDO, {{0}}, {"region", "country", "latitude"}},
    {"malware", KAI_STIX_SDO, {{"is_family", KAI_KIND_BOOL}}, {0}},
    {"malware-analysis", KAI_STIX_SDO, {{"product", T}}, {"result", "analysis_sco_refs"}},
    {"note", KAI_STIX_SDO, {{"content", T}, {"object_refs", KAI_KIND_REFS}}, {0}},
    {"observed-data",
     KAI_STIX_SDO,
     {{"first_observed", KAI_KIND_TIME},
      {"last_observed", KAI_KIND_TIME},
      {"number_observed", KAI_KIND_INTEGER}},
     {"object_refs", "objects"}},
    {"opinion", KAI_STIX_SDO, {{"opinion", T}, {"object_refs", KAI_KIND_REFS}}, {0}},
    {"report",
     KAI_STIX_SDO,
     {NAME, {"published", KAI_KIND_TIME}, {"object_refs", KAI_KIND_REFS}},
     {0}},
    {"threat-actor", KAI_STIX_SDO, {NAME}, {0}},
    {"tool", KAI_STIX_SDO, {NAME}, {0}},
    {"vulnerability", KAI_STIX_SDO, {NAME}, {0}},
    {"relationship",
     KAI_STIX_SRO,
     {{"relationship_type", T}, {"source_ref", KAI_KIND_REF}, {"target_ref", KAI_KIND_REF}},
     {0}},
    {"sighting", KAI_STIX_SRO, {{"sighting_of_ref", KAI_KIND_REF}}, {0}},
    {"artifact", KAI_STIX_SCO, {{0}}, {"payload_bin", "url"}},
    {"autonomous-system", KAI_STIX_SCO, {{"number", KAI_KIND_INTEGER}}, {0}},
    {"directory", KAI_STIX_SCO, {{"path", T}}, {0}},
    {"domain-name", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"email-addr", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"email-message", KAI_STIX_SCO, {{"is_multipart", KAI_KIND_BOOL}}, {0}},
    {"file", KAI_STIX_SCO, {{0}}, {"hashes", "name"}},
    {"ipv4-addr", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"ipv6-addr", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"mac-addr", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"mutex", KAI_STIX_SCO, {NAME}, {0}},
    {"network-traffic", KAI_STIX_SCO, {{"protocols", KAI_KIND_LIST}}, {"src_ref", "dst_ref"}},
    {"process", KAI_STIX_SCO, {{0}}, {0}},
    {"software", KAI_STIX_SCO, {NAME}, {0}},
    {"url", KAI_STIX_SCO, {{"value", T}}, {0}},
    {"user-account", KAI_STIX_SCO, {{0}}, {0}},
    {"windows-registry-key", KAI_STIX_SCO, {{0}}, {0}},
    {"x509-certificate", KAI_STIX_SCO, {{0}}, {0}},
    {"language-content",
     KAI_STIX_META,
     {{"modified", KAI_KIND_TIME}, {"object_ref", KAI_KIND_REF}, {"contents", KAI_KIND_OBJECT}},
     {0}},
    {"marking-definition", KAI_STIX_META, {{0}}, {"definition", "extensions"}},
    {"extension-definition",
     KAI_STIX_META,
     {{"modified", KAI_KIND_TIME},
      {"created_by_ref", KAI_KIND_REF},
      NAME,
      {"schema", T},
      {"version", T},
      {"extension_types", KAI_KIND_LIST}},
     {0}},
};

const struct kai_stix_need KAI_STIX_COMMON[] = {
    {"created", KAI_KIND_TIME},
    {"modified", KAI_KIND_TIME},
    {"created_by_ref", KAI_KIND_REF},
    {"revoked", KAI_KIND_BOOL},
    {"confidence", KAI_KIND_INTEGER},
    {"lang", KAI_KIND_TEXT},
    {"labels", KAI_KIND_LIST},
    {"external_references", KAI_KIND_LIST},
    {"object_marking_refs", KAI_KIND_REFS},
    {"granular_markings", KAI_KIND_LIST},
    {"extensions", KAI_KIND_OBJECT},
    {"valid_from", KAI_KIND_TIME},
    {"valid_until", KAI_KIND_TIME},
    {"first_seen", KAI_KIND_TIME},
    {"last_seen", KAI_KIND_TIME},
    {"start_time", KAI_KIND_TIME},
    {"stop_time", KAI_KIND_TIME},
    {"object_refs", KAI_KIND_REFS},
    {NULL, KAI_KIND_TEXT},
};

const struct kai_stix_order KAI_STIX_ORDER[KAI_STIX_ORDERS] = {
    {"created", "modified", true},      {"valid_from", "valid_until", false},
    {"first_seen", "last_seen", true},  {"first_observed", "last_observed", true},
    {"start_time", "stop_time", false},
};

const struct kai_stix_rule *kai_stix_rule(const char *type)
{
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        if (strcmp(RULES[i].type, type) == 0)
            return &RULES[i];
    return NULL;
}
