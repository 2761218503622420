/* int16 magnitude -> mu-law code by one look-up and one compare. docs/blob.md says which thresholds fit. */
#ifndef FACELITE_COMPANDER_H
#define FACELITE_COMPANDER_H

#include <string.h>

#include "blob.h"
#include "ops.h"

/* Bits of a float below the exponent and the five leading bits of the significand: 32 buckets an octave. */
#define FACELITE_BUCKET_SHIFT 18
#define FACELITE_BUCKET_FIRST (134u << 5) /* those bits of 128.0f, the least |s| + 128 */

/* Bucket of a magnitude 0..32768. Adding 128 makes mu-law's curve close to a logarithm, so that its steps, 16 an
 * octave, are wider than buckets. The conversion to float is exact. */
static inline uint32_t facelite_bucket(uint32_t magnitude) {
    const float offset = (float)(int32_t)(magnitude + 128u);
    uint32_t bits;
    memcpy(&bits, &offset, sizeof bits);
    return (bits >> FACELITE_BUCKET_SHIFT) - FACELITE_BUCKET_FIRST;
}

/* Sample of float PCM. Rounds half to even by comparing the fraction, which is exact: the result does not depend on the floating-point
 * environment, nor on libm. Multiplying by a power of two is exact too. */
static inline int32_t facelite_to_int16(float x) {
    const float scaled = x * 32768.0f;
    if (!(scaled > -32768.0f)) {
        return scaled <= -32768.0f ? -32768 : 0; /* 0: NaN */
    }
    if (scaled >= 32767.0f) {
        return 32767;
    }
    const int32_t whole = (int32_t)scaled;
    const float fraction = scaled - (float)whole;
    const int32_t odd = whole & 1;
    return whole + (fraction > 0.5f || (fraction == 0.5f && odd)) - (fraction < -0.5f || (fraction == -0.5f && odd));
}

/* Biased code of an int16 sample. */
static inline uint8_t facelite_compand(const facelite_compander *compander, int32_t sample) {
    const uint32_t magnitude = (uint32_t)(sample < 0 ? -sample : sample);
    const uint32_t entry = compander->entry[facelite_bucket(magnitude)];
    const int32_t code = (int32_t)(entry & 0xffu) + (magnitude >= entry >> 8);
    return (uint8_t)(128 + (sample < 0 ? -code : code));
}

/* Fills the table from a checked blob. */
void facelite_compander_build(facelite_compander *compander, const facelite_blob *blob);

#endif
