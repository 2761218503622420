/* SSE4.1: the floor on x86 and the tier of Jaguar (PS4, Xbox One), which has no AVX2.
 *
 * Exact for the reasons of ops_avx2.c. SSE has no shift with a count a lane, so the division by a power of two goes
 * through double: the quotient has at most 32 significant bits, adding a half of its sign is exact too, and truncating
 * that rounds half away from zero whatever the rounding mode. */
#if !defined(__SSE4_1__) && !(defined(_MSC_VER) && !defined(__clang__)) /* cl has no flag for it */
#error "compile this file with -msse4.1"
#endif

#include <smmintrin.h>
#include <string.h>

#include "../compander.h"
#include "../dispatch.h"
#include "../floating.h"
#include "../inline.h"

/* 4 channels' sums a vector, 4 vectors a block. */
typedef __m128i vector;
enum { LANES = 4, VECTORS = 4, MOST_BLOCKS = 2, MOST_SUMS = 8 };

#define CHAINS(sums) 1 /* only the addition at the end waits for the quad before */

INLINE __m128i load128(const void *bytes, size_t offset) {
    return _mm_loadu_si128((const void *)((const uint8_t *)bytes + offset));
}

INLINE vector load(const void *bytes) {
    return load128(bytes, 0);
}

INLINE vector zero(void) {
    return _mm_setzero_si128();
}

INLINE vector broadcast(const uint8_t *quad) {
    int32_t inputs;
    memcpy(&inputs, quad, sizeof inputs);
    return _mm_set1_epi32(inputs);
}

INLINE vector multiply_add(vector sum, vector x, vector w) {
    return _mm_add_epi32(sum, _mm_madd_epi16(_mm_maddubs_epi16(x, w), _mm_set1_epi16(1)));
}

INLINE vector add_sums(vector a, vector b) {
    return _mm_add_epi32(a, b);
}

/* 2^n, n 0..30: a floating-point number whose exponent field says it all; 0 of a negative n above -127. */
INLINE __m128i power_of_two(__m128i n) {
    return _mm_cvttps_epi32(_mm_castsi128_ps(_mm_slli_epi32(_mm_add_epi32(n, _mm_set1_epi32(127)), 23)));
}

/* Multipliers and shifts of 4 lanes, made ready: `left` and `divide` are powers of two, 2^left and 2^-right. */
typedef struct rescaler {
    __m128i even, odd, left;
    __m128d divide[2];
} rescaler;

INLINE rescaler make_rescaler(__m128i multiplier, __m128i shift) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i left = _mm_max_epi32(shift, zero), right = _mm_min_epi32(shift, zero);
    const __m128i exponent = _mm_slli_epi32(_mm_add_epi32(right, _mm_set1_epi32(1023)), 20);
    return (rescaler){multiplier,
                      _mm_srli_epi64(multiplier, 32),
                      power_of_two(left),
                      {_mm_castsi128_pd(_mm_unpacklo_epi32(zero, exponent)),
                       _mm_castsi128_pd(_mm_unpackhi_epi32(zero, exponent))}};
}

/* value * power, rounded half away from zero; two lanes. */
INLINE __m128i divide(__m128i value, __m128d power) {
    const __m128d quotient = _mm_mul_pd(_mm_cvtepi32_pd(value), power);
    const __m128d half = _mm_or_pd(_mm_and_pd(quotient, _mm_set1_pd(-0.0)), _mm_set1_pd(0.5));
    return _mm_cvttpd_epi32(_mm_add_pd(quotient, half));
}

/* floor((x * multiplier + 2^30) / 2^31); `odd` has the odd lanes' multipliers in even places. */
INLINE __m128i high_product(__m128i x, __m128i multiplier, __m128i odd) {
    const __m128i nudge = _mm_set1_epi64x(INT64_C(1) << 30);
    const __m128i low = _mm_add_epi64(_mm_mul_epi32(x, multiplier), nudge);
    const __m128i high = _mm_add_epi64(_mm_mul_epi32(_mm_srli_epi64(x, 32), odd), nudge);
    return _mm_blend_epi16(_mm_srli_epi64(low, 31), _mm_slli_epi64(high, 1), 0xcc);
}

/* facelite_requantise of 4 lanes. */
INLINE __m128i requantise(__m128i acc, const rescaler *by) {
    const __m128i high = high_product(_mm_mullo_epi32(acc, by->left), by->even, by->odd);
    return _mm_unpacklo_epi64(divide(high, by->divide[0]), divide(_mm_unpackhi_epi64(high, high), by->divide[1]));
}

INLINE rescaler load_rescaler(const facelite_conv *layer, size_t channel) {
    int32_t shifts;
    memcpy(&shifts, layer->shift + channel, sizeof shifts);
    return make_rescaler(load128(layer->multiplier, channel * 4), _mm_cvtepi8_epi32(_mm_cvtsi32_si128(shifts)));
}

/* As a rescaler, for layers whose rounding is half up (facelite_rounds_half_up); see ymm.h for the one rounding. SSE
 * shifts no lane by itself, so the sum p + 2^30 + 2^(30 + r) is shifted by 32 in all lanes, and the r - 1 bits that are
 * missing are a product by 2^(31 - r) of which the low 30 bits are dropped. */
typedef struct half_up {
    __m128i even, odd, nudge_even, nudge_odd, power_even, power_odd;
} half_up;

INLINE half_up load_half_up(const facelite_conv *layer, size_t channel) {
    int32_t shifts;
    memcpy(&shifts, layer->shift + channel, sizeof shifts);
    const __m128i multiplier = load128(layer->multiplier, channel * 4), once = _mm_set1_epi64x(INT64_C(1) << 30);
    /* 31 - r; the lanes behind the last channel, shift 0, would overflow and raise an exception. */
    const __m128i left = _mm_min_epi32(_mm_add_epi32(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(shifts)), _mm_set1_epi32(31)),
                                       _mm_set1_epi32(30));
    const __m128i power = power_of_two(left), half = power_of_two(_mm_sub_epi32(_mm_set1_epi32(30), left));
    const __m128i half_even = _mm_and_si128(half, _mm_set1_epi64x(0xffffffff)), half_odd = _mm_srli_epi64(half, 32);
    return (half_up){multiplier,
                     _mm_srli_epi64(multiplier, 32),
                     _mm_add_epi64(once, _mm_slli_epi64(half_even, 31)),
                     _mm_add_epi64(once, _mm_slli_epi64(half_odd, 31)),
                     power,
                     _mm_srli_epi64(power, 32)};
}

INLINE __m128i requantise_half_up(__m128i acc, const half_up *by) {
    const __m128i even = _mm_add_epi64(_mm_mul_epi32(acc, by->even), by->nudge_even);
    const __m128i odd = _mm_add_epi64(_mm_mul_epi32(_mm_srli_epi64(acc, 32), by->odd), by->nudge_odd);
    const __m128i low = _mm_srli_epi64(_mm_mul_epi32(_mm_srli_epi64(even, 32), by->power_even), 30);
    const __m128i high = _mm_slli_epi64(_mm_mul_epi32(_mm_srli_epi64(odd, 32), by->power_odd), 2);
    return _mm_blend_epi16(low, high, 0xcc);
}

/* 16 requantised lanes -> 16 biased codes; see to_codes in ymm.h. */
INLINE __m128i to_codes(const __m128i steps[VECTORS], int32_t zero_point, int32_t lo, int32_t hi) {
    const __m128i zp = _mm_set1_epi16((int16_t)zero_point);
    const __m128i low = _mm_adds_epi16(_mm_packs_epi32(steps[0], steps[1]), zp);
    const __m128i high = _mm_adds_epi16(_mm_packs_epi32(steps[2], steps[3]), zp);
    const __m128i codes = _mm_packus_epi16(low, high);
    return _mm_min_epu8(_mm_max_epu8(codes, _mm_set1_epi8((char)lo)), _mm_set1_epi8((char)hi));
}

static void store_bytes(uint8_t *out, __m128i bytes, size_t count) {
    if (count == FACELITE_BLOCK) {
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        return;
    }
    uint8_t all[FACELITE_BLOCK];
    _mm_storeu_si128((__m128i *)(void *)all, bytes);
    memcpy(out, all, count);
}

static void finish_floating(uint8_t *out, const vector *acc, const facelite_conv *layer, size_t channel, size_t count,
                            int rows) {
    for (int r = 0; r < rows; r++) {
        int32_t sums[FACELITE_BLOCK];
        memcpy(sums, acc + r * VECTORS, sizeof sums);
        facelite_finish_floating(out + (size_t)r * layer->channels, sums, layer, channel, count);
    }
}

/* Sums [row][vector] of one block -> codes. Not inlined: one copy serves every tile. */
static FACELITE_NOINLINE void finish(uint8_t *out, const vector *acc, const facelite_conv *layer, size_t channel,
                                     int rows) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    __m128i steps[MOST_SUMS];
    if (layer->scale) {
        finish_floating(out, acc, layer, channel, count, rows);
        return;
    }
    for (int v = 0; v < VECTORS; v++) {
        const size_t first = channel + (size_t)v * LANES;
        if (layer->half_up) {
            const half_up by = load_half_up(layer, first);
            for (int i = v; i < rows * VECTORS; i += VECTORS) {
                steps[i] = requantise_half_up(acc[i], &by);
            }
        } else {
            const rescaler by = load_rescaler(layer, first);
            for (int i = v; i < rows * VECTORS; i += VECTORS) {
                steps[i] = requantise(acc[i], &by);
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        store_bytes(out + (size_t)r * layer->channels,
                    to_codes(steps + r * VECTORS, layer->zero_point, layer->lo, layer->hi), count);
    }
}

#include "tile.h"

/* One block of any layer for one row: 2 channels a vector, each as two sums of two products. */
INLINE void dot_exact(vector *acc, const uint8_t *x, const int8_t *w, size_t step, uint32_t quads) {
    __m128i sums[2 * VECTORS];
    for (int i = 0; i < 2 * VECTORS; i++) {
        sums[i] = _mm_setzero_si128();
    }
    for (uint32_t q = 0; q < quads; q++, x += 4, w += step) {
        const __m128i inputs = _mm_cvtepu8_epi16(broadcast(x));
        for (int i = 0; i < 2 * VECTORS; i++) {
            const __m128i weights = _mm_cvtepi8_epi16(_mm_loadl_epi64((const void *)(w + 8 * i)));
            sums[i] = _mm_add_epi32(sums[i], _mm_madd_epi16(inputs, weights));
        }
    }
    for (int v = 0; v < VECTORS; v++) {
        acc[v] = _mm_add_epi32(acc[v], _mm_hadd_epi32(sums[2 * v], sums[2 * v + 1]));
    }
}

/* Rows that are requantised together. */
enum { EXACT_ROWS = MOST_SUMS / VECTORS };

static void conv_exact(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    for (size_t channel = 0; channel < layer->channels; channel += FACELITE_BLOCK) {
        const tile at = point_tile(layer, channel, 1);
        for (size_t j = 0; j < count; j += EXACT_ROWS) {
            const size_t some = count - j < EXACT_ROWS ? count - j : EXACT_ROWS;
            vector acc[EXACT_ROWS * VECTORS];
            for (size_t r = 0; r < some; r++) {
                for (size_t v = 0; v < VECTORS; v++) {
                    acc[r * VECTORS + v] = load128(layer->bias_u8, (channel + v * LANES) * 4);
                }
                dot_exact(acc + r * VECTORS, rows + (j + r) * row_step, at.weights[0], at.step[0], layer->quads);
            }
            finish(out + j * layer->channels + channel, acc, layer, channel, (int)some);
        }
    }
}

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t frame = layer->channels;
    if (!layer->pair_safe) {
        conv_exact(out, rows, row_step, count, layer);
        return;
    }
    size_t j = 0;
    for (; j + 2 <= count; j += 2) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 2, 1, 1);
    }
    if (j < count) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 1, 2, 1);
    }
}

/* What an ADD does with one number, the same in every lane; see ops_avx2.c. */
typedef struct addend {
    __m128i zero_point, high, low, half, sign, right;
} addend;

typedef struct adder {
    addend operand[2], sum;
} adder;

INLINE addend load_addend(int32_t zero_point, int32_t multiplier, int32_t shift) {
    return (addend){_mm_set1_epi32(zero_point), _mm_set1_epi32(multiplier >> 16),
                    _mm_set1_epi32(multiplier & 0xffff), _mm_set1_epi32((int32_t)((1u << -shift) >> 1)),
                    _mm_set1_epi32(shift ? -1 : 0), _mm_cvtsi32_si128(-shift)};
}

static adder load_adder(const facelite_add *layer) {
    adder made;
    for (int i = 0; i < 2; i++) {
        made.operand[i] = load_addend(layer->zero_point[i], layer->multiplier[i], layer->shift[i]);
    }
    made.sum = load_addend(0, layer->out_multiplier, layer->out_shift);
    made.sum.high = _mm_set1_epi32(layer->out_multiplier);
    return made;
}

INLINE __m128i divide_away(__m128i value, const addend *by) {
    const __m128i away = _mm_and_si128(_mm_srai_epi32(value, 31), by->sign);
    return _mm_sra_epi32(_mm_add_epi32(_mm_add_epi32(value, by->half), away), by->right);
}

/* 4 biased codes -> centred, shifted up and rescaled. */
INLINE __m128i rescale_operand(const uint8_t *codes, const addend *by) {
    int32_t four;
    memcpy(&four, codes, sizeof four);
    const __m128i centred = _mm_sub_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)), by->zero_point);
    const __m128i high = _mm_slli_epi32(_mm_mullo_epi32(centred, by->high), 5);
    const __m128i low = _mm_add_epi32(_mm_mullo_epi32(centred, by->low), _mm_set1_epi32(1 << 10));
    return divide_away(_mm_add_epi32(high, _mm_srai_epi32(low, 11)), by);
}

static void add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    const adder by = load_adder(layer);
    for (size_t i = 0; i < count; i += 16) { /* the last load may run FACELITE_READ_SLACK bytes past the end */
        __m128i steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            const size_t at = i + v * LANES;
            const __m128i sum =
                _mm_add_epi32(rescale_operand(a + at, &by.operand[0]), rescale_operand(b + at, &by.operand[1]));
            steps[v] = divide_away(high_product(sum, by.sum.high, by.sum.high), &by.sum);
        }
        store_bytes(out + i, to_codes(steps, layer->out_zero_point, layer->lo, layer->hi),
                    count - i < 16 ? count - i : 16);
    }
}

/* facelite_compand of 4 int32 samples, without the bias. The look-up itself is scalar: SSE has no gather. */
INLINE __m128i compand(__m128i samples, const facelite_compander *compander) {
    const __m128i magnitude = _mm_abs_epi32(samples);
    const __m128i bits = _mm_castps_si128(_mm_cvtepi32_ps(_mm_add_epi32(magnitude, _mm_set1_epi32(128))));
    const __m128i bucket = _mm_sub_epi32(_mm_srli_epi32(bits, FACELITE_BUCKET_SHIFT),
                                         _mm_set1_epi32((int32_t)FACELITE_BUCKET_FIRST));
    uint32_t index[LANES];
    _mm_storeu_si128((__m128i *)(void *)index, bucket);
    const uint32_t *entries = compander->entry;
    const __m128i entry = _mm_set_epi32((int32_t)entries[index[3]], (int32_t)entries[index[2]],
                                        (int32_t)entries[index[1]], (int32_t)entries[index[0]]);
    const __m128i below = _mm_cmpgt_epi32(_mm_srli_epi32(entry, 8), magnitude);
    const __m128i code = _mm_add_epi32(_mm_and_si128(entry, _mm_set1_epi32(0xff)), _mm_set1_epi32(1));
    return _mm_sign_epi32(_mm_add_epi32(code, below), samples);
}

/* facelite_to_int16 of 4 samples. Comparing first sends NaN to 0; the rounding mode is the instruction's own. */
INLINE __m128i to_int16(__m128 x) {
    const __m128 number = _mm_and_ps(x, _mm_cmpord_ps(x, x));
    const __m128 scaled = _mm_mul_ps(number, _mm_set1_ps(32768.0f));
    const __m128 clipped = _mm_max_ps(_mm_min_ps(scaled, _mm_set1_ps(32767.0f)), _mm_set1_ps(-32768.0f));
    return _mm_cvttps_epi32(_mm_round_ps(clipped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

static void encode_f32(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        __m128i steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(to_int16(_mm_loadu_ps(pcm + i + v * LANES)), compander);
        }
        _mm_storeu_si128((__m128i *)(void *)(codes + i), to_codes(steps, 128, 0, 255));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, facelite_to_int16(pcm[i]));
    }
}

static void encode_i16(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        __m128i steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(_mm_cvtepi16_epi32(_mm_loadl_epi64((const void *)(pcm + i + v * LANES))), compander);
        }
        _mm_storeu_si128((__m128i *)(void *)(codes + i), to_codes(steps, 128, 0, 255));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, pcm[i]);
    }
}

void facelite_overlay_sse41(facelite_ops *ops) {
    ops->conv = conv;
    ops->add = add;
    ops->encode_f32 = encode_f32;
    ops->encode_i16 = encode_i16;
}
