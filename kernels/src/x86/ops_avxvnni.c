/* AVX2 with VEX-encoded VNNI: Intel desktops since Alder Lake, which have no AVX-512, and AMD since Zen 5.
 *
 * Exact for the reason of ops_avx512vnni.c, at half the width. Everything else comes from avx2.
 *
 * The EVEX-encoded twin of the instruction computes the same: with AVX-512 flags instead of -mavxvnni this file can be
 * tested on a CPU that has only that (tests/c). */
#if defined(__AVXVNNI__) || (defined(_MSC_VER) && !defined(__clang__)) /* cl has no flag, and no macro, for VNNI */
#define VEX_ENCODED 1
#endif
#if !defined(__AVX2__) || !(defined(VEX_ENCODED) || (defined(__AVX512VL__) && defined(__AVX512VNNI__)))
#error "compile this file with -mavx2 -mavxvnni"
#endif

#include "../dispatch.h"
#include "ymm.h"

/* vpdpbusd has a latency of 4 or 5 cycles and two of them begin in one: at least 8 sums are under way. */
enum { MOST_BLOCKS = 4, MOST_SUMS = 8 };
#define CHAINS(sums) ((sums) < 4 ? 4 / (sums) : 1)

INLINE vector multiply_add(vector sum, vector x, vector w) {
#if defined(VEX_ENCODED)
    return _mm256_dpbusd_avx_epi32(sum, x, w);
#else
    return _mm256_dpbusd_epi32(sum, x, w);
#endif
}

#include "tile.h"

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t frame = layer->channels;
    size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 4, 1, 1);
    }
    for (; j + 2 <= count; j += 2) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 2, 2, 1);
    }
    if (j < count) {
        run_rows(out + j * frame, rows + j * row_step, row_step, layer, 1, 4, 1);
    }
}

void facelite_overlay_avxvnni(facelite_ops *ops) {
    ops->conv = conv;
}
