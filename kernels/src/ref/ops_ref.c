/* Scalar truth: every operator as docs/ir.md writes it. Other tiers are tested against this file, and this file
 * against LiteRT's reference kernels. */
#include <string.h>

#include "../compander.h"
#include "../dispatch.h"
#include "../lanes.h"
#include "../requant.h"

static int32_t load_i32(const void *array, size_t index) {
    int32_t value;
    memcpy(&value, (const uint8_t *)array + index * sizeof value, sizeof value);
    return value;
}

static double load_double(const void *array, size_t index) {
    double value;
    memcpy(&value, (const uint8_t *)array + index * sizeof value, sizeof value);
    return value;
}

static int32_t rescale(const facelite_conv *layer, size_t channel, int32_t acc) {
    return layer->scale ? facelite_requantise_floating(acc, load_double(layer->scale, channel))
                        : facelite_requantise(acc, load_i32(layer->multiplier, channel), layer->shift[channel]);
}

/* The plain sum over signed codes. `quad` is the channel's first quad of weights; the next lies `step` bytes on. */
static int32_t dot(int32_t acc, const uint8_t *row, const int8_t *quad, size_t step, uint32_t quads) {
    for (uint32_t q = 0; q < quads; q++, row += 4, quad += step) {
        for (int i = 0; i < 4; i++) {
            acc += quad[i] * ((int32_t)row[i] - 128);
        }
    }
    return acc;
}

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    const size_t packed = (layer->channels + 3u) / 4u * 4u;
    for (size_t j = 0; j < count; j++) {
        for (size_t o = 0; o < layer->channels; o++) {
            const size_t block = o / FACELITE_BLOCK * FACELITE_BLOCK;
            const size_t width = packed - block < FACELITE_BLOCK ? packed - block : FACELITE_BLOCK;
            const int8_t *quad = layer->weights + block * layer->quads * 4 + (o - block) * 4;
            const int32_t acc =
                dot(load_i32(layer->bias_s8, o), rows + j * row_step, quad, width * 4, layer->quads);
            const int32_t y = rescale(layer, o, acc) + layer->zero_point;
            out[j * layer->channels + o] = (uint8_t)facelite_clamp(y, layer->lo, layer->hi);
        }
    }
}

static void add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    const int32_t one = 1 << FACELITE_ADD_SHIFT;
    for (size_t i = 0; i < count; i++) {
        const int32_t x = ((int32_t)a[i] - layer->zero_point[0]) * one;
        const int32_t y = ((int32_t)b[i] - layer->zero_point[1]) * one;
        const int32_t sum = facelite_requantise(x, layer->multiplier[0], layer->shift[0]) +
                            facelite_requantise(y, layer->multiplier[1], layer->shift[1]);
        const int32_t z = facelite_requantise(sum, layer->out_multiplier, layer->out_shift) + layer->out_zero_point;
        out[i] = (uint8_t)facelite_clamp(z, layer->lo, layer->hi);
    }
}

static void mean(uint8_t *out, const uint8_t *frames, size_t count, const facelite_mean *layer) {
    const size_t channels = layer->channels;
    for (size_t j = 0; j < count; j++) {
        for (size_t c = 0; c < channels; c++) {
            int32_t sum = 0;
            for (size_t k = 0; k < layer->kernel; k++) {
                sum += (int32_t)frames[(j + k) * channels + c] - layer->zero_point;
            }
            const int32_t y = facelite_requantise(sum, layer->multiplier, layer->shift) + layer->out_zero_point;
            out[j * channels + c] = (uint8_t)facelite_clamp(y, 0, 255);
        }
    }
}

static void map(uint8_t *out, const uint8_t *x, size_t count, const int8_t *table) {
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)(table[x[i]] + 128);
    }
}

static void encode_f32(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander) {
    for (size_t i = 0; i < samples; i++) {
        codes[i] = facelite_compand(compander, facelite_to_int16(pcm[i]));
    }
}

static void encode_i16(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    for (size_t i = 0; i < samples; i++) {
        codes[i] = facelite_compand(compander, pcm[i]);
    }
}

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

static void filter(float *sums, const facelite_dot *dots, uint32_t count, uint32_t taps) {
    for (uint32_t i = 0; i < count; i++) {
        sums[i] = dots[i].backwards ? dot_backwards(dots[i].x, dots[i].row, taps)
                                    : dot_forwards(dots[i].x, dots[i].row, taps);
    }
}

void facelite_overlay_ref(facelite_ops *ops) {
    *ops = (facelite_ops){conv, add, mean, map, encode_f32, encode_i16, filter};
}
