/* AVX2: consoles of the PS5 generation, Steam Deck, most PCs.
 *
 * Why the arithmetic is exact. maddubs multiplies biased codes (0..255) by weights and adds two products in
 * saturating int16; on a pair-safe layer (docs/blob.md) no pair can leave -32640..32640. Other layers widen both
 * factors to int16 and use pmaddwd, whose int32 sums of two products cannot overflow. Accumulators are int32 in
 * any order; the loader has bounded them. Requantisation is src/requant.h lane by lane. */
#if !defined(__AVX2__)
#error "compile this file with -mavx2"
#endif

#include "../compander.h"
#include "../dispatch.h"
#include "ymm.h"

enum { MOST_BLOCKS = 3, MOST_SUMS = 8 };

#define CHAINS(sums) 1 /* only the addition at the end waits for the quad before */

INLINE vector multiply_add(vector sum, vector x, vector w) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), _mm256_set1_epi16(1)));
}

#include "tile.h"

/* One block of any layer for one row: 4 channels a vector, each as two sums of two products. Two rows at once
 * would need more registers than there are. */
INLINE void dot_exact(vector *acc, const uint8_t *x, const int8_t *w, size_t step, uint32_t quads) {
    __m256i sums[4];
    sums[0] = sums[1] = sums[2] = sums[3] = _mm256_setzero_si256();
    for (uint32_t q = 0; q < quads; q++, x += 4, w += step) {
        const __m256i inputs = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(broadcast(x)));
        for (int i = 0; i < 4; i++) {
            const __m256i weights = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(w + 16 * i)));
            sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(inputs, weights));
        }
    }
    for (int v = 0; v < VECTORS; v++) {
        const __m256i both = _mm256_hadd_epi32(sums[2 * v], sums[2 * v + 1]); /* channels 0 1 4 5 2 3 6 7 */
        acc[v] = _mm256_add_epi32(acc[v], _mm256_permute4x64_epi64(both, 0xd8));
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
                acc[r * VECTORS] = load256(layer->bias_u8, channel * 4);
                acc[r * VECTORS + 1] = load256(layer->bias_u8, channel * 4 + 32);
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
    for (; j + 4 <= count; j += 4) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 4, 1, 1);
    }
    for (; j + 2 <= count; j += 2) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 2, 2, 1);
    }
    if (j < count) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 1, 3, 1);
    }
}

/* What an ADD does with one number, the same in every lane. Operands come as code - zero point, 9 bits, and the shift
 * up by 20 leaves room below: with m = 2^16 high + low, floor((d 2^20 m + 2^30) / 2^31) is
 * 2^5 d high + floor((d low + 2^10) / 2^11), all of it in 32 bits. */
typedef struct addend {
    __m256i zero_point, high, low, half, sign;
    __m128i right;
} addend;

typedef struct adder {
    addend operand[2], sum;
} adder;

INLINE addend load_addend(int32_t zero_point, int32_t multiplier, int32_t shift) {
    return (addend){_mm256_set1_epi32(zero_point), _mm256_set1_epi32(multiplier >> 16),
                    _mm256_set1_epi32(multiplier & 0xffff), _mm256_set1_epi32((int32_t)((1u << -shift) >> 1)),
                    _mm256_set1_epi32(shift ? -1 : 0), _mm_cvtsi32_si128(-shift)};
}

INLINE adder load_adder(const facelite_add *layer) {
    adder made;
    for (int i = 0; i < 2; i++) {
        made.operand[i] = load_addend(layer->zero_point[i], layer->multiplier[i], layer->shift[i]);
    }
    made.sum = load_addend(0, layer->out_multiplier, layer->out_shift);
    made.sum.high = _mm256_set1_epi32(layer->out_multiplier);
    return made;
}

/* Division by 2^right, rounded half away from zero; nothing here comes near the ends of int32. */
INLINE __m256i divide(__m256i value, const addend *by) {
    const __m256i away = _mm256_and_si256(_mm256_srai_epi32(value, 31), by->sign);
    return _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(value, by->half), away), by->right);
}

/* 8 biased codes -> centred, shifted up and rescaled. */
INLINE __m256i rescale_operand(__m128i codes, const addend *by) {
    const __m256i centred = _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), by->zero_point);
    const __m256i high = _mm256_slli_epi32(_mm256_mullo_epi32(centred, by->high), 5);
    const __m256i low = _mm256_add_epi32(_mm256_mullo_epi32(centred, by->low), _mm256_set1_epi32(1 << 10));
    return divide(_mm256_add_epi32(high, _mm256_srai_epi32(low, 11)), by);
}

INLINE __m256i add_lanes(__m128i a, __m128i b, const adder *by) {
    const __m256i sum = _mm256_add_epi32(rescale_operand(a, &by->operand[0]), rescale_operand(b, &by->operand[1]));
    return divide(high_product(sum, by->sum.high, by->sum.high), &by->sum);
}

INLINE __m128i add_16(const uint8_t *a, const uint8_t *b, const facelite_add *layer, const adder *by) {
    const __m128i x = _mm_loadu_si128((const void *)a), y = _mm_loadu_si128((const void *)b);
    const __m256i high = add_lanes(_mm_srli_si128(x, 8), _mm_srli_si128(y, 8), by);
    return to_codes(add_lanes(x, y, by), high, layer->out_zero_point, layer->lo, layer->hi);
}

static void add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    const adder by = load_adder(layer);
    for (size_t i = 0; i < count; i += 16) { /* the last load may run FACELITE_READ_SLACK bytes past the end */
        store_bytes(out + i, add_16(a + i, b + i, layer, &by), count - i < 16 ? count - i : 16);
    }
}

/* facelite_compand of 8 int32 samples, without the bias. */
INLINE __m256i compand(__m256i samples, const facelite_compander *compander) {
    const __m256i magnitude = _mm256_abs_epi32(samples);
    const __m256i bits =
        _mm256_castps_si256(_mm256_cvtepi32_ps(_mm256_add_epi32(magnitude, _mm256_set1_epi32(128))));
    const __m256i bucket = _mm256_sub_epi32(_mm256_srli_epi32(bits, FACELITE_BUCKET_SHIFT),
                                            _mm256_set1_epi32((int32_t)FACELITE_BUCKET_FIRST));
    const __m256i entry = _mm256_i32gather_epi32((const int *)(const void *)compander->entry, bucket, 4);
    const __m256i below = _mm256_cmpgt_epi32(_mm256_srli_epi32(entry, 8), magnitude);
    const __m256i code = _mm256_add_epi32(_mm256_and_si256(entry, _mm256_set1_epi32(0xff)), _mm256_set1_epi32(1));
    return _mm256_sign_epi32(_mm256_add_epi32(code, below), samples);
}

/* facelite_to_int16 of 8 samples. Comparing first sends NaN to 0; the rounding mode is the instruction's own. */
INLINE __m256i to_int16(__m256 x) {
    const __m256 number = _mm256_and_ps(x, _mm256_cmp_ps(x, x, _CMP_ORD_Q));
    const __m256 scaled = _mm256_mul_ps(number, _mm256_set1_ps(32768.0f));
    const __m256 clipped =
        _mm256_max_ps(_mm256_min_ps(scaled, _mm256_set1_ps(32767.0f)), _mm256_set1_ps(-32768.0f));
    return _mm256_cvttps_epi32(_mm256_round_ps(clipped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

INLINE void store_codes(uint8_t *codes, __m256i low, __m256i high) {
    _mm_storeu_si128((__m128i *)(void *)codes, to_codes(low, high, 128, 0, 255));
}

static void encode_f32(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        store_codes(codes + i, compand(to_int16(_mm256_loadu_ps(pcm + i)), compander),
                    compand(to_int16(_mm256_loadu_ps(pcm + i + 8)), compander));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, facelite_to_int16(pcm[i]));
    }
}

static void encode_i16(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        const __m256i both = _mm256_loadu_si256((const void *)(pcm + i));
        store_codes(codes + i, compand(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(both)), compander),
                    compand(_mm256_cvtepi16_epi32(_mm256_extracti128_si256(both, 1)), compander));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, pcm[i]);
    }
}

/* A row, 8 taps at a time, in the order in which `x` meets them. */
typedef struct reader {
    const float *x, *taps;
    ptrdiff_t step;
    __m256i order;
} reader;

INLINE reader read_dot(const facelite_dot *dot, uint32_t taps) {
    const __m256i forwards = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    if (dot->backwards) {
        return (reader){dot->x, dot->row + taps - 8, -8, _mm256_sub_epi32(_mm256_set1_epi32(7), forwards)};
    }
    return (reader){dot->x, dot->row, 8, forwards};
}

/* Four dot products side by side: one alone would wait for its additions. */
static void filter(float *sums, const facelite_dot *dots, uint32_t count, uint32_t taps) {
    enum { DOTS = 4 };
    reader from[DOTS];
    __m256 partial[DOTS];
    UNROLLED for (uint32_t i = 0; i < DOTS; i++) {
        from[i] = read_dot(&dots[i < count ? i : 0], taps);
        partial[i] = _mm256_setzero_ps();
    }
    for (uint32_t j = 0; j < taps; j += 8) {
        UNROLLED for (int i = 0; i < DOTS; i++) {
            const __m256 row = _mm256_permutevar8x32_ps(_mm256_loadu_ps(from[i].taps), from[i].order);
            partial[i] = _mm256_add_ps(partial[i], _mm256_mul_ps(_mm256_loadu_ps(from[i].x + j), row));
            from[i].taps += from[i].step;
        }
    }
    UNROLLED for (uint32_t i = 0; i < DOTS; i++) {
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(partial[i]), _mm256_extractf128_ps(partial[i], 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        if (i < count) {
            sums[i] = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
        }
    }
}

void facelite_overlay_avx2(facelite_ops *ops) {
    ops->conv = conv;
    ops->add = add;
    ops->encode_f32 = encode_f32;
    ops->encode_i16 = encode_i16;
    ops->filter = filter;
}
