#include "resample.h"

#include <string.h>

const facelite_filter *facelite_filter_find(uint32_t hz) {
    for (int i = 0; i < FACELITE_FILTERS; i++) {
        if (facelite_filters[i].hz == hz) {
            return &facelite_filters[i];
        }
    }
    return NULL;
}

static uint32_t capacity(const facelite_filter *filter) {
    return filter->taps + FACELITE_RESAMPLE_BLOCK;
}

size_t facelite_resampler_bytes(const facelite_filter *filter) {
    return sizeof(facelite_resampler) + capacity(filter) * sizeof(float);
}

static float *buffer(facelite_resampler *resampler) {
    return (float *)(resampler + 1);
}

void facelite_resampler_reset(facelite_resampler *resampler, const facelite_filter *filter) {
    resampler->filter = filter;
    resampler->heard = 0;
    resampler->filled = filter->taps / 2 - 1;
    resampler->first = 0;
    resampler->phase = 0;
    memset(buffer(resampler), 0, resampler->filled * sizeof(float));
}

/* Of n inputs, the outputs that stand before input n: ceil(n * up / down). */
uint64_t facelite_resampled_total(const facelite_filter *filter, uint64_t heard) {
    return heard / filter->down * filter->up + (heard % filter->down * filter->up + filter->down - 1) / filter->down;
}

uint64_t facelite_resampled_after(const facelite_filter *filter, uint64_t heard) {
    const uint64_t ahead = filter->taps / 2;
    return heard < ahead ? 0 : facelite_resampled_total(filter, heard - ahead);
}

/* -1..1; anything else but NaN to the nearer end. */
static float clip(float x) {
    const float low = x > -1.0f ? x : x <= -1.0f ? -1.0f : 0.0f;
    return low < 1.0f ? low : 1.0f;
}

/* Blocks of a constant length in memory of their own are what compilers make vectors of. */
enum { TAKEN = 8 };

static void take_f32(float *to, const float *from, size_t count) {
    float block[TAKEN];
    size_t i = 0;
    for (; i + TAKEN <= count; i += TAKEN) {
        memcpy(block, from + i, sizeof block);
        for (int k = 0; k < TAKEN; k++) {
            block[k] = clip(block[k]);
        }
        memcpy(to + i, block, sizeof block);
    }
    for (; i < count; i++) {
        to[i] = clip(from[i]);
    }
}

static void take_i16(float *to, const int16_t *from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)from[i] * (1.0f / 32768.0f);
    }
}

static void append(facelite_resampler *resampler, facelite_pcm *pcm) {
    float *to = buffer(resampler) + resampler->filled;
    const size_t room = capacity(resampler->filter) - resampler->filled;
    const size_t count = pcm->left < room ? pcm->left : room;
    if (pcm->f32) {
        take_f32(to, pcm->f32, count);
        pcm->f32 += count;
    } else if (pcm->i16) {
        take_i16(to, pcm->i16, count);
        pcm->i16 += count;
    } else {
        memset(to, 0, count * sizeof *to);
    }
    pcm->left -= count;
    resampler->filled += (uint32_t)count;
    resampler->heard += count;
}

/* Moves what is still needed to the front. */
static void compact(facelite_resampler *resampler) {
    float *samples = buffer(resampler);
    resampler->filled -= resampler->first;
    memmove(samples, samples + resampler->first, resampler->filled * sizeof *samples);
    resampler->first = 0;
}

/* Dot products that are asked for at once. */
enum { DOTS = 4 };

/* The filter of phase `row`, 0 .. phases, under the samples at `x`. */
static facelite_dot at_row(const facelite_filter *filter, const float *x, uint32_t row) {
    const int backwards = row > filter->phases / 2;
    const size_t stored = backwards ? filter->phases - row : row;
    return (facelite_dot){x, filter->rows + stored * filter->taps, backwards};
}

/* The next output: one dot product, or two neighbouring phases and how far it lies between them. Returns how many. */
static uint32_t next_dots(const facelite_resampler *resampler, const float *samples, facelite_dot *dots, float *share) {
    const facelite_filter *filter = resampler->filter;
    const float *x = samples + resampler->first;
    const uint32_t place = resampler->phase * filter->phases, row = place / filter->up, rest = place % filter->up;
    dots[0] = at_row(filter, x, row);
    if (rest == 0) {
        return 1;
    }
    dots[1] = at_row(filter, x, row + 1);
    *share = (float)rest / (float)filter->up;
    return 2;
}

static void advance(facelite_resampler *resampler) {
    const facelite_filter *filter = resampler->filter;
    resampler->phase += filter->down;
    resampler->first += resampler->phase / filter->up;
    resampler->phase %= filter->up;
}

/* As many outputs as DOTS dot products make and samples and room allow; returns how many. */
static size_t make_some(facelite_resampler *resampler, const facelite_ops *ops, float *out, size_t room) {
    const facelite_filter *filter = resampler->filter;
    const uint32_t taps = filter->taps, most = filter->phases == filter->up ? 1 : 2; /* dots of an output */
    facelite_dot dots[DOTS];
    float share[DOTS] = {0}, sums[DOTS];
    uint32_t used = 0, of[DOTS];
    size_t made = 0;
    for (; made < room && used + most <= DOTS && resampler->first + taps <= resampler->filled; made++) {
        of[made] = next_dots(resampler, buffer(resampler), dots + used, &share[made]);
        used += of[made];
        advance(resampler);
    }
    if (made > 0) {
        ops->filter(sums, dots, used, taps);
    }
    for (size_t i = 0, k = 0; i < made; k += of[i++]) {
        out[i] = of[i] == 1 ? sums[k] : sums[k] + share[i] * (sums[k + 1] - sums[k]);
    }
    return made;
}

size_t facelite_resample(facelite_resampler *resampler, const facelite_ops *ops, facelite_pcm *pcm, float *out,
                         size_t room) {
    for (size_t made = 0;;) {
        for (size_t more = 1; more > 0; made += more) {
            more = make_some(resampler, ops, out + made, room - made);
        }
        if (made == room || pcm->left == 0) {
            return made;
        }
        compact(resampler);
        append(resampler, pcm);
    }
}

void facelite_resample_rest(facelite_resampler *resampler, const facelite_ops *ops, facelite_pcm *pcm) {
    float none;
    facelite_resample(resampler, ops, pcm, &none, 1);
}
