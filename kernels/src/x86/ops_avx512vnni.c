/* AVX-512 with VNNI: recent desktops and servers.
 *
 * Why the arithmetic is exact. vpdpbusd multiplies four biased codes (0..255) by four weights and adds all of it to
 * an int32 lane without saturating in between; the loader has bounded the sums. Requantisation is src/requant.h lane
 * by lane. Everything else comes from avx2. */
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !(defined(__AVX512VNNI__) || (defined(_MSC_VER) && !defined(__clang__))) /* cl has no flag, and no macro, for VNNI */
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

#include <immintrin.h>
#include <string.h>

#include "../dispatch.h"
#include "../floating.h"
#include "../inline.h"

/* A block of 16 channels is one vector. */
typedef __m512i vector;
enum { VECTORS = 1, MOST_BLOCKS = 6, MOST_SUMS = 16 };

/* vpdpbusd has a latency of 4 or 5 cycles: at least 8 sums are under way. */
#define CHAINS(sums) ((sums) < 8 ? (sums) > 2 ? 2 : 4 : 1)

INLINE vector load(const void *bytes) {
    return _mm512_loadu_si512(bytes);
}

INLINE vector zero(void) {
    return _mm512_setzero_si512();
}

INLINE vector broadcast(const uint8_t *quad) {
    int32_t inputs;
    memcpy(&inputs, quad, sizeof inputs);
    return _mm512_set1_epi32(inputs);
}

INLINE vector multiply_add(vector sum, vector x, vector w) {
    return _mm512_dpbusd_epi32(sum, x, w);
}

INLINE vector add_sums(vector a, vector b) {
    return _mm512_add_epi32(a, b);
}

/* Multipliers and shifts of 16 lanes; see ymm.h. */
typedef struct rescaler {
    __m512i even, odd, left, right, mask, half;
} rescaler;

INLINE rescaler load_rescaler(const facelite_conv *layer, size_t channel) {
    const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    const __m512i multiplier = _mm512_loadu_si512((const uint8_t *)layer->multiplier + channel * 4);
    const __m512i shift = _mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)(layer->shift + channel)));
    const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    return (rescaler){multiplier, _mm512_srli_epi64(multiplier, 32), _mm512_max_epi32(shift, zero),
                      right, mask, _mm512_srli_epi32(mask, 1)};
}

INLINE __m512i requantise(__m512i acc, const rescaler *by) {
    const __m512i nudge = _mm512_set1_epi64(INT64_C(1) << 30);
    acc = _mm512_sllv_epi32(acc, by->left);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, by->even), nudge);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), by->odd), nudge);
    const __m512i high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
    const __m512i threshold = _mm512_sub_epi32(by->half, _mm512_srai_epi32(high, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, by->mask), threshold);
    const __m512i down = _mm512_srav_epi32(high, by->right);
    return _mm512_mask_add_epi32(down, up, down, _mm512_set1_epi32(1));
}

/* As a rescaler, for layers whose rounding is half up; see ymm.h. */
typedef struct half_up {
    __m512i even, odd, nudge_even, nudge_odd, right_even, right_odd;
} half_up;

INLINE __m512i half_up_nudge(__m512i right) {
    const __m512i once = _mm512_set1_epi64(INT64_C(1) << 30);
    return _mm512_add_epi64(once, _mm512_sllv_epi64(once, right));
}

INLINE half_up load_half_up(const facelite_conv *layer, size_t channel) {
    const __m512i multiplier = load((const uint8_t *)layer->multiplier + channel * 4);
    const __m512i shift = _mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)(layer->shift + channel)));
    const __m512i right = _mm512_sub_epi32(zero(), shift);
    const __m512i even = _mm512_and_si512(right, _mm512_set1_epi64(0xffffffff)), odd = _mm512_srli_epi64(right, 32);
    return (half_up){multiplier,
                     _mm512_srli_epi64(multiplier, 32),
                     half_up_nudge(even),
                     half_up_nudge(odd),
                     _mm512_add_epi64(even, _mm512_set1_epi64(31)),
                     _mm512_sub_epi64(odd, _mm512_set1_epi64(1))};
}

INLINE __m512i requantise_half_up(__m512i acc, const half_up *by) {
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, by->even), by->nudge_even);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), by->odd), by->nudge_odd);
    return _mm512_mask_blend_epi32(0xaaaa, _mm512_srav_epi64(even, by->right_even),
                                   _mm512_srav_epi64(odd, by->right_odd));
}

INLINE void store_codes(uint8_t *out, __m512i steps, const facelite_conv *layer, __mmask16 stored) {
    const __m512i y = _mm512_add_epi32(steps, _mm512_set1_epi32(layer->zero_point));
    const __m512i clamped =
        _mm512_min_epi32(_mm512_max_epi32(y, _mm512_set1_epi32(layer->lo)), _mm512_set1_epi32(layer->hi));
    _mm_mask_storeu_epi8(out, stored, _mm512_cvtepi32_epi8(clamped));
}

/* Sums of one block, `rows` rows -> codes. Not inlined: one copy serves every tile. */
static FACELITE_NOINLINE void finish(uint8_t *out, const vector *acc, const facelite_conv *layer, size_t channel,
                                     int rows) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    const size_t frame = layer->channels;
    const __mmask16 stored = (__mmask16)((1u << count) - 1u);
    if (layer->scale) {
        for (int r = 0; r < rows; r++) {
            int32_t sums[FACELITE_BLOCK];
            memcpy(sums, &acc[r], sizeof sums);
            facelite_finish_floating(out + (size_t)r * frame, sums, layer, channel, count);
        }
    } else if (layer->half_up) {
        const half_up by = load_half_up(layer, channel);
        for (int r = 0; r < rows; r++) {
            store_codes(out + (size_t)r * frame, requantise_half_up(acc[r], &by), layer, stored);
        }
    } else {
        const rescaler by = load_rescaler(layer, channel);
        for (int r = 0; r < rows; r++) {
            store_codes(out + (size_t)r * frame, requantise(acc[r], &by), layer, stored);
        }
    }
}

#include "tile.h"

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t frame = layer->channels;
    size_t j = 0;
    for (; j + 8 <= count; j += 8) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 8, 2, 1);
    }
    for (; j + 4 <= count; j += 4) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 4, 3, 1);
    }
    for (; j + 2 <= count; j += 2) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 2, 4, 1);
    }
    if (j < count) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 1, 6, 1);
    }
}

void facelite_overlay_avx512vnni(facelite_ops *ops) {
    ops->conv = conv;
}
