/* What the 256-bit tiers share: the lanes' requantisation and the way from sums to codes. Whoever includes this is
 * compiled for AVX2 at least. */
#ifndef FACELITE_YMM_H
#define FACELITE_YMM_H

#include <immintrin.h>
#include <string.h>

#include "../floating.h"
#include "../inline.h"

/* 8 channels' sums a vector, 2 vectors a block. */
typedef __m256i vector;
enum { LANES = 8, VECTORS = 2 };

INLINE __m256i load256(const void *bytes, size_t offset) {
    return _mm256_loadu_si256((const void *)((const uint8_t *)bytes + offset));
}

INLINE vector load(const void *bytes) {
    return load256(bytes, 0);
}

INLINE vector zero(void) {
    return _mm256_setzero_si256();
}

/* The 4 inputs of a quad in every 32-bit lane. */
INLINE vector broadcast(const uint8_t *quad) {
    int32_t inputs;
    memcpy(&inputs, quad, sizeof inputs);
    return _mm256_set1_epi32(inputs);
}

INLINE vector add_sums(vector a, vector b) {
    return _mm256_add_epi32(a, b);
}

/* Multipliers and shifts of 8 lanes, made ready: `odd` has the odd lanes' multipliers in even places; `mask` the
 * bits that the division shifts out, and `half` half of that. */
typedef struct rescaler {
    __m256i even, odd, left, right, mask, half;
} rescaler;

INLINE rescaler make_rescaler(__m256i multiplier, __m256i shift) {
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
    return (rescaler){multiplier, _mm256_srli_epi64(multiplier, 32), _mm256_max_epi32(shift, zero),
                      right, mask, _mm256_srli_epi32(mask, 1)};
}

/* floor((x * multiplier + 2^30) / 2^31), the first of the two roundings; `odd` has the odd lanes' multipliers in even
 * places. */
INLINE __m256i high_product(__m256i x, __m256i multiplier, __m256i odd) {
    const __m256i nudge = _mm256_set1_epi64x(INT64_C(1) << 30);
    const __m256i low = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), nudge);
    const __m256i high = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), odd), nudge);
    return _mm256_blend_epi32(_mm256_srli_epi64(low, 31), _mm256_slli_epi64(high, 1), 0xaa);
}

/* facelite_requantise of 8 lanes. */
INLINE __m256i requantise(__m256i acc, const rescaler *by) {
    const __m256i high = high_product(_mm256_sllv_epi32(acc, by->left), by->even, by->odd);
    const __m256i negative = _mm256_srai_epi32(high, 31);
    const __m256i up =
        _mm256_cmpgt_epi32(_mm256_and_si256(high, by->mask), _mm256_sub_epi32(by->half, negative));
    return _mm256_sub_epi32(_mm256_srav_epi32(high, by->right), up);
}

INLINE rescaler load_rescaler(const facelite_conv *layer, size_t channel) {
    return make_rescaler(load256(layer->multiplier, channel * 4),
                         _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(layer->shift + channel))));
}

/* As a rescaler, for layers whose rounding is half up (facelite_rounds_half_up). There the two roundings are one:
 * floor((floor((p + 2^30) / 2^31) + 2^(r - 1)) / 2^r) = floor((p + 2^30 + 2^(30 + r)) / 2^(31 + r)). AVX2 has no
 * arithmetic shift of 64-bit lanes, so 2^62 keeps them positive, and `back` takes it off afterwards together with the
 * zero point. Odd lanes are shifted so that the result lands in their own half. */
typedef struct half_up {
    __m256i even, odd, nudge_even, nudge_odd, right_even, right_odd, back;
} half_up;

INLINE __m256i half_up_nudge(__m256i right) {
    const __m256i fixed = _mm256_set1_epi64x((INT64_C(1) << 62) + (INT64_C(1) << 30));
    return _mm256_add_epi64(fixed, _mm256_sllv_epi64(_mm256_set1_epi64x(INT64_C(1) << 30), right));
}

INLINE half_up load_half_up(const facelite_conv *layer, size_t channel) {
    const __m256i multiplier = load256(layer->multiplier, channel * 4);
    const __m256i shift = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(layer->shift + channel)));
    const __m256i right = _mm256_sub_epi32(_mm256_setzero_si256(), shift);
    const __m256i even = _mm256_and_si256(right, _mm256_set1_epi64x(0xffffffff)), odd = _mm256_srli_epi64(right, 32);
    const __m256i offset = _mm256_srlv_epi32(_mm256_set1_epi32(INT32_MIN), right); /* 2^(62 - 31 - r) */
    return (half_up){multiplier,
                     _mm256_srli_epi64(multiplier, 32),
                     half_up_nudge(even),
                     half_up_nudge(odd),
                     _mm256_add_epi64(even, _mm256_set1_epi64x(31)),
                     _mm256_sub_epi64(odd, _mm256_set1_epi64x(1)),
                     _mm256_sub_epi32(_mm256_set1_epi32(layer->zero_point), offset)};
}

/* facelite_requantise of 8 lanes, and the zero point. */
INLINE __m256i requantise_half_up(__m256i acc, const half_up *by) {
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, by->even), by->nudge_even);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), by->odd), by->nudge_odd);
    const __m256i both = _mm256_blend_epi32(_mm256_srlv_epi64(even, by->right_even),
                                            _mm256_srlv_epi64(odd, by->right_odd), 0xaa);
    return _mm256_add_epi32(both, by->back);
}

/* Stores `count` (1..16) bytes and nothing more. */
INLINE void store_bytes(uint8_t *out, __m128i bytes, size_t count) {
    if (count == FACELITE_BLOCK) {
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        return;
    }
    if (count & 8) {
        _mm_storel_epi64((__m128i *)(void *)out, bytes);
        bytes = _mm_srli_si128(bytes, 8);
        out += 8;
    }
    if (count & 4) {
        const int32_t four = _mm_cvtsi128_si32(bytes);
        memcpy(out, &four, 4);
        bytes = _mm_srli_si128(bytes, 4);
        out += 4;
    }
    for (uint32_t rest = (uint32_t)_mm_cvtsi128_si32(bytes), i = 0; i < (count & 3); i++, rest >>= 8) {
        out[i] = (uint8_t)rest;
    }
}

/* 16 requantised lanes -> 16 biased codes. Saturating to int16 before adding the zero point changes nothing: the
 * bounds lie in 0..255. */
INLINE __m128i to_codes(__m256i low, __m256i high, int32_t zero_point, int32_t lo, int32_t hi) {
    const __m256i ordered = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    const __m256i shifted = _mm256_adds_epi16(ordered, _mm256_set1_epi16((int16_t)zero_point));
    const __m128i codes = _mm_packus_epi16(_mm256_castsi256_si128(shifted), _mm256_extracti128_si256(shifted, 1));
    return _mm_min_epu8(_mm_max_epu8(codes, _mm_set1_epi8((char)lo)), _mm_set1_epi8((char)hi));
}

/* Sums [row][vector] of one block -> codes. Not inlined: one copy serves every tile. */
static FACELITE_NOINLINE void finish(uint8_t *out, const vector *acc, const facelite_conv *layer, size_t channel,
                                     int rows) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    if (layer->scale) {
        for (int r = 0; r < rows; r++) {
            int32_t sums[FACELITE_BLOCK];
            memcpy(sums, acc + r * VECTORS, sizeof sums);
            facelite_finish_floating(out + (size_t)r * layer->channels, sums, layer, channel, count);
        }
    } else if (layer->half_up) {
        const half_up low = load_half_up(layer, channel), high = load_half_up(layer, channel + LANES);
        for (int r = 0; r < rows; r++) {
            const __m128i codes = to_codes(requantise_half_up(acc[r * VECTORS], &low), requantise_half_up(acc[r * VECTORS + 1], &high),
                                           0, layer->lo, layer->hi);
            store_bytes(out + (size_t)r * layer->channels, codes, count);
        }
    } else {
        const rescaler low = load_rescaler(layer, channel), high = load_rescaler(layer, channel + LANES);
        for (int r = 0; r < rows; r++) {
            const __m128i codes = to_codes(requantise(acc[r * VECTORS], &low), requantise(acc[r * VECTORS + 1], &high),
                                           layer->zero_point, layer->lo, layer->hi);
            store_bytes(out + (size_t)r * layer->channels, codes, count);
        }
    }
}

#endif
