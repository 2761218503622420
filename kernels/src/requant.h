/* The one rounding rule: TFLite's MultiplyByQuantizedMultiplier in its double-rounding form (tests/converters
 * probe the pinned runtime for it). First the doubled high half of the product, rounded half up; then a division
 * by a power of two, rounded half away from zero.
 *
 * gemmlowp writes the first step as (ab + (ab < 0 ? 1 - 2^30 : 2^30)) / 2^31 with C's truncation, which is
 * floor((ab + 2^30) / 2^31) for both signs; the loader rejects negative multipliers, so the one saturating case
 * (both factors INT32_MIN) cannot occur. C leaves >> of a negative number to the compiler; every compiler that
 * this library supports shifts arithmetically, and the assertion below stops any other. */
#ifndef FACELITE_REQUANT_H
#define FACELITE_REQUANT_H

#include <stdint.h>

#include "ops.h"

_Static_assert((-3 >> 1) == -2, "right shifts of negative numbers must be arithmetic");

/* acc * multiplier / 2^31 * 2^shift. shift: -31..30; acc << shift must fit int32 (the loader bounds it). */
static inline int32_t facelite_requantise(int32_t acc, int32_t multiplier, int shift) {
    const int left = shift > 0 ? shift : 0;
    const int right = shift > 0 ? 0 : -shift;
    const int64_t product = (int64_t)(acc * (1 << left)) * multiplier;
    const int32_t high = (int32_t)((product + (INT64_C(1) << 30)) >> 31);
    if (right == 0) {
        return high;
    }
    const int64_t half = INT64_C(1) << (right - 1);
    return (int32_t)(((int64_t)high + half - (high < 0)) >> right);
}

/* acc * scale rounded once, half away from zero: LiteRT's reference FULLY_CONNECTED. One IEEE product in the
 * default rounding mode; the rest is exact. The loader keeps the product inside int32. */
static inline int32_t facelite_requantise_floating(int32_t acc, double scale) {
    const double product = (double)acc * scale;
    const int32_t whole = (int32_t)product;
    const double fraction = product - (double)whole;
    return whole + (fraction >= 0.5) - (fraction <= -0.5);
}

/* Whether the second rounding of a layer may go half up instead of half away from zero: every shift is to the right,
 * and whatever is below zero, where the two differ, ends at the lower bound (a fused ReLU). */
static inline int facelite_rounds_half_up(const facelite_conv *layer) {
    int holds = layer->scale == NULL && layer->lo >= layer->zero_point;
    for (uint32_t o = 0; o < layer->channels && holds; o++) {
        holds = layer->shift[o] < 0;
    }
    return holds;
}

static inline int32_t facelite_clamp(int32_t value, int32_t lo, int32_t hi) {
    return value < lo ? lo : value > hi ? hi : value;
}

#endif
