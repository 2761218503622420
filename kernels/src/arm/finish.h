/* What both NEON tiers do alike: sums of a block -> codes.
 *
 * Why requantise is src/requant.h lane by lane. sqrdmulh is the doubled high half of the product, rounded half up; it
 * saturates only for two factors of INT32_MIN, and multipliers are not negative. srshl to the right rounds half up,
 * without wrapping in between; taking 1 from negative numbers first makes that half away from zero. The 1 cannot wrap:
 * a multiplier below 2^31 keeps the high half above INT32_MIN. */
#ifndef FACELITE_ARM_FINISH_H
#define FACELITE_ARM_FINISH_H

#include <arm_neon.h>
#include <string.h>

#include "../floating.h"
#include "../inline.h"
#include "../ops.h"

/* 4 channels a vector, 4 vectors a block. */
enum { LANES = 4, VECTORS = 4 };

/* Multipliers and shifts of 4 lanes; `right` counts downwards from 0, as srshl wants it. */
typedef struct rescaler {
    int32x4_t multiplier, left, right;
} rescaler;

INLINE rescaler make_rescaler(int32x4_t multiplier, int32x4_t shift) {
    const int32x4_t zero = vdupq_n_s32(0);
    return (rescaler){multiplier, vmaxq_s32(shift, zero), vminq_s32(shift, zero)};
}

/* facelite_requantise of 4 lanes. */
INLINE int32x4_t requantise(int32x4_t acc, rescaler by) {
    const int32x4_t high = vqrdmulhq_s32(vshlq_s32(acc, by.left), by.multiplier);
    const int32x4_t away = vsraq_n_s32(high, vandq_s32(high, by.right), 31); /* sign bits: negative, and divided */
    return vrshlq_s32(away, by.right);
}

/* 4 int32 of an array in the blob. */
INLINE int32x4_t load_i32(const void *array, size_t index) {
    return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)array + index * 4));
}

/* 16 requantised lanes -> 16 biased codes. Saturating to int16 before adding the zero point changes nothing: the
 * bounds lie in 0..255. */
INLINE uint8x16_t to_codes(const int32x4_t steps[VECTORS], int32_t zero_point, int32_t lo, int32_t hi) {
    const int16x8_t zp = vdupq_n_s16((int16_t)zero_point);
    const int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(steps[0]), steps[1]), zp);
    const int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(steps[2]), steps[3]), zp);
    const uint8x16_t codes = vqmovun_high_s16(vqmovun_s16(low), high);
    return vminq_u8(vmaxq_u8(codes, vdupq_n_u8((uint8_t)lo)), vdupq_n_u8((uint8_t)hi));
}

/* Stores `count` (1..16) bytes and nothing more. */
INLINE void store_bytes(uint8_t *out, uint8x16_t bytes, size_t count) {
    if (count == FACELITE_BLOCK) {
        vst1q_u8(out, bytes);
        return;
    }
    uint8_t all[FACELITE_BLOCK];
    vst1q_u8(all, bytes);
    memcpy(out, all, count);
}

/* Sums of one row of a block, `count` channels from `channel` on -> codes. */
INLINE void finish(uint8_t *out, const int32x4_t acc[VECTORS], const facelite_conv *layer, size_t channel,
                   size_t count) {
    if (layer->scale) {
        int32_t sums[FACELITE_BLOCK];
        memcpy(sums, acc, sizeof sums);
        facelite_finish_floating(out, sums, layer, channel, count);
        return;
    }
    const int8x16_t shifts = vld1q_s8(layer->shift + channel);
    const int16x8_t low = vmovl_s8(vget_low_s8(shifts)), high = vmovl_high_s8(shifts);
    const int32x4_t shift[VECTORS] = {vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low),
                                      vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)};
    int32x4_t steps[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) {
        steps[v] = requantise(acc[v], make_rescaler(load_i32(layer->multiplier, channel + v * LANES), shift[v]));
    }
    store_bytes(out, to_codes(steps, layer->zero_point, layer->lo, layer->hi), count);
}

/* 16 biased codes as signed ones. May read up to FACELITE_READ_SLACK bytes past a row. */
INLINE int8x16_t load_codes(const uint8_t *x) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(x), vdupq_n_u8(0x80)));
}

#endif
