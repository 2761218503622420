/* AVX2: consoles of the PS5 generation, Steam Deck, most PCs.
 *
 * Why the arithmetic is exact. maddubs multiplies biased codes (0..255) by weights and adds two products in
 * saturating int16; on a pair-safe layer (docs/blob.md) no pair can leave -32640..32640. Other layers widen both
 * factors to int16 and use pmaddwd, whose int32 sums of two products cannot overflow. Accumulators are int32 in
 * any order; the loader has bounded them. Requantisation is src/requant.h lane by lane. */
#if !defined(__AVX2__)
#error "compile this file with -mavx2"
#endif

#include <immintrin.h>
#include <string.h>

#include "../compander.h"
#include "../dispatch.h"
#include "../floating.h"
#include "../inline.h"

/* 8 channels' accumulators a vector, 2 vectors a block. Frames that share weights are done 4 at a time: 8
 * accumulators, 2 weights, an input and a product fit the 16 registers. */
enum { LANES = 8, VECTORS = 2, ROWS = 4 };

INLINE __m256i load256(const void *bytes, size_t offset) {
    return _mm256_loadu_si256((const void *)((const uint8_t *)bytes + offset));
}

/* The 4 inputs of a quad in every 32-bit lane. */
INLINE __m256i broadcast_quad(const uint8_t *quad) {
    int32_t inputs;
    memcpy(&inputs, quad, sizeof inputs);
    return _mm256_set1_epi32(inputs);
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

/* facelite_requantise of 8 lanes. */
INLINE __m256i requantise(__m256i acc, const rescaler *by) {
    acc = _mm256_sllv_epi32(acc, by->left);
    const __m256i nudge = _mm256_set1_epi64x(INT64_C(1) << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, by->even), nudge);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), by->odd), nudge);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
    const __m256i negative = _mm256_srai_epi32(high, 31);
    const __m256i up =
        _mm256_cmpgt_epi32(_mm256_and_si256(high, by->mask), _mm256_sub_epi32(by->half, negative));
    return _mm256_sub_epi32(_mm256_srav_epi32(high, by->right), up);
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

INLINE rescaler load_rescaler(const facelite_conv *layer, size_t channel) {
    return make_rescaler(load256(layer->multiplier, channel * 4),
                         _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(layer->shift + channel))));
}

/* Accumulators of `rows` rows, `count` channels from `channel` on -> codes. */
INLINE void finish(uint8_t *out, __m256i acc[][VECTORS], const facelite_conv *layer, size_t channel, size_t count,
                   int rows) {
    if (layer->scale) {
        for (int r = 0; r < rows; r++) {
            int32_t sums[FACELITE_BLOCK];
            memcpy(sums, acc[r], sizeof sums);
            facelite_finish_floating(out + (size_t)r * layer->channels, sums, layer, channel, count);
        }
        return;
    }
    const rescaler low = load_rescaler(layer, channel), high = load_rescaler(layer, channel + LANES);
    for (int r = 0; r < rows; r++) {
        const __m128i codes = to_codes(requantise(acc[r][0], &low), requantise(acc[r][1], &high), layer->zero_point,
                                       layer->lo, layer->hi);
        store_bytes(out + (size_t)r * layer->channels, codes, count);
    }
}

/* One block of a pair-safe layer for `rows` rows. `step`: bytes from one quad of the block to the next; in a
 * narrow block the upper lanes hold what follows it, and are never stored. The sums are a local array, indexed by
 * constants once the loops unroll, so that they stay in registers. */
INLINE void dot_safe(__m256i acc[][VECTORS], const uint8_t *x, size_t row_step, const int8_t *w, size_t step,
                     uint32_t quads, int rows) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[ROWS][VECTORS];
    for (int r = 0; r < rows; r++) {
        sums[r][0] = acc[r][0];
        sums[r][1] = acc[r][1];
    }
    for (uint32_t q = 0; q < quads; q++, x += 4, w += step) {
        const __m256i w0 = load256(w, 0), w1 = load256(w, 32);
        for (int r = 0; r < rows; r++) {
            const __m256i inputs = broadcast_quad(x + (size_t)r * row_step);
            sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, w0), ones));
            sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, w1), ones));
        }
    }
    for (int r = 0; r < rows; r++) {
        acc[r][0] = sums[r][0];
        acc[r][1] = sums[r][1];
    }
}

/* One block of any layer for one row: 4 channels a vector, each as two sums of two products. Two rows at once
 * would need more registers than there are. */
INLINE void dot_exact(__m256i acc[VECTORS], const uint8_t *x, const int8_t *w, size_t step, uint32_t quads) {
    __m256i sums[4];
    sums[0] = sums[1] = sums[2] = sums[3] = _mm256_setzero_si256();
    for (uint32_t q = 0; q < quads; q++, x += 4, w += step) {
        const __m256i inputs = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(broadcast_quad(x)));
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

/* One block, `rows` rows: bias, products, codes. */
INLINE void block(uint8_t *out, const uint8_t *x, size_t row_step, const int8_t *w, size_t step, size_t channel,
                  size_t count, const facelite_conv *layer, int rows) {
    __m256i acc[ROWS][VECTORS];
    const __m256i bias0 = load256(layer->bias_u8, channel * 4), bias1 = load256(layer->bias_u8, channel * 4 + 32);
    for (int r = 0; r < rows; r++) {
        acc[r][0] = bias0;
        acc[r][1] = bias1;
    }
    if (layer->pair_safe) {
        dot_safe(acc, x, row_step, w, step, layer->quads, rows);
    } else {
        for (int r = 0; r < rows; r++) {
            dot_exact(acc[r], x + (size_t)r * row_step, w, step, layer->quads);
        }
    }
    finish(out, acc, layer, channel, count, rows);
}

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t channels = layer->channels, packed = (channels + 3) / 4 * 4;
    const int8_t *w = layer->weights;
    for (size_t channel = 0; channel < channels; channel += FACELITE_BLOCK) {
        const size_t width = packed - channel < FACELITE_BLOCK ? packed - channel : FACELITE_BLOCK;
        const size_t stored = channels - channel < FACELITE_BLOCK ? channels - channel : FACELITE_BLOCK;
        size_t j = 0;
        for (; j + ROWS <= count; j += ROWS) {
            block(out + j * channels + channel, rows + j * row_step, row_step, w, width * 4, channel, stored, layer,
                  ROWS);
        }
        for (; j < count; j++) {
            block(out + j * channels + channel, rows + j * row_step, row_step, w, width * 4, channel, stored, layer,
                  1);
        }
        w += width * 4 * layer->quads;
    }
}

/* The three rescalings of an ADD, the same in every lane. */
typedef struct adder {
    __m256i zero_point[2];
    rescaler operand[2], sum;
    __m128i left_shift;
} adder;

INLINE adder load_adder(const facelite_add *layer) {
    adder made;
    for (int i = 0; i < 2; i++) {
        made.zero_point[i] = _mm256_set1_epi32(layer->zero_point[i]);
        made.operand[i] = make_rescaler(_mm256_set1_epi32(layer->multiplier[i]), _mm256_set1_epi32(layer->shift[i]));
    }
    made.sum = make_rescaler(_mm256_set1_epi32(layer->out_multiplier), _mm256_set1_epi32(layer->out_shift));
    made.left_shift = _mm_cvtsi32_si128(layer->left_shift);
    return made;
}

/* 8 biased codes -> centred, shifted up and rescaled. */
INLINE __m256i rescale_operand(__m128i codes, const adder *by, int operand) {
    const __m256i centred = _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), by->zero_point[operand]);
    return requantise(_mm256_sll_epi32(centred, by->left_shift), &by->operand[operand]);
}

INLINE __m256i add_lanes(__m128i a, __m128i b, const adder *by) {
    const __m256i sum = _mm256_add_epi32(rescale_operand(a, by, 0), rescale_operand(b, by, 1));
    return requantise(sum, &by->sum);
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

void facelite_overlay_avx2(facelite_ops *ops) {
    ops->conv = conv;
    ops->add = add;
    ops->encode_f32 = encode_f32;
    ops->encode_i16 = encode_i16;
}
