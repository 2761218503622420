#include "resample.h"

#include <string.h>

#include "lanes.h"

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

static void append(facelite_resampler *resampler, facelite_pcm *pcm) {
    float *to = buffer(resampler) + resampler->filled;
    const size_t room = capacity(resampler->filter) - resampler->filled;
    const size_t count = pcm->left < room ? pcm->left : room;
    for (size_t i = 0; i < count; i++) {
        to[i] = pcm->f32 ? clip(pcm->f32[i]) : pcm->i16 ? (float)pcm->i16[i] * (1.0f / 32768.0f) : 0.0f;
    }
    pcm->f32 = pcm->f32 ? pcm->f32 + count : NULL;
    pcm->i16 = pcm->i16 ? pcm->i16 + count : NULL;
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

/* Partial sum l of 8 takes the products l, l + 8, l + 16, ... in this order; then the sums are added in pairs. */
static float add_up(facelite_lanes low, facelite_lanes high) {
    float a[4], b[4];
    memcpy(a, &low, sizeof a);
    memcpy(b, &high, sizeof b);
    return ((a[0] + b[0]) + (a[2] + b[2])) + ((a[1] + b[1]) + (a[3] + b[3]));
}

static float dot_forwards(const float *x, const float *row, uint32_t taps) {
    facelite_lanes low = {0}, high = {0};
    for (uint32_t j = 0; j < taps; j += 8) {
        low = facelite_lanes_add_product(low, facelite_lanes_load(x + j), facelite_lanes_load(row + j));
        high = facelite_lanes_add_product(high, facelite_lanes_load(x + j + 4), facelite_lanes_load(row + j + 4));
    }
    return add_up(low, high);
}

static float dot_backwards(const float *x, const float *row, uint32_t taps) {
    const float *end = row + taps;
    facelite_lanes low = {0}, high = {0};
    for (uint32_t j = 0; j < taps; j += 8) {
        low = facelite_lanes_add_product(low, facelite_lanes_load(x + j), facelite_lanes_load_backwards(end - j - 4));
        high = facelite_lanes_add_product(high, facelite_lanes_load(x + j + 4),
                                          facelite_lanes_load_backwards(end - j - 8));
    }
    return add_up(low, high);
}

/* Output at phase `row` of 0 .. phases. */
static float at_row(const facelite_filter *filter, const float *x, uint32_t row) {
    const uint32_t half = filter->phases / 2;
    return row <= half ? dot_forwards(x, filter->rows + (size_t)row * filter->taps, filter->taps)
                       : dot_backwards(x, filter->rows + (size_t)(filter->phases - row) * filter->taps, filter->taps);
}

static float at_phase(const facelite_filter *filter, const float *x, uint32_t phase) {
    const uint32_t place = phase * filter->phases, row = place / filter->up, rest = place % filter->up;
    const float before = at_row(filter, x, row);
    if (rest == 0) {
        return before;
    }
    const float share = (float)rest / (float)filter->up;
    return before + share * (at_row(filter, x, row + 1) - before);
}

size_t facelite_resample(facelite_resampler *resampler, facelite_pcm *pcm, float *out, size_t room) {
    const facelite_filter *filter = resampler->filter;
    for (size_t made = 0;;) {
        for (; made < room && resampler->first + filter->taps <= resampler->filled; made++) {
            out[made] = at_phase(filter, buffer(resampler) + resampler->first, resampler->phase);
            resampler->phase += filter->down;
            resampler->first += resampler->phase / filter->up;
            resampler->phase %= filter->up;
        }
        if (made == room || pcm->left == 0) {
            return made;
        }
        compact(resampler);
        append(resampler, pcm);
    }
}
