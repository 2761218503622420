/* A small student made of the fuzzer's bytes: a blob that the loader must take, with every operator, parameters up to
 * the limits of docs/blob.md, and weights at their extremes. */
#ifndef FACELITE_FUZZ_NETWORK_H
#define FACELITE_FUZZ_NETWORK_H

#include "draw.h"

/* Aligned; exact_free it. */
typedef struct network {
    uint8_t *bytes;
    size_t length;
} network;

network network_draw(draw *from);

/* Puts length and checksum right, so that a changed blob gets past them. length: at least the header's. */
void network_seal(uint8_t *bytes, size_t length);

#endif
