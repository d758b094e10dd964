/* issuing: the file in which a new issuing key waits, in HOME/keys, until the root key has spoken.
 */
#ifndef KAI_NODE_ISSUING_H
#define KAI_NODE_ISSUING_H

#define KAI_ISSUING_NEXT "issuing-next.key"

#endif
