/* AVX-512 with VNNI: recent desktops and servers.
 *
 * Why the arithmetic is exact. vpdpbusd multiplies four biased codes (0..255) by four weights and adds all of it to
 * an int32 lane without saturating in between; the loader has bounded the sums. Requantisation is src/requant.h lane
 * by lane. Everything else comes from avx2. */
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

#include <immintrin.h>
#include <string.h>

#include "../dispatch.h"
#include "../floating.h"
#include "../inline.h"

/* A block of 16 channels is one vector. A tile is some blocks by some rows, MOST_SUMS sums at most, kept apart by
 * quad modulo `chains`: vpdpbusd has a latency of 4 or 5 cycles, so at least as many sums must be under way. */
enum { MOST_BLOCKS = 6, MOST_SUMS = 8, MOST_CHAINS = 4 };

/* Where the weights of a tile's blocks are, and the bytes from one quad to the next: a narrow last block has its
 * own. Its upper lanes hold what follows it, and are never stored. */
typedef struct tile {
    const int8_t *weights[MOST_BLOCKS];
    size_t step[MOST_BLOCKS];
} tile;

INLINE __m512i broadcast_quad(const uint8_t *quad) {
    int32_t inputs;
    memcpy(&inputs, quad, sizeof inputs);
    return _mm512_set1_epi32(inputs);
}

/* Multipliers and shifts of 16 lanes; see ops_avx2.c. */
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

INLINE void store_codes(uint8_t *out, __m512i steps, const facelite_conv *layer, __mmask16 stored) {
    const __m512i y = _mm512_add_epi32(steps, _mm512_set1_epi32(layer->zero_point));
    const __m512i clamped =
        _mm512_min_epi32(_mm512_max_epi32(y, _mm512_set1_epi32(layer->lo)), _mm512_set1_epi32(layer->hi));
    _mm_mask_storeu_epi8(out, stored, _mm512_cvtepi32_epi8(clamped));
}

/* Sums of one block, `rows` rows -> codes. */
INLINE void finish(uint8_t *out, const __m512i *acc, const facelite_conv *layer, size_t channel, int rows) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    if (layer->scale) {
        for (int r = 0; r < rows; r++) {
            int32_t sums[FACELITE_BLOCK];
            memcpy(sums, &acc[r], sizeof sums);
            facelite_finish_floating(out + (size_t)r * layer->channels, sums, layer, channel, count);
        }
        return;
    }
    const rescaler by = load_rescaler(layer, channel);
    const __mmask16 stored = (__mmask16)((1u << count) - 1u);
    for (int r = 0; r < rows; r++) {
        store_codes(out + (size_t)r * layer->channels, requantise(acc[r], &by), layer, stored);
    }
}

/* Adds the products of one quad of every block and row. */
INLINE void add_quad(__m512i *sums, const uint8_t *x, size_t row_step, tile *from, int rows, int blocks) {
    for (int b = 0; b < blocks; b++) {
        const __m512i w = _mm512_loadu_si512(from->weights[b]);
        from->weights[b] += from->step[b];
        for (int r = 0; r < rows; r++) {
            const __m512i inputs = broadcast_quad(x + (size_t)r * row_step);
            sums[b * rows + r] = _mm512_dpbusd_epi32(sums[b * rows + r], inputs, w);
        }
    }
}

/* acc[block][row] = bias + products. The sums are a local array, indexed by constants once the loops unroll, so that
 * they stay in registers. */
INLINE void dot(__m512i *acc, const uint8_t *x, size_t row_step, tile from, size_t channel, const facelite_conv *layer,
                int rows, int blocks, int chains) {
    __m512i sums[MOST_CHAINS][MOST_SUMS];
    for (int i = 0; i < blocks * rows; i++) {
        const size_t first = channel + (size_t)(i / rows) * FACELITE_BLOCK;
        sums[0][i] = _mm512_loadu_si512((const uint8_t *)layer->bias_u8 + first * 4);
        for (int c = 1; c < chains; c++) {
            sums[c][i] = _mm512_setzero_si512();
        }
    }
    uint32_t q = 0;
    for (; q + (uint32_t)chains <= layer->quads; q += (uint32_t)chains) {
        for (int c = 0; c < chains; c++, x += 4) {
            add_quad(sums[c], x, row_step, &from, rows, blocks);
        }
    }
    for (; q < layer->quads; q++, x += 4) {
        add_quad(sums[0], x, row_step, &from, rows, blocks);
    }
    for (int i = 0; i < blocks * rows; i++) {
        for (int c = 1; c < chains; c++) {
            sums[0][i] = _mm512_add_epi32(sums[0][i], sums[c][i]);
        }
        acc[i] = sums[0][i];
    }
}

/* `rows` rows by `blocks` blocks from `channel` on; the counts are constants where this is called. */
INLINE void run_tile(uint8_t *out, const uint8_t *x, size_t row_step, tile from, size_t channel,
                     const facelite_conv *layer, int rows, int blocks, int chains) {
    __m512i acc[MOST_SUMS];
    dot(acc, x, row_step, from, channel, layer, rows, blocks, chains);
    for (int b = 0; b < blocks; b++) {
        const size_t first = channel + (size_t)b * FACELITE_BLOCK;
        finish(out + first, acc + b * rows, layer, first, rows);
    }
}

/* All rows of `blocks` blocks. */
INLINE void run_blocks(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, tile from, size_t channel,
                       const facelite_conv *layer, int blocks) {
    const size_t frame = layer->channels;
    size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        run_tile(out + j * frame, rows + j * row_step, row_step, from, channel, layer, 4, blocks, 3 - blocks);
    }
    for (; j + 2 <= count; j += 2) {
        run_tile(out + j * frame, rows + j * row_step, row_step, from, channel, layer, 2, blocks, 2);
    }
    if (j < count) {
        run_tile(out + j * frame, rows + j * row_step, row_step, from, channel, layer, 1, blocks, 4);
    }
}

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t channels = layer->channels, packed = (channels + 3) / 4 * 4;
    const size_t block_bytes = (size_t)layer->quads * FACELITE_BLOCK * 4;
    size_t channel = 0;
    while (channel < channels) {
        tile from;
        for (size_t b = 0; b < MOST_BLOCKS; b++) {
            const size_t first = channel + b * FACELITE_BLOCK;
            from.weights[b] = layer->weights + first / FACELITE_BLOCK * block_bytes;
            from.step[b] = first + FACELITE_BLOCK <= packed ? FACELITE_BLOCK * 4 : packed % FACELITE_BLOCK * 4;
        }
        const size_t left = channels - channel;
        if (count == 1 && left > (MOST_BLOCKS - 1) * FACELITE_BLOCK) {
            run_tile(out, rows, row_step, from, channel, layer, 1, MOST_BLOCKS, 1);
            channel += MOST_BLOCKS * FACELITE_BLOCK;
        } else if (left > FACELITE_BLOCK) {
            run_blocks(out, rows, row_step, count, from, channel, layer, 2);
            channel += 2 * FACELITE_BLOCK;
        } else {
            run_blocks(out, rows, row_step, count, from, channel, layer, 1);
            channel += FACELITE_BLOCK;
        }
    }
}

void facelite_overlay_avx512vnni(facelite_ops *ops) {
    ops->conv = conv;
}
