/* What both WebAssembly tiers do alike: sums of a block -> codes.
 *
 * Why requantise is src/requant.h lane by lane. The first step is its own arithmetic in 64 bits. WebAssembly shifts no
 * lane by itself, so the division by 2^r is a product with 2^(31 - r), 2^30 added, and a shift by 31 in all lanes; taking
 * 1 from negative numbers first makes that half away from zero. The 1 cannot wrap: a multiplier below 2^31 keeps the
 * high half above INT32_MIN. Lanes that divide by 1 keep what they had. */
#ifndef FACELITE_WASM_FINISH_H
#define FACELITE_WASM_FINISH_H

#include <string.h>
#include <wasm_simd128.h>

#include "../floating.h"
#include "../inline.h"
#include "../ops.h"

/* 4 channels a vector, 4 vectors a block. */
enum { LANES = 4, VECTORS = 4 };

/* Multipliers and shifts of 4 lanes, made ready: powers are 2^left and 2^(31 - right). */
typedef struct rescaler {
    v128_t multiplier, left, right, divides;
} rescaler;

/* 2^n, n 0..30: a floating-point number whose exponent field says it all. */
INLINE v128_t power_of_two(v128_t n) {
    return wasm_i32x4_trunc_sat_f32x4(wasm_i32x4_shl(wasm_i32x4_add(n, wasm_i32x4_const_splat(127)), 23));
}

INLINE rescaler make_rescaler(v128_t multiplier, v128_t shift) {
    const v128_t zero = wasm_i32x4_const_splat(0);
    const v128_t right = wasm_i32x4_min(shift, zero);
    return (rescaler){multiplier, power_of_two(wasm_i32x4_max(shift, zero)),
                      power_of_two(wasm_i32x4_add(right, wasm_i32x4_const_splat(31))), wasm_i32x4_lt(right, zero)};
}

/* (a * b + 2^30) / 2^31, rounded down. */
INLINE v128_t multiply_high(v128_t a, v128_t b) {
    const v128_t nudge = wasm_i64x2_const_splat(INT64_C(1) << 30);
    const v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(a, b), nudge);
    const v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(a, b), nudge);
    return wasm_i32x4_shuffle(wasm_u64x2_shr(low, 31), wasm_u64x2_shr(high, 31), 0, 2, 4, 6);
}

/* facelite_requantise of 4 lanes. */
INLINE v128_t requantise(v128_t acc, const rescaler *by) {
    const v128_t high = multiply_high(wasm_i32x4_mul(acc, by->left), by->multiplier);
    const v128_t away = wasm_i32x4_add(high, wasm_i32x4_shr(high, 31));
    return wasm_v128_bitselect(multiply_high(away, by->right), high, by->divides);
}

/* 16 requantised lanes -> 16 biased codes. Saturating to int16 before adding the zero point changes nothing: the bounds
 * lie in 0..255. */
INLINE v128_t to_codes(const v128_t steps[VECTORS], int32_t zero_point, int32_t lo, int32_t hi) {
    const v128_t zp = wasm_i16x8_splat((int16_t)zero_point);
    const v128_t low = wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(steps[0], steps[1]), zp);
    const v128_t high = wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(steps[2], steps[3]), zp);
    const v128_t codes = wasm_u8x16_narrow_i16x8(low, high);
    return wasm_u8x16_min(wasm_u8x16_max(codes, wasm_u8x16_splat((uint8_t)lo)), wasm_u8x16_splat((uint8_t)hi));
}

/* Stores `count` (1..16) bytes and nothing more. */
INLINE void store_bytes(uint8_t *out, v128_t bytes, size_t count) {
    if (count == FACELITE_BLOCK) {
        wasm_v128_store(out, bytes);
        return;
    }
    uint8_t all[FACELITE_BLOCK];
    wasm_v128_store(all, bytes);
    memcpy(out, all, count);
}

/* 4 int32 of an array in the blob. */
INLINE v128_t load_i32(const void *array, size_t index) {
    return wasm_v128_load((const uint8_t *)array + index * 4);
}

/* Sums of one row of a block, `count` channels from `channel` on -> codes. */
INLINE void finish(uint8_t *out, const v128_t acc[VECTORS], const facelite_conv *layer, size_t channel, size_t count) {
    if (layer->scale) {
        int32_t sums[FACELITE_BLOCK];
        memcpy(sums, acc, sizeof sums);
        facelite_finish_floating(out, sums, layer, channel, count);
        return;
    }
    v128_t steps[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) {
        const v128_t shifts = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(layer->shift + channel + v * LANES));
        const rescaler by =
            make_rescaler(load_i32(layer->multiplier, channel + v * LANES), wasm_i32x4_extend_low_i16x8(shifts));
        steps[v] = requantise(acc[v], &by);
    }
    store_bytes(out, to_codes(steps, layer->zero_point, layer->lo, layer->hi), count);
}

/* ops.h's conv, for any weights. */
void facelite_wasm_conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer);

#endif
